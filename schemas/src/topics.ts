/**
 * The one table of topics. Commands, replies and events of a service have the same number of partitions, so that a root id
 * falls on the same number in each (murmur2, as Kafka's default partitioner).
 */

export const services = ['auth', 'servers', 'messages', 'files'] as const;
export type ServiceName = (typeof services)[number];

/** The field's usual names for what decides: one consumer group per command topic. */
export const consumerGroups: Readonly<Record<ServiceName, string>> = {
  auth: 'auth-consumer-group',
  servers: 'server-consumer-group',
  messages: 'message-consumer-group',
  files: 'file-service-consumer',
};

export type Topic = {
  readonly name: string;
  readonly partitions: number;
  /** Topic settings by their Kafka names. */
  readonly config: Readonly<Record<string, string>>;
};

const partitions = 8;
const hours = (count: number): string => String(count * 3_600_000);
const days = (count: number): string => hours(count * 24);

const shared = {
  // Producers compress with gzip or not at all: kafkajs has no other codec of its own.
  'compression.type': 'producer',
  'message.timestamp.type': 'CreateTime',
  'max.message.bytes': '4194304',
};

const topicsOf = (service: ServiceName): readonly Topic[] => [
  {
    name: `${service}.commands`,
    partitions,
    config: { ...shared, 'cleanup.policy': 'delete', 'retention.ms': hours(24) },
  },
  {
    name: `${service}.replies`,
    partitions,
    config: { ...shared, 'cleanup.policy': 'delete', 'retention.ms': hours(1), 'segment.ms': hours(1) },
  },
  {
    name: `${service}.events`,
    partitions,
    config: {
      ...shared,
      'cleanup.policy': 'compact',
      // The longest projector outage that is promised to lose nothing.
      'min.compaction.lag.ms': days(7),
      // Below the 30 days in which an erasure is promised.
      'max.compaction.lag.ms': days(21),
      // A replica or reader away for longer than this is wiped and begins anew.
      'delete.retention.ms': days(14),
    },
  },
];

export const topics: readonly Topic[] = services.flatMap(topicsOf);
