import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import type { Launch } from './child.ts';
import { fetchJars } from './jars.ts';
import { javaCommand } from './java.ts';
import type { PartContext } from './part.ts';
import { host, type LocalPorts } from './ports.ts';
import { runToEnd } from './run.ts';

export interface TopicSpecification {
  name: string;
  partitions: number;
  /** Kafka's topic settings, as strings: `{ 'cleanup.policy': 'compact' }`. */
  config?: Record<string, string>;
}

const logging = fileURLToPath(new URL('../config/kafka-log4j2.properties', import.meta.url));

/** One Kafka process that is broker and KRaft controller in one. */
export async function prepareKafka(context: PartContext, overrides: Record<string, string>): Promise<Launch> {
  const jars = await fetchJars('kafka', context.log, context.signal);
  const folder = join(context.dataDir, 'kafka');
  const settings = join(folder, 'server.properties');
  await mkdir(folder, { recursive: true });
  await writeFile(settings, properties({ ...serverSettings(join(folder, 'data'), context.ports), ...overrides }));
  const options = [`-Dlog4j2.configurationFile=${logging}`, `-Djava.io.tmpdir=${context.temporary}`];
  const java = (jvm: string[], program: string[]) => [...jvm, ...options, '-cp', join(jars, '*'), ...program];
  if (!existsSync(join(folder, 'data', 'meta.properties'))) {
    const clusterId = randomBytes(16).toString('base64url');
    // With `=`: one id in 64 begins with a dash, which would be taken for an option of its own.
    const format = [
      'kafka.tools.StorageTool',
      'format',
      '--ignore-formatted',
      `--cluster-id=${clusterId}`,
      '-c',
      settings,
    ];
    await runToEnd(javaCommand(), java(['-XX:TieredStopAtLevel=1'], format), { signal: context.signal });
  }
  const brokers = brokerAddresses(context.ports);
  return {
    command: javaCommand(),
    // One collector thread: a small heap on a machine of few cores needs no more.
    arguments: java(['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:-UsePerfData'], ['kafka.Kafka', settings]),
    ready: () => checkBroker(brokers),
  };
}

export function brokerAddresses(ports: LocalPorts): string[] {
  return [`${host}:${ports.kafka}`];
}

/**
 * Makes the topics that are missing and gives all of them the settings asked for; safe to repeat.
 * kafkajs is used here and in infra/event-log only: this is set-up, which knows neither records nor consumers.
 * @throws when a topic exists with another number of partitions: that number decides where each key lives.
 */
export async function createTopics(brokers: string[], topics: TopicSpecification[]): Promise<void> {
  const admin = client(brokers).admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !existing.has(name));
    if (missing.length > 0) {
      await admin.createTopics({
        // kafkajs asks for the leaders once and fails when the broker has not heard of the topic yet; we ask again.
        waitForLeaders: false,
        topics: missing.map(({ name, partitions, config = {} }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor: 1,
          configEntries: entries(config),
        })),
      });
      await untilLed(admin, missing);
    }
    const kept = topics.filter(({ name }) => existing.has(name));
    if (kept.length === 0) return;
    await checkPartitions(admin, kept);
    await admin.alterConfigs({
      validateOnly: false,
      resources: kept.map(({ name, config = {} }) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configEntries: entries(config),
      })),
    });
  } finally {
    await admin.disconnect();
  }
}

async function untilLed(admin: Admin, topics: TopicSpecification[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
      if (found.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)))
        return;
    } catch (error) {
      if (attempt === 100) throw error;
    }
    if (attempt === 100) throw new Error(`no leader yet for some partitions of ${topics.map(({ name }) => name)}`);
    await delay(100);
  }
}

async function checkPartitions(admin: Admin, topics: TopicSpecification[]): Promise<void> {
  const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
  for (const { name, partitions } of topics) {
    const actual = found.find((topic) => topic.name === name)?.partitions.length;
    if (actual !== partitions) {
      throw new Error(`topic ${name} has ${actual} partitions, not ${partitions}, and they cannot be changed`);
    }
  }
}

async function checkBroker(brokers: string[]): Promise<void> {
  const admin = client(brokers).admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    if (cluster.brokers.length === 0) throw new Error('no broker has registered yet');
  } finally {
    await admin.disconnect();
  }
}

function client(brokers: string[]): Kafka {
  return new kafkajs.Kafka({
    brokers,
    clientId: 'palaver-local',
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 5, initialRetryTime: 50 },
  });
}

function entries(config: Record<string, string>): { name: string; value: string }[] {
  return Object.entries(config).map(([name, value]) => ({ name, value }));
}

function properties(settings: Record<string, string>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function serverSettings(dataDir: string, ports: LocalPorts): Record<string, string> {
  const broker = `PLAINTEXT://${host}:${ports.kafka}`;
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    // Voters by setting, not in the log's own metadata: the ports may change while the data stays.
    'controller.quorum.voters': `1@${host}:${ports.kafkaController}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `${broker},CONTROLLER://${host}:${ports.kafkaController}`,
    'advertised.listeners': broker,
    'log.dirs': dataDir,
    'auto.create.topics.enable': 'false',
    'message.max.bytes': String(4 * 1024 * 1024),
    'replica.fetch.max.bytes': String(4 * 1024 * 1024),
    // A broker that was killed is let in again only when its last session has ended; by default that takes 9 s.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '1000',
    'group.initial.rebalance.delay.ms': '0',
    'offsets.topic.num.partitions': '8',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '2',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '2',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // A stack that stood still for a month goes on where it was.
    'offsets.retention.minutes': String(365 * 24 * 60),
    'log.cleaner.dedupe.buffer.size': String(32 * 1024 * 1024),
    'log.cleaner.backoff.ms': '1000',
    // What is past its retention goes within seconds; by default that takes up to five minutes.
    'log.retention.check.interval.ms': '5000',
  };
}
