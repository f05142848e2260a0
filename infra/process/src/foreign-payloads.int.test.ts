import { eventHeaders, eventKey, type NewRecord, partitionOf } from '@palaver/event-log';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  type CounterService,
  type Counters,
  type CounterWorker,
  commandOf,
  insist,
  openCounters,
  partitionCount,
  placeOf,
} from './testing/counters.ts';
import { registryProxy } from './testing/registry-proxy.ts';

let counters: Counters;
let service: CounterService;
let worker: CounterWorker;
beforeAll(async () => {
  counters = await openCounters();
});
afterAll(() => counters.close());

const start = async (registryUrl?: string): Promise<void> => {
  service = await counters.startService(1, registryUrl);
  onTestFinished(() => service.close());
  worker = await counters.startWorker(1, registryUrl);
  onTestFinished(() => worker.close());
};

/** A counter for each partition. */
const counterIds = Array.from({ length: 100 }, (_, index) => `c${index}`)
  .filter((id, index, all) => all.findIndex((other) => samePartition(id, other)) === index)
  .sort((a, b) => partitionOf(a, partitionCount) - partitionOf(b, partitionCount));
function samePartition(a: string, b: string): boolean {
  return partitionOf(a, partitionCount) === partitionOf(b, partitionCount);
}

const add = (counter: string) => commandOf({ type: 'Add', data: { counter, by: 1 } });
const addTo = async (ids: readonly string[]): Promise<number[]> => {
  const replies = await Promise.all(ids.map((counter) => insist(() => [service.client], add(counter))));
  return replies.map(({ outcome }) => (outcome.kind === 'accepted' ? (outcome.result as { total: number }).total : -1));
};
const rows = async (): Promise<number> =>
  (await counters.pool.query('select count(*)::int as rows from added')).rows[0].rows;

const timestampMs = Date.now();
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const soundOf = async (kind: 'commands' | 'events'): Promise<Uint8Array> => {
  const data = { counter: 'c', by: 1, ...(kind === 'events' ? { total: 1 } : {}) };
  const codec = await counters.codec(1, kind);
  return codec.encode(`${counters.name}.${kind}`, { type: kind === 'commands' ? 'Add' : 'Added', data });
};

/** What is no record of ours, by what is wrong with it. */
const payloads = async (kind: 'commands' | 'events'): Promise<Record<string, Uint8Array>> => {
  const sound = await soundOf(kind);
  return {
    empty: new Uint8Array(),
    text: utf8('hello'),
    json: utf8('{"type":"Add"}'),
    'an unknown schema': Uint8Array.of(0, 0x7f, 0, 0, 0, 2, 120),
    'an impossible schema': Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff, 2, 120),
    truncated: sound.subarray(0, sound.length - 1),
    'too long': Uint8Array.of(...sound, 0),
    'a huge length': Uint8Array.of(...sound.subarray(0, 5), 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
    'a megabyte of nothing': new Uint8Array(1_000_000),
  };
};

test('what no service wrote stops neither owner nor worker, and its place is told', async () => {
  await start();
  expect(await addTo(counterIds)).toEqual([1, 1, 1, 1]);
  const appender = counters.log.appender();
  onTestFinished(() => appender.close());
  const written: Record<'commands' | 'events', string[]> = { commands: [], events: [] };
  for (const kind of ['commands', 'events'] as const)
    for (const value of Object.values(await payloads(kind)))
      for (const key of ['', 'a key', 'counter:c0/1/e', '\0/\0'])
        for (const headers of [{}, { actor: 'ann', command: 'x', 'command-offset': 'x', epoch: '', index: '-1' }]) {
          const partition = written[kind].length % partitionCount;
          const topic = `${counters.name}.${kind}`;
          const record: NewRecord = { key, value, headers, timestampMs };
          const { baseOffset } = await appender.append(topic, partition, [record]);
          written[kind].push(placeOf({ topic, partition, offset: baseOffset }));
        }

  // Sound but for an id that Postgres cannot hold.
  const topic = `${counters.name}.commands`;
  const unkeepable = { key: 'nul\0', value: await soundOf('commands'), headers: { actor: 'ann' }, timestampMs };
  const { baseOffset } = await appender.append(topic, 0, [unkeepable]);
  written.commands.push(placeOf({ topic, partition: 0, offset: baseOffset }));

  expect(await addTo(counterIds)).toEqual([2, 2, 2, 2]);
  const told = service.lines
    .filter(({ message }) => message === 'a command was refused because of a fault')
    .map(({ fields }) => placeOf(fields as Parameters<typeof placeOf>[0]));
  expect(told.sort()).toEqual(written.commands.sort());
  await expect.poll(rows).toBe(8);
  expect([...worker.foreign].sort()).toEqual(written.events.sort());
  expect(worker.parked).toEqual([]);
  expect(service.stats).toMatchObject({ conflicts: 0 });
  // An owner that takes over folds past all of it.
  await service.close();
  expect(service.stats.storeFailures).toBe(0);
  service = await counters.startService(1);
  expect(await addTo(counterIds)).toEqual([3, 3, 3, 3]);
  expect(service.stats.halted.size).toBe(0);
  expect(counters.crashes).toEqual([]);
}, 60_000);

test('while the registry is away, a batch with a schema that was never seen waits, and all others go on', async () => {
  const proxy = await registryProxy(process.env.PALAVER_TEST_REGISTRY!);
  onTestFinished(() => proxy.close());
  await start(proxy.url);
  expect(await addTo(counterIds)).toEqual([4, 4, 4, 4]);
  await expect.poll(rows).toBe(16);
  proxy.goAway();

  const [waiting, ...others] = counterIds;
  const naming = commandOf({ type: 'Name', data: { counter: waiting!, name: 'new' } });
  const value = (await counters.codec(2, 'commands')).encode(`${counters.name}.commands`, naming);
  const appender = counters.log.appender();
  onTestFinished(() => appender.close());
  const headers = { actor: 'ann', fingerprint: naming.fingerprint };
  const partition = partitionOf(waiting!, partitionCount);
  await appender.append(`${counters.name}.commands`, partition, [{ key: naming.id, value, headers, timestampMs }]);
  await expect.poll(() => service.stats.retrying.get(partition)).toContain('SchemasUnavailable');
  // Version 1 of the event is known to both, as it was.
  expect(await addTo(others)).toEqual([5, 5, 5]);
  await expect.poll(rows).toBe(19);

  // An event of version 2, for the worker.
  const event = (await counters.codec(2, 'events')).encode(`${counters.name}.events`, {
    type: 'Added',
    data: { counter: 'of two', by: 1, total: 1, note: 'by two' },
  });
  const elsewhere = partitionOf(others[0]!, partitionCount);
  const record = taken(eventKey('counter:of two', 1, 'e'), event, await endOf('commands', elsewhere));
  await appender.append(`${counters.name}.events`, elsewhere, [record]);
  await expect.poll(() => worker.health()).toMatchObject({ ready: false, state: 'retrying' });
  expect(worker.health().reason).toContain('registry');

  await proxy.comeBack();
  await expect.poll(() => worker.health().ready, { timeout: 10_000 }).toBe(true);
  await expect.poll(rows).toBe(20);
  expect(worker.parked).toEqual([]);
  // It was a command that version 1 does not know.
  await expect.poll(() => service.stats, { timeout: 10_000 }).toMatchObject({ faulty: 1 });
  expect(service.stats.retrying.size).toBe(0);
  expect(counters.crashes).toEqual([]);
}, 60_000);

const endOf = async (kind: 'commands' | 'events', partition: number): Promise<number> =>
  (await counters.log.offsets(`${counters.name}.${kind}`)).find((at) => at.partition === partition)!.end;

/** As an owner of the partition would have written it. */
const taken = (key: string, value: Uint8Array, commandOffset: number): NewRecord => ({
  key,
  value,
  headers: {
    [eventHeaders.command]: 'c',
    [eventHeaders.commandOffset]: String(commandOffset),
    [eventHeaders.epoch]: 'e',
    [eventHeaders.index]: '0',
  },
  timestampMs,
});

test('an event that counts and cannot be read halts its partition, is parked by the worker, and nothing else', async () => {
  await start();
  const [broken, ...others] = counterIds;
  const partition = partitionOf(broken!, partitionCount);
  const before = await addTo(counterIds);
  const appender = counters.log.appender();
  onTestFinished(() => appender.close());
  const topic = `${counters.name}.events`;
  const record = taken(eventKey(`counter:${broken}`, 99, 'e'), utf8('no Avro'), await endOf('commands', partition));
  const { baseOffset } = await appender.append(topic, partition, [record]);
  const place = placeOf({ topic, partition, offset: baseOffset });

  const command = add(broken!);
  const refusal = async () =>
    service.client.submit(command, { timeoutMs: 2_000 }).then(
      ({ outcome }) => (outcome.kind === 'refused' ? outcome.code : 'accepted'),
      () => 'no answer',
    );
  await expect.poll(refusal, { timeout: 20_000 }).toBe('partition_halted');
  expect([...service.stats.halted]).toEqual([[partition, expect.stringContaining(place)]]);
  expect(service.lines.some(({ level, fields }) => level === 'error' && String(fields.err).includes(place))).toBe(true);
  expect(await addTo(others)).toEqual(before.slice(1).map((total) => total + 1));
  await expect.poll(() => worker.parked).toEqual([place]);
  expect(worker.health().ready).toBe(true);
  expect(counters.crashes).toEqual([]);
}, 60_000);
