import { commandHeaders, topicsOf } from '@palaver/decider';
import { eventHeaders } from '@palaver/event-log';
import type { ServiceName, Topic } from '@palaver/schemas';
import type { Contract } from '@palaver/schemas/contracts';
import type { Entry, Party, TopicEntries } from './catalogue.ts';

/**
 * The catalogue for tools: AsyncAPI 3.1 (https://www.asyncapi.com/docs/reference/specification/v3.1.0) with the Kafka bindings 0.5.0. A topic
 * is a channel, a record a message whose payload is its Avro schema, and what a producer or consumer does with a topic an operation.
 */

const bindingVersion = '0.5.0';

export const asyncApiOf = (topics: readonly TopicEntries[], version: string): object => ({
  asyncapi: '3.1.0',
  info: {
    title: 'Palaver',
    version,
    description: 'The commands, events and replies on the log of a Discord-like chat backend.',
    license: { name: 'MIT' },
  },
  defaultContentType: 'avro/binary',
  channels: Object.fromEntries(topics.map((one) => [one.topic.name, channelOf(one)])),
  operations: Object.fromEntries(topics.flatMap((one) => [...sendsTo(one), ...receivesFrom(one), ...repliesOn(one)])),
  components: {
    messages: Object.fromEntries(
      topics.flatMap(({ entries }) => entries.map((entry) => [messageId(entry.contract), messageOf(entry)])),
    ),
    messageTraits: {
      command: { headers: headersOf(commandHeaders, ['actor', 'fingerprint']) },
      event: { headers: headersOf(eventHeaders, ['command', 'command-offset', 'index', 'epoch', 'actor']) },
    },
  },
});

// Channels and messages.

const messageId = ({ service, schema }: Contract): string => `${service}.${schema.name}`;

const channelOf = ({ topic, entries }: TopicEntries): object => ({
  address: topic.name,
  messages: isReplies(topic)
    ? { Replies: repliesMessage }
    : Object.fromEntries(
        entries.map(({ contract }) => [contract.schema.name, { $ref: `#/components/messages/${messageId(contract)}` }]),
      ),
  bindings: {
    kafka: { topic: topic.name, partitions: topic.partitions, topicConfiguration: configOf(topic), bindingVersion },
  },
});

/** By the types of the binding: the policy a list, numbers as numbers. */
const configOf = ({ config }: Topic): object =>
  Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      if (name === 'cleanup.policy') return [name, value.split(',')];
      return [name, /^\d+$/.test(value) ? Number(value) : value];
    }),
  );

const messageOf = ({ contract, key, root }: Entry): object => ({
  name: contract.fullName,
  title: contract.schema.name,
  summary: contract.schema.doc,
  traits: [{ $ref: `#/components/messageTraits/${contract.kind === 'commands' ? 'command' : 'event'}` }],
  payload: { schemaFormat: 'application/vnd.apache.avro;version=1.9.0', schema: contract.schema },
  bindings: {
    kafka: {
      key: { type: 'string', description: `${key}; the partition is that of ${root} (murmur2)` },
      schemaIdLocation: 'payload',
      schemaIdPayloadEncoding: 'confluent',
      schemaLookupStrategy: 'TopicRecordNameStrategy',
      bindingVersion,
    },
  },
});

const headersOf = (names: Readonly<Record<string, string>>, required: readonly string[]): object => ({
  type: 'object',
  properties: Object.fromEntries(Object.values(names).map((name) => [name, { type: 'string' }])),
  required,
});

// Operations.

type Operation = readonly [id: string, operation: object];

const channelRef = (topic: string) => ({ $ref: `#/channels/${topic}` });
const messageRefs = (topic: string, entries: readonly Entry[]) =>
  entries.map(({ contract }) => ({ $ref: `#/channels/${topic}/messages/${contract.schema.name}` }));

/** Entries by the names of those who do something with them. */
const byParty = (
  entries: readonly Entry[],
  partiesOf: (entry: Entry) => readonly Party[],
): readonly { readonly party: Party; readonly entries: readonly Entry[] }[] => {
  const parties = new Map(entries.flatMap(partiesOf).map((party) => [party.name, party]));
  return [...parties.values()].map((party) => ({
    party,
    entries: entries.filter((entry) => partiesOf(entry).some(({ name }) => name === party.name)),
  }));
};

type Done = {
  readonly action: 'send' | 'receive';
  readonly topic: Topic;
  readonly party: Party;
  readonly summary: string;
  readonly messages: readonly object[];
  readonly reply?: object;
};

const operationOf = ({ action, topic: { name }, party, summary, ...more }: Done): Operation => [
  `${party.name.replaceAll(' ', '-')}.${action}.${name}`,
  { action, channel: channelRef(name), summary, tags: party.processes.map((one) => ({ name: one })), ...more },
];

const sendsTo = ({ topic, entries }: TopicEntries): readonly Operation[] =>
  byParty(entries, ({ producers }) => producers).map(({ party, entries }) =>
    operationOf({
      action: 'send',
      topic,
      party,
      summary: `What ${party.name} writes to ${topic.name}`,
      messages: messageRefs(topic.name, entries),
      ...(isAnswered(party, entries) ? { reply: replyTo(entries[0]!.contract.service) } : {}),
    }),
  );

/** Nobody waits for what a process manager commands. */
const isAnswered = ({ name }: Party, [entry]: readonly Entry[]): boolean =>
  entry?.contract.kind === 'commands' && !name.startsWith('process manager');

const receivesFrom = ({ topic, entries }: TopicEntries): readonly Operation[] =>
  byParty(entries, ({ readers }) => readers).map(({ party, entries }) =>
    operationOf({
      action: 'receive',
      topic,
      party,
      summary: `What ${party.name} reads of ${topic.name}`,
      messages: messageRefs(topic.name, entries),
    }),
  );

// Replies, which are JSON.

const isReplies = ({ name }: Topic): boolean => name.endsWith('.replies');

const replyTo = (service: string): object => ({
  address: { location: `$message.header#/${commandHeaders.replyTo}` },
  channel: channelRef(topicsOf(service).replies),
});

const repliesMessage: object = {
  name: 'Replies',
  summary: 'What those who wait in one process are told of their commands.',
  contentType: 'application/json',
  headers: headersOf({ replyTo: commandHeaders.replyTo }, [commandHeaders.replyTo]),
  payload: {
    type: 'array',
    items: {
      type: 'object',
      required: ['waiter', 'outcome', 'position'],
      properties: {
        waiter: { type: 'string', description: '<command id>/<fingerprint>' },
        outcome: {
          oneOf: [
            { type: 'object', required: ['kind', 'result'], properties: { kind: { const: 'accepted' }, result: {} } },
            {
              type: 'object',
              required: ['kind', 'code', 'detail'],
              properties: { kind: { const: 'refused' }, code: { type: 'string' }, detail: { type: 'string' } },
            },
          ],
        },
        position: {
          type: 'object',
          required: ['partition', 'offset'],
          properties: { partition: { type: 'integer' }, offset: { type: 'integer' } },
        },
      },
    },
  },
};

const repliesOn = ({ topic }: TopicEntries): readonly Operation[] => {
  if (!isReplies(topic)) return [];
  const service = topic.name.slice(0, topic.name.indexOf('.'));
  const decider = { name: `decider ${service}`, processes: [service as ServiceName] };
  const summary = `What ${decider.name} tells those who wait for it`;
  const messages = [{ $ref: `#/channels/${topic.name}/messages/Replies` }];
  return [operationOf({ action: 'send', topic, party: decider, summary, messages })];
};
