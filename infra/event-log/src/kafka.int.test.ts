import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { kafkaLog } from './kafka.ts';
import type { Batch, EventLog, GroupOptions, Lease, LogRecord, PartitionOwner } from './log.ts';
import { AppendRejected, LogGap } from './log.ts';
import { createTopic, optionsFor, record, required, textOf, until, withAdmin } from './testing/kafka.ts';

const broker = required('PALAVER_TEST_KAFKA');
const opened: EventLog[] = [];
const children: ChildProcess[] = [];

const openLog = (): EventLog => {
  const log = kafkaLog(optionsFor(broker));
  opened.push(log);
  return log;
};

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(opened.splice(0).map((log) => log.close()));
});

const readAll = async (log: EventLog, topic: string, partition: number, from = 0): Promise<LogRecord[]> => {
  const records: LogRecord[] = [];
  await log.read(topic, [{ partition, from }], (batch) => void records.push(...batch.records));
  return records;
};

const noOwner: PartitionOwner = { start: async () => ({}), handle: async () => undefined, stop: async () => undefined };

const groupOf = (options: Partial<GroupOptions> & Pick<GroupOptions, 'topics'>): GroupOptions => ({
  groupId: `group-${randomUUID()}`,
  positions: 'group',
  acquire: () => noOwner,
  onCrash: (error) => {
    throw error;
  },
  ...options,
});

test('many appends at once share requests, keep their order, and each learns where it lies', async () => {
  const log = openLog();
  const topic = await createTopic(broker, 3);
  const appender = log.appender();
  const appends = Array.from({ length: 3000 }, (_, i) => ({
    partition: i % 3,
    names: [`${i}a`, `${i}b`].slice(i % 2),
  }));
  const landed = await Promise.all(
    appends.map(({ partition, names }) =>
      appender.append(
        topic,
        partition,
        names.map((name) => record(name)),
      ),
    ),
  );
  for (const partition of [0, 1, 2]) {
    const records = await readAll(log, topic, partition);
    const mine = appends
      .map((append, i) => ({ ...append, ...landed[i]! }))
      .filter((append) => append.partition === partition);
    expect(records.map(({ key }) => key)).toEqual(mine.flatMap(({ names }) => names));
    for (const { baseOffset, names } of mine)
      expect(records.slice(baseOffset, baseOffset + names.length).map(({ key }) => key)).toEqual(names);
  }
});

test('a record comes back with its key, value, headers and time; a marker without a value', async () => {
  const log = openLog();
  const topic = await createTopic(broker, 1);
  const { baseOffset } = await log.appender().append(topic, 0, [record('k', 'é'), record('marker', null)]);
  const [first, second] = await readAll(log, topic, 0);
  expect(first).toMatchObject({ topic, partition: 0, offset: baseOffset, key: 'k', headers: { for: 'k' } });
  expect(first!.timestampMs).toBe(1_700_000_000_000);
  expect([textOf(first!), textOf(second!)]).toEqual(['é', null]);
});

test('what cannot be written is rejected by itself, and its neighbours are written', async () => {
  const log = openLog();
  const topic = await createTopic(broker, 1, { 'max.message.bytes': '4194304' });
  const appender = log.appender();
  const results = await Promise.allSettled([
    appender.append(topic, 0, [record('good')]),
    appender.append(`none-${randomUUID()}`, 0, [record('x')]),
    appender.append(topic, 5, [record('x')]),
    appender.append(topic, 0, [record('large', 'x'.repeat(5_000_000))]),
    appender.append(topic, 0, [record('not so large', 'x'.repeat(3_000_000))]),
  ]);
  const rejections = results.map((result) => (result.status === 'rejected' ? result.reason : null));
  expect(rejections).toEqual([null, ...Array(3).fill(expect.any(AppendRejected)), null]);
  expect((await readAll(log, topic, 0)).map(({ key }) => key)).toEqual(['good', 'not so large']);
});

test('read gives exactly the ranges asked for, and returns at once from empty ones', async () => {
  const log = openLog();
  const topic = await createTopic(broker, 3);
  const appender = log.appender();
  for (const partition of [0, 1])
    await appender.append(
      topic,
      partition,
      ['a', 'b', 'c', 'd'].map((key) => record(key)),
    );
  const batches: Batch[] = [];
  const ranges = [
    { partition: 0, from: 1, to: 3 },
    { partition: 1, from: 4 },
    { partition: 2, from: 0 },
  ];
  await log.read(topic, ranges, (batch) => void batches.push(batch));
  expect(batches.flatMap(({ records }) => records.map(({ partition, offset }) => [partition, offset]))).toEqual([
    [0, 1],
    [0, 2],
  ]);
  expect(batches.at(-1)!.nextOffset).toBe(3);
  expect(await log.offsets(topic)).toEqual([
    { partition: 0, start: 0, end: 4 },
    { partition: 1, start: 0, end: 4 },
    { partition: 2, start: 0, end: 0 },
  ]);
});

const deleteBelow = (topic: string, offset: number): Promise<void> =>
  withAdmin(broker, async (admin) => {
    // Without a question about the topic before it, kafkajs does not know where the partition lies.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
  });

test('a time is found as the offset of the first record of it or later, the end where there is none', async () => {
  const log = openLog();
  const topic = await createTopic(broker, 2);
  const now = Date.now();
  const at = (agoMs: number) => ({ ...record('r'), timestampMs: now - agoMs });
  await log.appender().append(topic, 0, [at(9_000), at(5_000), at(7_000), at(1_000)]);
  const offsets = (agoMs: number) => log.offsetsAt(topic, now - agoMs);
  expect(await offsets(10_000)).toEqual([
    { partition: 0, offset: 0 },
    { partition: 1, offset: 0 },
  ]);
  expect((await offsets(6_000))[0]).toEqual({ partition: 0, offset: 1 });
  expect((await offsets(2_000))[0]).toEqual({ partition: 0, offset: 3 });
  expect((await offsets(0))[0]).toEqual({ partition: 0, offset: 4 });
});

test('a reader whose checkpoint the log no longer holds is told, one that begins with the log is not', async () => {
  const log = openLog();
  const topic = await createTopic(broker, 1);
  await log.appender().append(
    topic,
    0,
    ['a', 'b', 'c'].map((key) => record(key)),
  );
  await deleteBelow(topic, 2);
  await expect(log.read(topic, [{ partition: 0, from: 1 }], () => undefined)).rejects.toThrow(LogGap);
  expect((await readAll(log, topic, 0)).map(({ offset }) => offset)).toEqual([2]);
  const crashed = Promise.withResolvers<Error>();
  const owner = { ...noOwner, start: async () => ({ [topic]: 1 }) };
  await log.join(groupOf({ topics: [topic], positions: 'owner', acquire: () => owner, onCrash: crashed.resolve }));
  await expect(crashed.promise).resolves.toBeInstanceOf(LogGap);
});

test('an error of the reader ends the read with that error', async () => {
  const log = openLog();
  const topic = await createTopic(broker, 1);
  await log.appender().append(topic, 0, [record('a')]);
  let calls = 0;
  const reading = log.read(topic, [{ partition: 0, from: 0 }], () => {
    calls += 1;
    throw new RangeError('mine');
  });
  await expect(reading).rejects.toThrow(new RangeError('mine'));
  expect(calls).toBe(1);
});

test('a tail misses nothing that is appended after it has resolved', async () => {
  const log = openLog();
  const topic = await createTopic(broker, 4);
  const appender = log.appender();
  for (const partition of [0, 1, 2, 3]) await appender.append(topic, partition, [record('before')]);
  const keys: string[] = [];
  const tail = await log.tail(topic, [0, 1, 3], (batch) => void keys.push(...batch.records.map(({ key }) => key)));
  await Promise.all(Array.from({ length: 400 }, (_, i) => appender.append(topic, i % 4, [record(`${i}`)])));
  await until('the tail has all', () => keys.length >= 300);
  const expected = Array.from({ length: 400 }, (_, i) => i).filter((i) => i % 4 !== 2);
  expect(keys.map(Number).sort((a, b) => a - b)).toEqual(expected);
  await tail.close();
});

test('partitions of the same number of all topics go to one member, and a member that is killed loses them within 15 s', async () => {
  const log = openLog();
  // An odd number, so that dealing out both topics in turn would part them.
  const topics = [await createTopic(broker, 5), await createTopic(broker, 5)];
  const groupId = `group-${randomUUID()}`;
  const acquired = new Set<number>();
  const seen = new Map<number, Set<string>>();
  const child = spawn(
    process.execPath,
    [new URL('testing/member.ts', import.meta.url).pathname, broker, groupId, ...topics],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await until('the other process holds all', () => output.trim().split('\n').length >= 5);
  const membership = await log.join(
    groupOf({
      groupId,
      topics,
      acquire: (partition) => {
        acquired.add(partition);
        return {
          ...noOwner,
          handle: async (topic) => {
            seen.set(partition, (seen.get(partition) ?? new Set()).add(topic));
          },
        };
      },
    }),
  );
  await until('it shares them', () => membership.held.length === 2 && acquired.size === 2);
  const mine = membership.held;
  const appender = log.appender();
  for (const topic of topics)
    for (const partition of [0, 1, 2, 3, 4]) await appender.append(topic, partition, [record('x')]);
  await until('both topics arrive', () => mine.every((partition) => seen.get(partition)?.size === 2));
  expect([...seen.keys()].sort()).toEqual([...mine].sort());
  child.kill('SIGKILL');
  const killedAt = Date.now();
  await until('it has all', () => membership.held.length === 5 && acquired.size === 5);
  expect(Date.now() - killedAt).toBeLessThan(15_000);
}, 60_000);

test('records whose handling failed come again, those handled before do not', async () => {
  const topic = await createTopic(broker, 1);
  const groupId = `group-${randomUUID()}`;
  const first = openLog();
  const appender = first.appender();
  await appender.append(topic, 0, [record('one')]);
  const crashed = Promise.withResolvers<Error>();
  const handled: string[] = [];
  const acquire =
    (name: string): (() => PartitionOwner) =>
    () => ({
      ...noOwner,
      handle: async (_, batch) => {
        const keys = batch.records.map(({ key }) => key);
        if (name === 'first' && keys.includes('two')) throw new Error('cannot');
        handled.push(...keys);
      },
    });
  await first.join(groupOf({ groupId, topics: [topic], acquire: acquire('first'), onCrash: crashed.resolve }));
  await until('the first is handled', () => handled.length === 1);
  await until('it is committed', async () => (await committed(groupId, topic)) === 1);
  await appender.append(topic, 0, [record('two')]);
  await expect(crashed.promise).resolves.toMatchObject({ message: 'cannot' });
  await openLog().join(groupOf({ groupId, topics: [topic], acquire: acquire('second') }));
  await until('the second is handled', () => handled.length === 2);
  expect(handled).toEqual(['one', 'two']);
});

const committed = (groupId: string, topic: string): Promise<number> =>
  withAdmin(broker, async (admin) => {
    const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return Number(offsets!.partitions[0]!.offset);
  });

test('an owner begins where it says, after its start, and one that still starts does not hold up the others', async () => {
  const log = openLog();
  const topic = await createTopic(broker, 2);
  const appender = log.appender();
  for (const partition of [0, 1])
    await appender.append(
      topic,
      partition,
      ['a', 'b', 'c'].map((key) => record(key)),
    );
  const release = Promise.withResolvers<void>();
  const handled: string[] = [];
  const acquire = (partition: number, lease: Lease): PartitionOwner => ({
    start: async () => {
      if (partition === 0) await release.promise;
      return { [topic]: 1 };
    },
    handle: async (_, batch) => {
      expect(lease.valid).toBe(true);
      handled.push(...batch.records.map(({ key }) => `${partition}${key}`));
    },
    stop: async () => undefined,
  });
  await log.join(groupOf({ topics: [topic], positions: 'owner', acquire, sessionTimeoutMs: 6000 }));
  await until('the quick one is done', () => handled.length === 2);
  expect(handled).toEqual(['1b', '1c']);
  release.resolve();
  await until('the slow one is done', () => handled.length === 4);
  expect(handled.slice(2)).toEqual(['0b', '0c']);
});

test('a rebalance ends every lease and every owner before new ones begin, and nothing is lost', async () => {
  const topic = await createTopic(broker, 4);
  const groupId = `group-${randomUUID()}`;
  const handled = new Set<string>();
  const living = new Map<string, number>();
  const overlaps: string[] = [];
  const acquire =
    (name: string) =>
    (partition: number, lease: Lease): PartitionOwner => {
      const key = `${name}:${partition}`;
      if (living.get(key)) overlaps.push(key);
      living.set(key, 1);
      return {
        ...noOwner,
        handle: async (_, batch) => {
          if (lease.valid) for (const { key: id } of batch.records) handled.add(id);
        },
        stop: async () => {
          if (lease.valid) overlaps.push(`${key} valid at its stop`);
          living.set(key, 0);
        },
      };
    };
  const log = openLog();
  const appender = log.appender();
  const first = await log.join(groupOf({ groupId, topics: [topic], acquire: acquire('a') }));
  await until('the first holds all', () => first.held.length === 4);
  const appends = Array.from({ length: 200 }, (_, i) => appender.append(topic, i % 4, [record(`${i}`)]));
  const second = await openLog().join(groupOf({ groupId, topics: [topic], acquire: acquire('b') }));
  await Promise.all(appends);
  await until('they share', () => first.held.length === 2 && second.held.length === 2);
  await second.close();
  await until('the first has all again', () => first.held.length === 4);
  await until('everything was handled', () => handled.size === 200);
  expect(overlaps).toEqual([]);
});

test('an owner that missed heartbeats loses its lease, and what it handled meanwhile comes again', async () => {
  const log = openLog();
  const topic = await createTopic(broker, 1);
  const sessionTimeoutMs = 6000;
  const handled: { lease: Lease; keys: string[]; validAfter: boolean }[] = [];
  let stops = 0;
  const acquire = (_: number, lease: Lease): PartitionOwner => ({
    ...noOwner,
    handle: async (_topic, batch) => {
      // The whole process stands still, as in a long garbage collection: no heartbeat leaves.
      if (handled.length === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.7 * sessionTimeoutMs);
      handled.push({ lease, keys: batch.records.map(({ key }) => key), validAfter: lease.valid });
    },
    stop: async () => {
      stops += 1;
    },
  });
  await log.appender().append(topic, 0, [record('a')]);
  await log.join(groupOf({ topics: [topic], acquire, sessionTimeoutMs }));
  await until('it comes again', () => handled.length === 2);
  expect(handled.map(({ keys, validAfter }) => [keys, validAfter])).toEqual([
    [['a'], false],
    [['a'], true],
  ]);
  expect([handled[0]!.lease.valid, stops]).toEqual([false, 1]);
});
