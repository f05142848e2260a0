import { type Codec, memoryBroker, type NewRecord } from '@palaver/event-log';
import { expect, test } from 'vitest';
import type { Entry, Wanted } from './entry.ts';
import { walk } from './walk.ts';

const topic = 'rooms.events';
const codec: Codec = {
  encode: (_topic, message) => Buffer.from(JSON.stringify(message)),
  decode: (value) => JSON.parse(Buffer.from(value).toString()),
  prepare: async () => {},
};

/** Writes as the owner of a partition does; each call is a command. */
const owner = (epoch = 'e') => {
  let commandOffset = 0;
  const origin = () => ({ command: `c${++commandOffset}`, 'command-offset': String(commandOffset), index: '0', epoch });
  return {
    said: (stream: string, version: number, atMs: number): NewRecord => ({
      key: `${stream}/${version}/${epoch}`,
      value: Buffer.from(JSON.stringify({ type: 'Said', data: { stream, version } })),
      headers: origin(),
      timestampMs: atMs,
    }),
    refused: (atMs: number): NewRecord => ({
      key: `command/${commandOffset + 1}/${epoch}`,
      value: null,
      headers: { ...origin(), outcome: JSON.stringify({ kind: 'refused', code: 'no' }) },
      timestampMs: atMs,
    }),
  };
};

const wholeLog = async (log: ReturnType<ReturnType<typeof memoryBroker>['log']>) =>
  (await log.offsets(topic)).map(({ partition, start, end }) => ({ topic, partition, start, from: start, to: end }));

const open = (partitions: number) => {
  const broker = memoryBroker({ partitions, batchSize: () => 50 });
  const log = broker.log('test');
  const stop = new AbortController();
  const begin = async (wanted: Partial<Wanted> = {}, change: { from?: number; follow?: boolean } = {}) => {
    const { from, follow = false } = change;
    const walks = (await wholeLog(log)).map((one) => ({ ...one, from: from ?? one.from }));
    const options = { log, codec, wanted: { kinds: new Set(['event'] as const), ...wanted }, signal: stop.signal };
    return walk(options, walks, { follow });
  };
  const places = async (...asked: Parameters<typeof begin>): Promise<string[]> => {
    const found: string[] = [];
    for await (const entry of await begin(...asked)) found.push(placeOf(entry));
    return found;
  };
  return { broker, log, begin, places, stop };
};
const placeOf = ({ position, kind }: Entry): string =>
  kind === 'event' ? position.replace('rooms:', '') : `${kind} ${position.replace('rooms:', '')}`;

test('partitions come together by time, each in its own order, over many turns', async () => {
  const { broker, places } = open(3);
  const count = 9_000;
  for (let partition = 0; partition < 3; partition++) {
    const { said } = owner();
    // The third partition is sparse and late: the others must wait for it, and not for ever.
    const records = Array.from({ length: partition === 2 ? 10 : count }, (_, i) =>
      said('room:a', i + 1, partition === 2 ? i * 900 * 2 : i * 2 + partition),
    );
    broker.write(topic, partition, records);
  }
  const found = await places();
  expect(found.length).toBe(2 * count + 10);
  const times = found.map((place) => {
    const [partition, offset] = place.split('@').map(Number) as [number, number];
    return partition === 2 ? offset * 1_800 : offset * 2 + partition;
  });
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test('a time that falls back within a partition does not break its order', async () => {
  const { broker, places } = open(2);
  const first = owner();
  broker.write(topic, 0, [first.said('room:a', 1, 10), first.said('room:a', 2, 5), first.said('room:a', 3, 30)]);
  broker.write(topic, 1, [owner().said('room:b', 1, 7)]);
  expect(await places()).toEqual(['1@0', '0@0', '0@1', '0@2']);
});

test('what readers pass over is left out, and told by its kind when all is wanted', async () => {
  const { broker, places } = open(1);
  const { said, refused } = owner();
  const records = [said('room:a', 1, 1), said('room:a', 2, 2), refused(3)];
  const late = owner('late').said('room:a', 1, 1);
  const erased = { key: 'room:a/1/e', value: null, headers: {}, timestampMs: 4 };
  const filler = { key: 'sweep', value: null, headers: {}, timestampMs: 5 };
  broker.write(topic, 0, [...records, late, erased, filler]);
  expect(await places()).toEqual(['0@0', '0@1']);
  const kinds = new Set(['event', 'marker', 'repeat', 'tombstone', 'filler'] as const);
  const rest = ['marker 0@2', 'repeat 0@3', 'tombstone 0@4', 'filler 0@5'];
  expect(await places({ kinds })).toEqual(['0@0', '0@1', ...rest]);
  // In mid-log too, only what came before tells a repeat.
  expect(await places({ kinds }, { from: 3 })).toEqual(rest.slice(1));
});

test('a stream by its name, or all streams that an id occurs in', async () => {
  const { broker, places } = open(1);
  const { said } = owner();
  broker.write(topic, 0, [said('room:a', 1, 1), said('saying:a:b', 1, 2), said('saying:b:a', 1, 3), said('a:c', 1, 4)]);
  expect(await places({ stream: 'saying:a:b' })).toEqual(['0@1']);
  expect(await places({ stream: 'room:a' })).toEqual(['0@0']);
  expect(await places({ stream: 'a' })).toEqual(['0@0', '0@1', '0@2']);
});

test('types and times', async () => {
  const { broker, places } = open(1);
  const { said } = owner();
  broker.write(topic, 0, [said('room:a', 1, 1_000), said('room:a', 2, 3_000), said('room:a', 3, 2_000)]);
  expect(await places({ sinceMs: 2_000 })).toEqual(['0@1', '0@2']);
  expect(await places({ types: new Set(['Said']) })).toHaveLength(3);
  expect(await places({ types: new Set(['Left']) })).toEqual([]);
});

test('a record that cannot be decoded is told, and does not keep the others', async () => {
  const { broker, begin } = open(1);
  const { said } = owner();
  broker.write(topic, 0, [{ ...said('room:a', 1, 1), value: Buffer.from('{') }, said('room:a', 2, 2)]);
  const entries: Entry[] = [];
  for await (const entry of await begin()) entries.push(entry);
  expect(entries).toMatchObject([
    { type: null, error: expect.stringContaining('JSON') },
    { type: 'Said', error: null },
  ]);
});

test('following goes on with what is appended, each once, and ends when it is told to', async () => {
  const { broker, begin, stop } = open(2);
  const [first, second] = [owner(), owner()];
  broker.write(topic, 0, [first.said('room:a', 1, 1)]);
  const entries = await begin({}, { follow: true });
  const next = async () => placeOf((await entries.next()).value);
  expect(await next()).toBe('0@0');
  broker.write(topic, 1, [second.said('room:b', 1, 2)]);
  expect(await next()).toBe('1@0');
  const waiting = next();
  broker.write(topic, 0, [first.said('room:a', 2, 3)]);
  expect(await waiting).toBe('0@1');
  const end = entries.next();
  stop.abort(new Error('enough'));
  expect((await end).done).toBe(true);
});
