import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalStack, localPorts, startLocal } from '@palaver/local';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafkaLog } from './kafka.ts';
import { AppendRejected, AppendUnknown, type EventLog, type LogRecord } from './log.ts';
import { createTopic, optionsFor, record, until } from './testing/kafka.ts';

/** A broker of its own: it is killed, and its log cleaner is made quick. */
let stack: LocalStack;
let dataDir: string;
let broker: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'palaver-outage-'));
  stack = await startLocal({
    dataDir,
    ports: { ...localPorts(), kafka: 21100, kafkaController: 21101 },
    parts: ['kafka'],
    kafkaOverrides: { 'log.cleaner.backoff.ms': '100' },
  });
  broker = stack.brokers[0]!;
});

afterAll(async () => {
  await stack?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test('compaction leaves gaps that no reader stumbles over', async () => {
  const topic = await createTopic(broker, 1, {
    'cleanup.policy': 'compact',
    'segment.ms': '1000',
    'min.cleanable.dirty.ratio': '0.01',
  });
  const log = kafkaLog(optionsFor(broker));
  try {
    const appender = log.appender();
    // A segment rolls when a record's time is further on than segment.ms.
    const at = (offset: number) => ({ ...record(offset < 8 ? 'same' : `key ${offset}`), timestampMs: offset * 60_000 });
    for (let offset = 0; offset < 12; offset++) await appender.append(topic, 0, [at(offset)]);
    const offsetsFrom = async (from: number, to?: number): Promise<number[]> => {
      const records: LogRecord[] = [];
      let stands = from;
      await log.read(topic, [{ partition: 0, from, ...(to === undefined ? {} : { to }) }], (batch) => {
        records.push(...batch.records);
        stands = batch.nextOffset;
      });
      expect(stands).toBe(to ?? 12);
      return records.map(({ offset }) => offset);
    };
    await until('it is compacted', async () => (await offsetsFrom(0)).join() === '7,8,9,10,11');
    expect(await offsetsFrom(3)).toEqual([7, 8, 9, 10, 11]);
    expect(await offsetsFrom(2, 5)).toEqual([]);
    expect(await offsetsFrom(0, 8)).toEqual([7]);
  } finally {
    await log.close();
  }
}, 60_000);

test('without a broker appends fail within their bound; afterwards appends, members and tails go on by themselves', async () => {
  const topic = await createTopic(broker, 2);
  const log: EventLog = kafkaLog({ ...optionsFor(broker), appendTimeoutMs: 4000, requestTimeoutMs: 2000 });
  const appender = log.appender();
  const handled: string[] = [];
  const tailed: string[] = [];
  const membership = await log.join({
    groupId: 'outage',
    topics: [topic],
    positions: 'group',
    sessionTimeoutMs: 6000,
    acquire: () => ({
      start: async () => ({}),
      handle: async (_, batch) => void handled.push(...batch.records.map(({ key }) => key)),
      stop: async () => undefined,
    }),
    onCrash: (error) => {
      throw error;
    },
  });
  await log.tail(topic, [0, 1], (batch) => void tailed.push(...batch.records.map(({ key }) => key)));
  await appender.append(topic, 0, [record('before')]);
  await until('both have it', () => handled.includes('before') && tailed.includes('before'));

  await stack.kill('kafka');
  const killedAt = Date.now();
  const failures: unknown[] = [];
  for (const key of ['one', 'two'])
    await appender.append(topic, 0, [record(key)]).catch((error) => failures.push(error));
  expect(Date.now() - killedAt).toBeLessThan(12_000);
  expect(failures[0]).toSatisfy((error) => error instanceof AppendUnknown || error instanceof AppendRejected);
  expect(failures[1]).toBeInstanceOf(AppendRejected);

  await stack.start('kafka');
  await until('an append works again', () =>
    appender.append(topic, 1, [record('after')]).then(
      () => true,
      () => false,
    ),
  );
  await until('both go on', () => handled.includes('after') && tailed.includes('after'), 30_000);
  expect(handled).not.toContain('two');
  expect(Date.now() - membership.lastProgressMs).toBeLessThan(5000);
  await log.close();
}, 90_000);
