import { type LogRecord, memoryBroker } from '@palaver/event-log';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply, change, type Rows, shapes, table } from './changes.fixture.ts';
import { type FoldedEvent, type ParkedEvent, PartitionFold } from './fold.ts';
import { defineProjection, type RowChange } from './projection.ts';
import { RetryFold } from './retry-fold.ts';
import { EventWriter, jsonCodec } from './testing.ts';

/** An event that says itself what it changes, and whether it can be folded: never, or once the handler is mended. */
type Changed = { type: 'Changed'; data: { changes: readonly RowChange[]; folds: 'always' | 'mended' | 'never' } };

const projectionOf = (folds: ReadonlySet<string>) =>
  defineProjection<Changed>({
    name: 'changes',
    version: 1,
    topics: ['changes.events'],
    tables: [table],
    handlers: {
      Changed: ({ changes, folds: when }) => {
        if (!folds.has(when)) throw new Error(`folds ${when}`);
        return changes;
      },
    },
  });
const optionsOf = (folds: readonly string[]) => ({
  projection: projectionOf(new Set(folds)),
  codec: jsonCodec,
  shapes,
});
const broken = optionsOf(['always']);
const mended = optionsOf(['always', 'mended']);

type Event = {
  readonly stream: string;
  readonly folds: Changed['data']['folds'];
  readonly changes: readonly RowChange[];
};

/** The log: the events, with a marker here and a repeat of another owner there, which count for nothing. */
const logOf = (events: readonly Event[]): readonly LogRecord[] => {
  const broker = memoryBroker({ partitions: 1 });
  const writer = new EventWriter();
  for (const { stream, ...data } of events) {
    const record = writer.record(stream, { type: 'Changed', data } as unknown as never);
    const late = { ...record, headers: { ...record.headers, epoch: 'late' } };
    broker.write('changes.events', 0, [record, writer.marker(), late]);
  }
  return broker.records('changes.events', 0);
};

const batchOf = (records: readonly LogRecord[]) => ({
  partition: 0,
  records,
  nextOffset: (records.at(-1)?.offset ?? -1) + 1,
});

const foldAll = async (options: typeof broken, records: readonly LogRecord[]) => {
  const checkpoint = { topic: 'changes.events', partition: 0, nextOffset: 0, taken: null };
  return new PartitionFold(options, checkpoint, { streams: new Set(), skipped: new Set() }).fold(batchOf(records));
};

const rowsAfter = (events: readonly Pick<FoldedEvent, 'changes'>[]): Rows => {
  const rows: Rows = new Map();
  for (const { changes } of events) for (const each of changes) apply(rows, each);
  return rows;
};

/** Retries the parked events of these streams; gives the rows that the model has then, and what is parked still. */
const retry = async (records: readonly LogRecord[], streams: ReadonlySet<string>, batchSize: number) => {
  const live = await foldAll(broken, records);
  const retried = new Map<number, string>();
  const left = new Set<number>();
  for (const { offset, stream } of live.parked)
    if (streams.has(stream)) retried.set(offset, stream);
    else left.add(offset);
  const fold = new RetryFold(mended);
  const tail = records.slice(records.findIndex(({ offset }) => retried.has(offset)));
  for (let i = 0; retried.size > 0 && i < tail.length; i += batchSize)
    await fold.take(batchOf(tail.slice(i, i + batchSize)), { retried, left });
  const written = fold.folded.filter(({ stream }) => !fold.blocked.has(stream));
  const writtenOffsets = new Set(written.map(({ offset }) => offset));
  const parked = live.parked.filter(({ offset }) => !writtenOffsets.has(offset));
  return { fold, parked, rows: rowsAfter([...live.events, ...written]) };
};

/** A fold of the log by the mended code in which these are left out: what a rebuild would give, but for them. */
const cleanWithout = async (records: readonly LogRecord[], parked: readonly ParkedEvent[]): Promise<Rows> => {
  const without = new Set(parked.map(({ offset }) => offset));
  const events = (await foldAll(mended, records)).events;
  return rowsAfter(events.filter(({ offset }) => !without.has(offset)));
};

/** What the mended code parks of these streams. */
const parkedOf = (parked: readonly ParkedEvent[], names: ReadonlySet<string>): readonly number[] =>
  parked.filter(({ stream }) => names.has(stream)).map(({ offset }) => offset);

const streams = ['s', 't', 'u', 'v'];
const stream = fc.constantFrom(...streams);
const folds = fc.constantFrom<Event['folds']>('always', 'always', 'always', 'mended', 'mended', 'never');
const chosen = fc.subarray(streams, { minLength: 1 }).map((names) => new Set(names));
const batchSize = fc.integer({ min: 1, max: 5 });

test('the rows after a retry are those of a clean fold without what is parked still', async () => {
  const events = fc.array(fc.record({ stream, folds, changes: fc.array(change, { maxLength: 2 }) }), { maxLength: 12 });
  let drained = 0;
  let blocked = 0;
  await fc.assert(
    fc.asyncProperty(events, chosen, batchSize, async (given, names, size) => {
      const records = logOf(given);
      const { fold, parked, rows } = await retry(records, names, size);
      drained += fold.folded.filter((event) => !fold.blocked.has(event.stream)).length;
      blocked += fold.blocked.size;
      const retried = new Set([...names].filter((name) => !fold.blocked.has(name)));
      expect(parkedOf(parked, retried)).toEqual(parkedOf((await foldAll(mended, records)).parked, retried));
      expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(await cleanWithout(records, parked)));
    }),
    { numRuns: 1_000 },
  );
  expect(drained).toBeGreaterThan(300);
  expect(blocked).toBeGreaterThan(50);
});

test('streams that keep to rows of their own and to counters are never in need of a rebuild', async () => {
  // Each stream has a row of its own; all of them count in the same one.
  const own = fc.tuple(stream, folds, fc.constantFrom('put', 'patch', 'remove')).map(([name, when, kind]): Event => {
    const key = { a: name, b: 1 };
    const counted: RowChange = { kind: 'add', table: 't', key: { a: 'all', b: 1 }, add: { n: 1 } };
    const row = { ...key, group: 'g', n: 1, note: '' };
    const changes: Record<string, RowChange> = {
      put: { kind: 'put', table: 't', row },
      patch: { kind: 'patch', table: 't', key, set: { note: name } },
      remove: { kind: 'removeWhere', table: 't', where: { a: name } },
    };
    return { stream: name, folds: when, changes: [changes[kind]!, counted] };
  });
  const first: Event = {
    stream: 'all',
    folds: 'always',
    changes: [{ kind: 'put', table: 't', row: { a: 'all', b: 1, group: null, n: 0, note: '' } }],
  };
  await fc.assert(
    fc.asyncProperty(fc.array(own, { maxLength: 12 }), chosen, batchSize, async (given, names, size) => {
      const records = logOf([first, ...given]);
      const { fold, parked, rows } = await retry(records, names, size);
      expect(fold.blocked).toEqual(new Map());
      expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(await cleanWithout(records, parked)));
    }),
    { numRuns: 500 },
  );
});

test('says which event is in the way', async () => {
  const key = { a: 'x', b: 1 };
  const put: RowChange = { kind: 'put', table: 't', row: { ...key, group: 'g', n: 0, note: '' } };
  const records = logOf([
    { stream: 's', folds: 'mended', changes: [put] },
    { stream: 't', folds: 'always', changes: [{ kind: 'removeWhere', table: 't', where: { group: 'g' } }] },
  ]);
  const { fold } = await retry(records, new Set(['s']), 10);
  expect(fold.blocked).toEqual(new Map([['s', 'Changed at offset 3 has changed what it changes in t']]));
});
