import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalStack, localPorts, startLocal } from '@palaver/local';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafkaLog } from './kafka.ts';
import { AppendRejected, AppendUnknown, type EventLog, type Lease, type LogRecord } from './log.ts';
import { createTopic, optionsFor, record, until } from './testing/kafka.ts';
import { type BrokerProxy, startProxy } from './testing/proxy.ts';

/** A broker of its own, behind a proxy: it is killed, loses answers, falls silent, and its log cleaner is made quick. */
let stack: LocalStack;
let dataDir: string;
let broker: string;
let proxy: BrokerProxy;
const ports = { ...localPorts(), kafka: 22096, kafkaController: 22097 };
const proxyPort = 22098;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'palaver-outage-'));
  proxy = await startProxy(proxyPort, ports.kafka);
  broker = `127.0.0.1:${proxyPort}`;
  stack = await startLocal({
    dataDir,
    ports,
    parts: ['kafka'],
    kafkaOverrides: { 'log.cleaner.backoff.ms': '100', 'advertised.listeners': `PLAINTEXT://${broker}` },
  });
});

afterAll(async () => {
  await stack?.stop();
  await proxy?.close();
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

const keysOf = async (log: EventLog, topic: string): Promise<string[]> => {
  const keys: string[] = [];
  await log.read(topic, [{ partition: 0, from: 0 }], ({ records }) => void keys.push(...records.map(({ key }) => key)));
  return keys;
};

test('an answer that is lost neither loses a record nor doubles or moves one', async () => {
  const topic = await createTopic(broker, 1);
  const log = kafkaLog(optionsFor(broker));
  const appender = log.appender();
  const before = proxy.lost;
  const bases: number[] = [];
  for (const key of ['a', 'b', 'c']) {
    proxy.loseNextAnswer();
    const appends = [
      appender.append(topic, 0, [record(key), record(`${key}2`)]),
      appender.append(topic, 0, [record(`${key}3`)]),
    ];
    bases.push(...(await Promise.all(appends)).map(({ baseOffset }) => baseOffset));
  }
  expect(proxy.lost - before).toBe(3);
  expect(bases).toEqual([0, 2, 3, 5, 6, 8]);
  expect(await keysOf(log, topic)).toEqual(['a', 'a2', 'a3', 'b', 'b2', 'b3', 'c', 'c2', 'c3']);
  await log.close();
}, 60_000);

test('a broker that falls silent leaves the outcome unknown within the bound, and a new producer goes on', async () => {
  const topic = await createTopic(broker, 1);
  const log = kafkaLog({ ...optionsFor(broker), appendTimeoutMs: 2000, requestTimeoutMs: 1000 });
  const appender = log.appender();
  await appender.append(topic, 0, [record('before')]);
  proxy.silent = true;
  const startedAt = Date.now();
  await expect(appender.append(topic, 0, [record('silent')])).rejects.toBeInstanceOf(AppendUnknown);
  expect(Date.now() - startedAt).toBeLessThan(4000);
  proxy.silent = false;
  await until('an append works again', () =>
    appender.append(topic, 0, [record('after')]).then(
      () => true,
      () => false,
    ),
  );
  expect((await keysOf(log, topic)).filter((key) => key !== 'silent')).toEqual(['before', 'after']);
  await log.close();
}, 60_000);

test('a heartbeat whose answer comes too late gives nobody a lease that has lapsed already', async () => {
  const topic = await createTopic(broker, 1);
  // The lease is 7.2 s of it, so that answers can be later than that while the session lasts.
  const sessionTimeoutMs = 12_000;
  const log = kafkaLog({ ...optionsFor(broker), requestTimeoutMs: 20_000 });
  const leases: Lease[] = [];
  const validAtStart: boolean[] = [];
  await log.join({
    groupId: 'late',
    topics: [topic],
    positions: 'group',
    sessionTimeoutMs,
    acquire: (_, lease) => {
      leases.push(lease);
      validAtStart.push(lease.valid);
      return { start: async () => ({}), handle: async () => undefined, stop: async () => undefined };
    },
    onCrash: (error) => {
      throw error;
    },
  });
  const answered = Promise.withResolvers<void>();
  await proxy.delayNextHeartbeat(answered.promise);
  const heartbeatAtMs = Date.now();
  await until('the lease lapses', () => !leases[0]!.valid);
  await until('what the heartbeat would renew has, too', () => Date.now() - heartbeatAtMs > 0.7 * sessionTimeoutMs);
  answered.resolve();
  await until('an owner begins anew', () => leases.length === 2);
  expect(validAtStart).toEqual([true, true]);
  await log.close();
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
