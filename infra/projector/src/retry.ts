import type { Codec, EventLog } from '@palaver/event-log';
import type pg from 'pg';
import { sqlState, writeCarefully } from './careful.ts';
import type { FoldOptions, ParkedEvent } from './fold.ts';
import { shapesOf } from './merge.ts';
import {
  LIVE,
  ModelMismatch,
  migrate,
  modelState,
  type PartitionRef,
  raiseParkedVersion,
  readLiveCheckpoint,
} from './model.ts';
import type { Projection } from './projection.ts';
import { RetryFold } from './retry-fold.ts';
import { skippedOffsets } from './skips.ts';
import { inTransaction, withClient } from './transaction.ts';

/** A stream of events, as `parked` names it. */
export type StreamRef = PartitionRef & { readonly stream: string };

/** What retrying and skipping take. */
export type ParkedOptions = {
  readonly log: EventLog;
  readonly projection: Projection;
  readonly codec: Codec;
  readonly pool: pg.Pool;
};

/**
 * What came of a stream: `drained`, nothing of it is parked any more; `parked`, an event could not be folded again, and what stood before
 * it is in the model; `needs rebuild`, its events cannot be folded out of their turn, and nothing was written.
 */
export type Retried = StreamRef & {
  readonly outcome: 'drained' | 'parked' | 'needs rebuild';
  /** Events that are in the model now. */
  readonly folded: number;
  /** Events that are gone from the log, or that the model does not read any more. */
  readonly dropped: number;
  /** Events that are still parked. */
  readonly left: number;
  /** Why it is not drained. */
  readonly reason: string | null;
};

/** Most parked events that are held in memory, and folded by one transaction. */
const ROUND_EVENTS = 5_000;
/** Nearer than this to the checkpoint, the rest is compared while the worker waits. */
const NEAR_EVENTS = 1_000;
const CATCH_UPS = 10;
const TRIES = 5;

/**
 * Folds parked events again, by the handlers of this code: of one stream, or of all. Each partition is done in rounds of one transaction,
 * beside workers, and in the order of the log, so that streams which change the same rows can be retried together. The rows are then
 * those of a clean fold in which what is still parked is left out. Throws `ModelMismatch`, `LogGap`, and what Postgres throws; what is
 * done by then stays.
 */
export const retryParked = async (options: ParkedOptions, only?: StreamRef): Promise<readonly Retried[]> => {
  await requireCurrent(options);
  const retried: Retried[] = [];
  for (const at of only ? [only] : await parkedPartitions(options.pool))
    retried.push(...(await retryPartition(options, at, only?.stream ?? null)));
  return retried;
};

/** Throws `ModelMismatch` unless the live model is of this code's version; gives it what an older worker did not. */
export const requireCurrent = async ({ pool, projection }: ParkedOptions): Promise<void> => {
  const state = await migrate(pool, projection);
  if (state !== 'current') throw new ModelMismatch(`the live model of ${projection.name} is ${state}`);
};

const parkedPartitions = async (pool: pg.Pool): Promise<readonly PartitionRef[]> =>
  (await pool.query(`select distinct topic, partition from ${LIVE}.parked order by topic, partition`)).rows;

/** What is known of a stream so far; one that has an `end` is not tried again. */
type Tally = { folded: number; dropped: number; end: Pick<Retried, 'outcome' | 'reason'> | null };

const retryPartition = async (
  options: ParkedOptions,
  { topic, partition }: PartitionRef,
  stream: string | null,
): Promise<readonly Retried[]> => {
  const tallies = new Map<string, Tally>();
  const round = { at: { topic, partition }, stream, tallies };
  while (await retryRound(options, round));
  const left = await countLeft(options.pool, round.at, [...tallies.keys()]);
  return [...tallies].map(([name, { folded, dropped, end }]) => ({
    ...round.at,
    stream: name,
    ...(end ?? { outcome: 'drained', reason: null }),
    folded,
    dropped,
    left: left.get(name) ?? 0,
  }));
};

type RoundOf = {
  readonly at: PartitionRef;
  /** Null for all. */
  readonly stream: string | null;
  readonly tallies: Map<string, Tally>;
};

/** False when there is nothing left to retry. */
const retryRound = async (options: ParkedOptions, of: RoundOf): Promise<boolean> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryRound(options, of);
    } catch (error) {
      const mayPass = error instanceof ParkedMoved || sqlState(error) === '40P01';
      if (!mayPass || attempt === TRIES) throw error;
    }
  }
};

/** Others have retried or skipped events of this partition meanwhile, or have put another model in the place of this one. */
class ParkedMoved extends Error {
  override readonly name = 'ParkedMoved';
}

const tryRound = async (options: ParkedOptions, of: RoundOf): Promise<boolean> => {
  const { pool } = options;
  const before = await readLiveCheckpoint(pool, of.at);
  const first = before && (await firstParked(pool, of));
  if (first === null) return false;
  const round = new Round(options, of, { from: first, skipped: await skippedOffsets(pool, of.at) });
  await round.catchUp();
  await withClient(pool, (client) =>
    inTransaction(client, async () => {
      const now = await readLiveCheckpoint(client, of.at, { lock: true });
      if (now?.parkedVersion !== before!.parkedVersion)
        throw new ParkedMoved(`the parked events of ${of.at.topic}:${of.at.partition} keep changing; try again`);
      const state = await modelState(client, options.projection);
      if (state !== 'current') throw new ModelMismatch(`the live model of ${options.projection.name} is ${state}`);
      await round.readUpTo(client, now.checkpoint.nextOffset);
      await round.write(client);
    }),
  );
  round.settle();
  return true;
};

/** One transaction's worth of parked events, and what is known of those that came after them. */
class Round {
  private readonly options: ParkedOptions & FoldOptions;
  private readonly of: RoundOf;
  private readonly fold: RetryFold;
  private readonly retried = new Map<number, string>();
  private readonly left: Set<number>;
  private nextOffset: number;
  /** What a transaction has done: its events by stream, and where each stream that is still parked begins now. */
  private done: readonly ParkedPlace[] = [];
  private ends: ReadonlyMap<string, ParkedEvent> = new Map();

  constructor(options: ParkedOptions, of: RoundOf, { from, skipped }: { from: number; skipped: ReadonlySet<number> }) {
    this.options = { ...options, shapes: shapesOf(options.projection) };
    this.of = of;
    this.fold = new RetryFold(this.options);
    this.left = new Set(skipped);
    this.nextOffset = from;
  }

  /** Reads until the checkpoint is near, so that workers wait for little more than the writing. */
  async catchUp(): Promise<void> {
    const { pool } = this.options;
    for (let times = 0; times < CATCH_UPS; times++) {
      const end = (await readLiveCheckpoint(pool, this.of.at))?.checkpoint.nextOffset ?? this.nextOffset;
      if (times > 0 && end - this.nextOffset <= NEAR_EVENTS) return;
      await this.readUpTo(pool, end);
    }
  }

  async readUpTo(client: pg.ClientBase | pg.Pool, to: number): Promise<void> {
    if (to <= this.nextOffset) return;
    const { retried, left } = this;
    const { at } = this.of;
    for (const place of await parkedBetween(client, at, this.nextOffset, to)) {
      if (this.isWanted(place)) retried.set(place.offset, place.stream);
      else left.add(place.offset);
    }
    const range = { partition: at.partition, from: this.nextOffset, to };
    await this.options.log.read(at.topic, [range], (batch) => this.fold.take(batch, { retried, left }));
    this.nextOffset = to;
  }

  /** Once the round is full, it takes nothing more: events of a stream are folded in order or not at all. */
  private isWanted({ stream }: ParkedPlace): boolean {
    const { stream: only, tallies } = this.of;
    return this.retried.size < ROUND_EVENTS && (only ?? stream) === stream && !tallies.get(stream)?.end;
  }

  async write(client: pg.ClientBase): Promise<void> {
    const { shapes } = this.options;
    const { folded, failed, blocked } = this.fold;
    const events = folded.filter(({ stream }) => !blocked.has(stream));
    const refused = await writeCarefully(client, { schema: LIVE, shapes }, events);
    const ends = new Map<string, ParkedEvent>();
    for (const event of [...refused, ...failed.values()])
      if (!ends.has(event.stream) && !blocked.has(event.stream)) ends.set(event.stream, event);
    this.ends = ends;
    this.done = [...this.retried]
      .map(([offset, stream]) => ({ offset, stream }))
      .filter(({ offset, stream }) => !blocked.has(stream) && offset < (ends.get(stream)?.offset ?? Infinity));
    await sayWhy(client, this.of.at, [...ends.values()]);
    await takeOut(client, this.of.at, this.done);
  }

  /** To be called when the transaction is committed. */
  settle(): void {
    const { tallies } = this.of;
    const written = new Set(this.fold.folded.map(({ offset }) => offset));
    for (const stream of this.retried.values())
      if (!tallies.has(stream)) tallies.set(stream, { folded: 0, dropped: 0, end: null });
    for (const { offset, stream } of this.done) tallies.get(stream)![written.has(offset) ? 'folded' : 'dropped'] += 1;
    for (const [stream, reason] of this.fold.blocked) tallies.get(stream)!.end = { outcome: 'needs rebuild', reason };
    for (const [stream, { error }] of this.ends) tallies.get(stream)!.end = { outcome: 'parked', reason: error };
  }
}

type ParkedPlace = { readonly offset: number; readonly stream: string };

const firstParked = async (pool: pg.Pool, { at, stream, tallies }: RoundOf): Promise<number | null> => {
  const ended = [...tallies].filter(([, { end }]) => end !== null).map(([name]) => name);
  const { rows } = await pool.query<{ first: string | null }>(
    `select min("offset") as first from ${LIVE}.parked
     where topic = $1 and partition = $2 and stream = coalesce($3, stream) and stream <> all($4)`,
    [at.topic, at.partition, stream, ended],
  );
  const { first } = rows[0]!;
  return first === null ? null : Number(first);
};

const parkedBetween = async (
  client: pg.ClientBase | pg.Pool,
  { topic, partition }: PartitionRef,
  from: number,
  to: number,
): Promise<readonly ParkedPlace[]> => {
  const { rows } = await client.query<{ offset: string; stream: string }>(
    `select "offset", stream from ${LIVE}.parked
     where topic = $1 and partition = $2 and "offset" >= $3 and "offset" < $4 order by "offset"`,
    [topic, partition, from, to],
  );
  return rows.map(({ offset, stream }) => ({ offset: Number(offset), stream }));
};

const sayWhy = async (
  client: pg.ClientBase,
  { topic, partition }: PartitionRef,
  events: readonly ParkedEvent[],
): Promise<void> => {
  await client.query(
    `update ${LIVE}.parked p set type = e.type, error = e.error
     from unnest($3::bigint[], $4::text[], $5::text[]) as e ("offset", type, error)
     where p.topic = $1 and p.partition = $2 and p."offset" = e."offset"`,
    [
      topic,
      partition,
      events.map(({ offset }) => offset),
      events.map(({ type }) => type),
      events.map(({ error }) => error),
    ],
  );
};

const takeOut = async (
  client: pg.ClientBase,
  at: PartitionRef,
  places: readonly Pick<ParkedPlace, 'offset'>[],
): Promise<void> => {
  if (places.length === 0) return;
  await client.query(
    `delete from ${LIVE}.parked where topic = $1 and partition = $2 and "offset" = any($3::bigint[])`,
    [at.topic, at.partition, places.map(({ offset }) => offset)],
  );
  await raiseParkedVersion(client, at);
};

const countLeft = async (
  pool: pg.Pool,
  { topic, partition }: PartitionRef,
  streams: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await pool.query<{ stream: string; n: number }>(
    `select stream, count(*)::int as n from ${LIVE}.parked
     where topic = $1 and partition = $2 and stream = any($3) group by stream`,
    [topic, partition, streams],
  );
  return new Map(rows.map(({ stream, n }) => [stream, n]));
};
