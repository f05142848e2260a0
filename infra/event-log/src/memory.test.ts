import { expect, test } from 'vitest';
import { AppendRejected, AppendUnknown, type GroupOptions, type Lease, LogGap, type PartitionOwner } from './log.ts';
import { type AppendFate, memoryBroker } from './memory.ts';

const record = (key: string, text: string | null = key) => ({
  key,
  value: text === null ? null : new TextEncoder().encode(text),
  headers: {},
  timestampMs: 0,
});

/** Lets everything happen that can. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Seen = { readonly name: string; readonly lease: Lease; readonly keys: string[]; stopped: boolean };

/** A member that notes each of its acquisitions. */
const member = (name: string, seen: Seen[], given: Partial<GroupOptions> = {}): GroupOptions => ({
  groupId: 'group',
  topics: ['t'],
  positions: 'group',
  onCrash: () => undefined,
  acquire: (_, lease): PartitionOwner => {
    const mine: Seen = { name, lease, keys: [], stopped: false };
    seen.push(mine);
    return {
      start: async () => ({}),
      handle: async (_topic, { records }) => void mine.keys.push(...records.map(({ key }) => key)),
      stop: async () => {
        mine.stopped = true;
      },
    };
  },
  ...given,
});

test.each<[AppendFate, object | null, string[]]>([
  ['written', null, ['a', 'b']],
  ['lost-ack', AppendUnknown, ['a', 'b']],
  ['never', AppendUnknown, ['b']],
  ['late', AppendUnknown, ['b', 'a']],
  ['rejected', AppendRejected, ['b']],
])('an append that is %s', async (fate, error, keys) => {
  let first = true;
  let land: (() => void) | undefined;
  const broker = memoryBroker({
    partitions: 1,
    fate: () => {
      const given = first ? fate : 'written';
      first = false;
      return given;
    },
    step: (label) =>
      new Promise<void>((resolve) => {
        if (label.includes('late append')) land = resolve;
        else resolve();
      }),
  });
  const appender = broker.log('p').appender();
  const [one, two] = await Promise.allSettled([
    appender.append('t', 0, [record('a')]),
    appender.append('t', 0, [record('b')]),
  ]);
  land?.();
  await settle();
  expect(one.status === 'rejected' ? one.reason.constructor : null).toBe(error);
  expect(two.status).toBe('fulfilled');
  expect(broker.records('t', 0).map(({ key }) => key)).toEqual(keys);
});

test('a zombie goes on with a valid lease until its commit is refused', async () => {
  const broker = memoryBroker({ partitions: 1 });
  const seen: Seen[] = [];
  await broker.log('old').join(member('old', seen));
  await broker.log('new').join(member('new', seen));
  await settle();
  broker.hand('group', 0, 'old');
  await settle();
  const zombie = seen.at(-1)!;
  broker.hand('group', 0, 'new', { tellOld: false });
  await settle();
  expect([zombie.name, zombie.lease.valid, zombie.stopped]).toEqual(['old', true, false]);
  broker.write('t', 0, [record('x')]);
  await settle();
  expect([zombie.keys, zombie.lease.valid, zombie.stopped]).toEqual([['x'], false, true]);
  expect(seen.at(-1)).toMatchObject({ name: 'new', keys: ['x'], stopped: false });
  expect(broker.committed('group', 't', 0)).toBe(1);
});

test('a crash freezes its process, and the others take over', async () => {
  const broker = memoryBroker({ partitions: 2 });
  const seen: Seen[] = [];
  const log = broker.log('dead');
  await log.join(member('dead', seen));
  await broker.log('alive').join(member('alive', seen));
  await settle();
  let returned = false;
  void log
    .appender()
    .append('t', 0, [record('sent')])
    .then(() => {
      returned = true;
    });
  broker.crash('dead');
  await settle();
  expect(returned).toBe(false);
  expect(broker.records('t', 0).map(({ key }) => key)).toEqual(['sent']);
  expect([broker.ownerOf('group', 0), broker.ownerOf('group', 1)]).toEqual(['alive', 'alive']);
  expect(seen.filter(({ lease }) => lease.valid).map(({ name }) => name)).toEqual(['alive', 'alive']);
});

test('what was handled but not committed comes again', async () => {
  const held: (() => void)[] = [];
  let hold = false;
  const broker = memoryBroker({
    partitions: 1,
    step: (label) =>
      new Promise<void>((resolve) => {
        if (hold && label.includes('commit')) held.push(resolve);
        else resolve();
      }),
  });
  const seen: Seen[] = [];
  await broker.log('p').join(member('p', seen));
  broker.write('t', 0, [record('a')]);
  await settle();
  hold = true;
  broker.write('t', 0, [record('b')]);
  await settle();
  broker.redeliver('group', 0);
  for (const release of held) release();
  await settle();
  expect(seen.map(({ keys, stopped }) => [keys, stopped])).toEqual([
    [['a', 'b'], true],
    [['b'], false],
  ]);
});

test('an owner that fails takes its membership down, and says why', async () => {
  const broker = memoryBroker({ partitions: 1 });
  const crashes: Error[] = [];
  const acquire = (): PartitionOwner => ({
    start: async () => ({ t: 1 }),
    handle: async () => undefined,
    stop: async () => undefined,
  });
  broker.write(
    't',
    0,
    ['a', 'b', 'c'].map((key) => record(key)),
  );
  broker.trim('t', 0, 2);
  const membership = await broker
    .log('p')
    .join(member('p', [], { positions: 'owner', acquire, onCrash: (error) => crashes.push(error) }));
  await settle();
  expect(crashes).toEqual([expect.any(LogGap)]);
  expect(membership.held).toEqual([]);
});

test('compaction keeps the last of each key, but never looks at the tail', async () => {
  const broker = memoryBroker({ partitions: 1, batchSize: () => 2 });
  broker.write('t', 0, [record('a'), record('b'), record('a'), record('c', null), record('d'), record('b')]);
  broker.compact('t', { dropTombstones: true });
  const batches: [number[], number][] = [];
  const log = broker.log('p');
  await log.read('t', [{ partition: 0, from: 0, to: 5 }], ({ records, nextOffset }) => {
    batches.push([records.map(({ offset }) => offset), nextOffset]);
  });
  expect(batches).toEqual([
    [[1, 2], 3],
    [[4], 5],
  ]);
  expect(await log.offsets('t')).toEqual([{ partition: 0, start: 0, end: 6 }]);
});

test('a tail gets what is appended after it has resolved', async () => {
  const broker = memoryBroker({ partitions: 1 });
  broker.write('t', 0, [record('before')]);
  const keys: string[] = [];
  const tail = await broker.log('p').tail('t', [0], ({ records }) => void keys.push(...records.map(({ key }) => key)));
  broker.write('t', 0, [record('after')]);
  await settle();
  await tail.close();
  broker.write('t', 0, [record('closed')]);
  await settle();
  expect(keys).toEqual(['after']);
});
