import { type Batch, type Codec, type EventLog, type LogRecord, TakenRecords } from '@palaver/event-log';
import { type Entry, entryOf, isWanted, mayBeWanted, type Wanted } from './entry.ts';

/** A partition to walk through, up to an offset (exclusive). `start` is the first that the log has, `from` the first that is wanted. */
export type Walk = {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly from: number;
  readonly to: number;
};

export type WalkOptions = {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly wanted: Wanted;
  /** Ends the walk; what is read meanwhile is given up. */
  readonly signal: AbortSignal;
};

/** Whether a record counts, only what came before it tells: so a walk that begins in mid-log looks at these many before. */
const lookBack = 2_000;
/** Log positions of one turn, over all partitions: few at first, so that the first lines come soon; what is found in a turn is in memory. */
const firstTurn = 4_000;
const largestTurn = 100_000;

type Found = { readonly entry: Entry; readonly atMs: number };

/**
 * A partition on its walk, with what was found and not yet given. Times of a partition need not rise, but its order stands; `latestMs`, the
 * greatest so far, stands for those to come.
 */
type Walker = Omit<Walk, 'to'> & {
  to: number;
  next: number;
  latestMs: number;
  readonly taken: TakenRecords;
  found: Found[];
  given: number;
};

const begin = (walk: Walk): Walker => ({
  ...walk,
  next: Math.max(walk.start, walk.from - lookBack),
  latestMs: Number.NEGATIVE_INFINITY,
  taken: new TakenRecords(null),
  found: [],
  given: 0,
});

/**
 * Walks through partitions side by side and gives what is wanted of them by its time, each partition in its own order. Then it follows
 * what is appended, until it is aborted.
 */
export async function* walk(
  options: WalkOptions,
  walks: readonly Walk[],
  { follow }: { readonly follow: boolean },
): AsyncGenerator<Entry> {
  const walkers = walks.map(begin);
  yield* merge(options, walkers);
  if (follow) yield* followOn(options, walkers);
}

/**
 * The earliest of all goes first. As long as a partition has nothing at hand and may yet have something earlier, it is read further before
 * any other goes on: so memory holds no more than a turn of each.
 */
async function* merge(options: WalkOptions, walkers: readonly Walker[]): AsyncGenerator<Entry> {
  for (let turn = firstTurn; ; turn = Math.min(turn * 2, largestTurn)) {
    yield* giveSure(walkers);
    const behind = walkers.filter((walker) => isEmpty(walker) && walker.next < walker.to);
    if (behind.length === 0) return;
    await readTurn(options, behind, Math.ceil(turn / walkers.length));
  }
}

const isEmpty = ({ found, given }: Walker): boolean => given === found.length;

/** Gives for as long as it is sure which one is the earliest. */
function* giveSure(walkers: readonly Walker[]): Generator<Entry> {
  for (;;) {
    let first: Walker | undefined;
    let sureUpToMs = Number.POSITIVE_INFINITY;
    for (const walker of walkers) {
      if (isEmpty(walker)) {
        if (walker.next < walker.to) sureUpToMs = Math.min(sureUpToMs, walker.latestMs);
      } else if (!first || atMs(walker) < atMs(first)) first = walker;
    }
    if (!first || atMs(first) > sureUpToMs) return;
    yield give(first);
  }
}

const atMs = ({ found, given }: Walker): number => found[given]!.atMs;

const give = (walker: Walker): Entry => {
  const { entry } = walker.found[walker.given]!;
  walker.given += 1;
  if (isEmpty(walker)) {
    walker.found = [];
    walker.given = 0;
  }
  return entry;
};

const readTurn = async (options: WalkOptions, behind: readonly Walker[], positions: number): Promise<void> => {
  const { log, signal } = options;
  await Promise.all(
    [...Map.groupBy(behind, ({ topic }) => topic)].map(async ([topic, walkers]) => {
      const ofPartition = new Map(walkers.map((walker) => [walker.partition, walker]));
      const ranges = walkers.map(({ partition, next, to }) => ({
        partition,
        from: next,
        to: Math.min(next + positions, to),
      }));
      await log.read(topic, ranges, async (batch) => {
        signal.throwIfAborted();
        await look(options, ofPartition.get(batch.partition)!, batch);
      });
      // A range of which compaction left nothing gives no batch.
      for (const { partition, to } of ranges) ofPartition.get(partition)!.next = to;
    }),
  );
};

/** Looks at what of a batch was not passed yet. */
const look = async ({ codec, wanted }: WalkOptions, walker: Walker, batch: Batch): Promise<void> => {
  const records = batch.records.filter(({ offset }) => offset >= walker.next);
  const candidates: { readonly record: LogRecord; readonly counts: boolean }[] = [];
  for (const record of records) {
    const counts = walker.taken.take(record);
    walker.latestMs = Math.max(walker.latestMs, record.timestampMs);
    if (record.offset >= walker.from && mayBeWanted(record, wanted)) candidates.push({ record, counts });
  }
  walker.next = Math.max(walker.next, batch.nextOffset);
  await codec.prepare(candidates.map(({ record }) => record.value));
  for (const { record, counts } of candidates) {
    const entry = entryOf(record, { counts, codec });
    if (isWanted(entry, wanted)) walker.found.push({ entry, atMs: record.timestampMs });
  }
};

/** More than this waits only when who reads the output cannot keep up with the log. */
const mostWaiting = 10_000;

async function* followOn(options: WalkOptions, walkers: readonly Walker[]): AsyncGenerator<Entry> {
  const { log, signal } = options;
  const tail = await openTail(log, walkers);
  try {
    // What came between the end of the walk and the beginning of the tail.
    await moveEnds(log, walkers);
    yield* merge(options, walkers);
    for await (const { topic, batch } of tail.batches(signal)) {
      const walker = walkers.find((one) => one.topic === topic && one.partition === batch.partition)!;
      await look(options, walker, batch);
      while (!isEmpty(walker)) yield give(walker);
    }
  } finally {
    await tail.close();
  }
}

const moveEnds = async (log: EventLog, walkers: readonly Walker[]): Promise<void> => {
  for (const [topic, ofTopic] of Map.groupBy(walkers, (walker) => walker.topic)) {
    const offsets = await log.offsets(topic);
    for (const walker of ofTopic) walker.to = offsets.find(({ partition }) => partition === walker.partition)!.end;
  }
};

type Appended = { readonly topic: string; readonly batch: Batch };

/** What is appended to these partitions from now on, as it is asked for. */
const openTail = async (log: EventLog, walkers: readonly Walker[]) => {
  const waiting: Appended[] = [];
  let wake = Promise.withResolvers<void>();
  const topics = Map.groupBy(walkers, ({ topic }) => topic);
  const tails = await Promise.all(
    [...topics].map(([topic, ofTopic]) => {
      const partitions = ofTopic.map(({ partition }) => partition);
      return log.tail(topic, partitions, (batch) => {
        waiting.push({ topic, batch });
        wake.resolve();
      });
    }),
  );
  return {
    async *batches(signal: AbortSignal): AsyncGenerator<Appended> {
      signal.addEventListener('abort', () => wake.resolve());
      while (!signal.aborted) {
        if (waiting.length > mostWaiting) throw new Error('the output is read more slowly than the log grows');
        const first = waiting.shift();
        if (first) yield first;
        else {
          await wake.promise;
          wake = Promise.withResolvers();
        }
      }
    },
    close: () => Promise.all(tails.map((tail) => tail.close())),
  };
};
