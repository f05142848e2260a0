import { randomUUID } from 'node:crypto';
import type { Admin } from 'kafkajs';
import kafkajs from 'kafkajs';
import type { KafkaLogOptions } from '../kafka.ts';
import type { LogRecord, NewRecord } from '../log.ts';

/** The address of a part that the test runner started. */
export const required = (name: string): string => {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set: integration tests are run by "npm test", which starts what they need`);
  return value;
};

export const withAdmin = async <T>(broker: string, use: (admin: Admin) => Promise<T>): Promise<T> => {
  const admin = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
};

/** A topic of its own, with a random name; resolves when it can be written. Its records have old times, and stay all the same. */
export const createTopic = (broker: string, partitions: number, config: Record<string, string> = {}): Promise<string> =>
  withAdmin(broker, async (admin) => {
    const topic = `test-${randomUUID()}`;
    const configEntries = Object.entries({ 'retention.ms': '-1', ...config }).map(([name, value]) => ({ name, value }));
    await admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }],
    });
    return topic;
  });

export const optionsFor = (broker: string): KafkaLogOptions => ({ brokers: [broker], clientId: 'test' });

export const record = (key: string, text: string | null = key): NewRecord => ({
  key,
  value: text === null ? null : new TextEncoder().encode(text),
  headers: { for: key },
  timestampMs: 1_700_000_000_000,
});

export const textOf = (found: Pick<LogRecord, 'value'>): string | null =>
  found.value === null ? null : new TextDecoder().decode(found.value);

/** Resolves when the condition holds; looks again every 20 ms. */
export const until = async (what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 20_000) => {
  const giveUpAt = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
