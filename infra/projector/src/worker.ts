import { setTimeout as delay } from 'node:timers/promises';
import {
  type Batch,
  type Closable,
  type Codec,
  type EventLog,
  LogGap,
  type LogRecord,
  type Membership,
  type PartitionOwner,
} from '@palaver/event-log';
import type pg from 'pg';
import { batched } from './batched.ts';
import { insertParked, isDataError, isProgramError, writeCarefully } from './careful.ts';
import { type Folded, type FoldOptions, mergeEvents, type ParkedEvent, PartitionFold } from './fold.ts';
import { InvalidChange, shapesOf } from './merge.ts';
import {
  CHANNEL,
  type Checkpoint,
  checkpointKey,
  LIVE,
  ModelMismatch,
  migrate,
  modelState,
  openCheckpoint,
  type PartitionRef,
} from './model.ts';
import type { Projection } from './projection.ts';
import { dropLeftOver, type RebuildProgress, rebuild } from './rebuild.ts';
import { readParking } from './skips.ts';
import { inTransaction, outliveConnections, withClient } from './transaction.ts';
import { writeMerge } from './write.ts';

/**
 * Keeps a live model up to date. What happens to a partition:
 *
 *   acquired ── read checkpoint ──▶ following ── batch: fold, then one transaction {checkpoint if unmoved, rows, NOTIFY} ─┐
 *                                     ▲  ▲  │◀─────────────────────────── committed ──────────────────────────────────────┘
 *        another was ahead: go on ────┘  │  ├── Postgres away: same batch again, after a pause
 *        from its checkpoint             │  └── the checkpoint lies behind what was folded: leave the group, join again
 *                                        └──────────────────────────────────────────┘
 */
export type ProjectorOptions = {
  readonly log: EventLog;
  readonly projection: Projection;
  readonly codec: Codec;
  readonly pool: pg.Pool;
  readonly groupId: string;
  /** Called once when the worker cannot go on; the process should exit. */
  readonly onCrash: (error: Error) => void;
  readonly hooks?: ProjectorHooks;
};

export type ProjectorHooks = {
  readonly onBatch?: (batch: CommittedBatch) => void;
  readonly onParked?: (event: ParkedEvent) => void;
  /** A record that no owner wrote was passed over. */
  readonly onForeign?: (record: LogRecord) => void;
  /** An attempt failed and is made again: Postgres or the registry is away. */
  readonly onRetry?: (error: Error) => void;
  readonly onRebuild?: (progress: RebuildProgress) => void;
};

/** What a commit has brought a partition past. `events` counts those folded, `durationMs` covers fold and transaction. */
export type CommittedBatch = PartitionRef & {
  readonly records: readonly LogRecord[];
  readonly nextOffset: number;
  readonly events: number;
  readonly durationMs: number;
};

export type ProjectorHealth = {
  readonly ready: boolean;
  readonly state: 'starting' | 'rebuilding' | 'live' | 'retrying' | 'crashed' | 'closed';
  /** Why it is not ready. */
  readonly reason?: string;
  readonly held: readonly number[];
  /** Last sign of life of the group membership, ms since the epoch; 0 before it has joined. */
  readonly lastProgressMs: number;
};

export interface Projector extends Closable {
  /** Resolves when the model is current and the worker has joined its group; rejects when it crashed before. */
  readonly started: Promise<void>;
  health(): ProjectorHealth;
}

/** Another worker or a rebuild has moved the checkpoint; nothing was written. */
class CheckpointMoved extends Error {
  override readonly name = 'CheckpointMoved';
}

/** The worker or its partition was told to stop while it waited for Postgres. */
class Stopped extends Error {
  override readonly name = 'Stopped';
}

/**
 * Between two fetches, so that a transaction takes what came in this time: under load it halved what the worker and Postgres spend on an
 * event, and a reader waits 8 ms more on average.
 */
const REST_MS = 15;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** Of one transaction, so that its NOTIFY stays below the 8,000 bytes that a payload may have. */
const MOST_PARTITIONS = 64;

/**
 * Starts a worker: makes the model, or rebuilds it beside the live one when its version is below the code's, then follows
 * the log. Several workers share a group's partitions.
 */
export const startProjector = (options: ProjectorOptions): Projector => new Worker(options);

class Worker implements Projector {
  readonly started: Promise<void>;
  private readonly options: ProjectorOptions;
  private readonly foldOptions: FoldOptions;
  private readonly closing = new AbortController();
  /** Partition counts of the topics; they may differ. */
  private readonly partitions = new Map<string, number>();
  private readonly failing = new Map<object, Error>();
  private phase: 'starting' | 'rebuilding' | 'live' = 'starting';
  private crashed: Error | null = null;
  private membership: Membership | null = null;
  private rejoining: Promise<void> | null = null;
  /** Group commit: one transaction is under way, and the batches that are folded meanwhile share the next. */
  private readonly commitTogether = batched((steps: readonly CommitStep[]) => this.writeAll(steps), {
    most: MOST_PARTITIONS,
  });

  constructor(options: ProjectorOptions) {
    this.options = options;
    const { projection, codec } = options;
    this.foldOptions = { projection, codec, shapes: shapesOf(projection) };
    outliveConnections(options.pool);
    this.started = this.start().catch((error: unknown) => {
      if (error instanceof Stopped) return;
      this.crash(error);
      throw error;
    });
    this.started.catch(() => {});
  }

  health(): ProjectorHealth {
    const failure = this.crashed ?? [...this.failing.values()][0];
    const state = this.closing.signal.aborted
      ? this.crashed
        ? 'crashed'
        : 'closed'
      : failure
        ? 'retrying'
        : this.rejoining
          ? 'starting'
          : this.phase;
    return {
      ready: state === 'live',
      state,
      ...(failure ? { reason: failure.message } : {}),
      held: this.membership?.held ?? [],
      lastProgressMs: this.membership?.lastProgressMs ?? 0,
    };
  }

  async close(): Promise<void> {
    this.closing.abort(new Stopped('the projector closes'));
    await this.started.catch(() => {});
    await this.rejoining;
    await this.membership?.close();
  }

  private async start(): Promise<void> {
    const { log, projection, pool, codec, hooks } = this.options;
    const { signal } = this.closing;
    await this.retry(signal, async () => {
      for (const topic of projection.topics) this.partitions.set(topic, await log.partitions(topic));
      if ((await migrate(pool, projection)) === 'current') return dropLeftOver(pool);
      this.phase = 'rebuilding';
      const onProgress = hooks?.onRebuild;
      await rebuild({ log, projection, codec, pool, signal, only: 'outdated', ...(onProgress ? { onProgress } : {}) });
    });
    await this.join();
    this.phase = 'live';
  }

  private async join(): Promise<void> {
    if (this.closing.signal.aborted) return;
    const { log, projection, groupId } = this.options;
    this.membership = await log.join({
      groupId,
      topics: projection.topics,
      positions: 'owner',
      restMs: REST_MS,
      acquire: (partition) => this.own(partition),
      onCrash: (error) => this.crash(error),
    });
  }

  /** Leaves the group and joins again, so that every partition is read from its checkpoint; not to be awaited in `handle`. */
  private rejoin(): void {
    this.rejoining ??= (async () => {
      await this.started;
      await this.membership?.close();
      this.membership = null;
      await this.join();
    })()
      .catch((error: unknown) => this.crash(error))
      .finally(() => {
        this.rejoining = null;
      });
  }

  private crash(error: unknown): void {
    if (this.crashed || (this.closing.signal.aborted && !(error instanceof LogGap))) return;
    this.crashed = error instanceof Error ? error : new Error(String(error));
    this.closing.abort(new Stopped('the projector crashed'));
    this.options.onCrash(this.crashed);
  }

  private own(partition: number): PartitionOwner {
    const { projection } = this.options;
    const stopping = new AbortController();
    const signal = AbortSignal.any([stopping.signal, this.closing.signal]);
    const folds = new Map<string, LiveFold>();
    const inFlight = new Set<Promise<void>>();
    const open = (topic: string) => this.retry(signal, () => this.openFold({ topic, partition }));

    const handle = async (topic: string, batch: Batch): Promise<void> => {
      for (;;) {
        const live = folds.get(topic)!;
        if (signal.aborted || this.rejoining || live.fold.nextOffset >= batch.nextOffset) return;
        const before = live.fold.checkpoint;
        if (await this.foldAndCommit(signal, live, batch)) return;
        const reloaded = await open(topic);
        if (reloaded.fold.nextOffset < before.nextOffset) return this.rejoin();
        folds.set(topic, reloaded);
      }
    };
    return {
      start: async () => {
        const positions: Record<string, number> = {};
        for (const topic of projection.topics) {
          if (partition >= (this.partitions.get(topic) ?? 0)) continue;
          const live = await open(topic);
          folds.set(topic, live);
          positions[topic] = live.fold.nextOffset;
        }
        return positions;
      },
      handle: async (topic, batch) => {
        const running = handle(topic, batch).catch((error: unknown) => {
          if (!(error instanceof Stopped)) this.crash(error);
        });
        inFlight.add(running);
        await running;
        inFlight.delete(running);
      },
      stop: async () => {
        stopping.abort(new Stopped('the partition was revoked'));
        await Promise.all(inFlight);
      },
    };
  }

  private async openFold(at: PartitionRef): Promise<LiveFold> {
    const { pool, projection } = this.options;
    const state = await modelState(pool, projection);
    if (state !== 'current') throw new ModelMismatch(`the live model of ${projection.name} is ${state}`);
    // The version comes first: what is retried or skipped after it makes the commit find another one.
    const { checkpoint, parkedVersion } = await openCheckpoint(pool, at);
    const fold = new PartitionFold(this.foldOptions, checkpoint, await readParking(pool, LIVE, at));
    return { fold, parkedVersion };
  }

  /** False when the checkpoint was not where this fold began: nothing was written then. */
  private async foldAndCommit(signal: AbortSignal, live: LiveFold, batch: Batch): Promise<boolean> {
    const { fold, parkedVersion } = live;
    const startedMs = performance.now();
    const before = fold.checkpoint;
    const folded = await this.retry(signal, () => fold.fold(batch));
    try {
      const parked = await this.commit(signal, { before, parkedVersion, after: fold.checkpoint, folded });
      for (const event of parked) {
        fold.parkedStreams.add(event.stream);
        this.options.hooks?.onParked?.(event);
      }
    } catch (error) {
      if (error instanceof CheckpointMoved) return false;
      throw error;
    }
    for (const record of folded.foreign) this.options.hooks?.onForeign?.(record);
    const durationMs = performance.now() - startedMs;
    const events = folded.events.length;
    const { records } = batch;
    this.options.hooks?.onBatch?.({ ...fold.at, records, nextOffset: fold.nextOffset, events, durationMs });
    return true;
  }

  private async commit(signal: AbortSignal, step: CommitStep): Promise<readonly ParkedEvent[]> {
    let careful = false;
    return this.retry(signal, async () => {
      try {
        return careful ? await this.writeAlone(step) : await this.writeWithOthers(step);
      } catch (error) {
        if (careful || !isDataError(error)) throw error;
        careful = true;
        return this.writeAlone(step);
      }
    });
  }

  private async writeWithOthers(step: CommitStep): Promise<readonly ParkedEvent[]> {
    if (!(await this.commitTogether(step))) throw movedFrom(step);
    return step.folded.parked;
  }

  /**
   * One transaction for the batches of several partitions; false for those whose checkpoint has moved, which write nothing. The
   * checkpoints go first: whoever holds them keeps other workers and a swap out.
   */
  private writeAll(steps: readonly CommitStep[]): Promise<readonly boolean[]> {
    const { shapes, projection } = this.foldOptions;
    return withClient(this.options.pool, (client) =>
      inTransaction(client, async () => {
        const moved = await moveCheckpoints(client, steps, projection.version);
        const written = steps.filter((_, index) => moved[index]);
        const events = written.flatMap(({ folded }) => folded.events);
        await writeMerge(client, { schema: LIVE, shapes }, mergeEvents(shapes, events));
        const parked = written.flatMap(({ folded }) => folded.parked);
        await insertParked(client, LIVE, parked);
        return moved;
      }),
    );
  }

  /** One batch event by event: what the tables refuse is parked. */
  private writeAlone(step: CommitStep): Promise<readonly ParkedEvent[]> {
    const { shapes, projection } = this.foldOptions;
    return withClient(this.options.pool, (client) =>
      inTransaction(client, async () => {
        const [moved] = await moveCheckpoints(client, [step], projection.version);
        if (!moved) throw movedFrom(step);
        const refused = await writeCarefully(client, { schema: LIVE, shapes }, step.folded.events);
        const parked = [...step.folded.parked, ...refused];
        await insertParked(client, LIVE, parked);
        return parked;
      }),
    );
  }

  /** Tries until it works or is told to stop; only what waiting can mend is tried again. */
  private async retry<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const token = {};
    try {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
        if (signal.aborted) throw signal.reason;
        try {
          return await attempt();
        } catch (error) {
          if (signal.aborted) throw signal.reason;
          if (!mayPass(error)) throw error;
          this.failing.set(token, error);
          this.options.hooks?.onRetry?.(error);
        }
        await delay(pauseMs, undefined, { signal }).catch(() => {});
      }
    } finally {
      this.failing.delete(token);
    }
  }
}

/** Whether an error is about the world (a connection, a restart, a deadlock) and not about the code or the data. */
const mayPass = (error: unknown): error is Error =>
  error instanceof Error &&
  !isProgramError(error) &&
  ![TypeError, RangeError, ReferenceError, CheckpointMoved, InvalidChange, ModelMismatch, LogGap].some(
    (kind) => error instanceof kind,
  );

/** A fold, and the version of the parked events that it goes by. */
type LiveFold = { readonly fold: PartitionFold; readonly parkedVersion: number };

/** What one batch writes, and the checkpoints that it takes its partition from and to. */
type CommitStep = {
  readonly before: Checkpoint;
  readonly parkedVersion: number;
  readonly after: Checkpoint;
  readonly folded: Folded;
};

const movedFrom = ({ before }: CommitStep): CheckpointMoved =>
  new CheckpointMoved(`${before.topic}:${before.partition} is no longer at ${before.nextOffset}`);

/**
 * Moves each checkpoint if it and the model are what this worker takes them for, and tells the waiting queries at commit. Says for
 * each step whether it moved.
 */
const moveCheckpoints = async (
  client: pg.ClientBase,
  steps: readonly CommitStep[],
  version: number,
): Promise<readonly boolean[]> => {
  const column = <T>(value: (step: CommitStep) => T): T[] => steps.map(value);
  const { rows } = await client.query<PartitionRef>({
    name: 'palaver move checkpoints',
    text: `with asked as (
        select * from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::text[], $6::int[],
                             $7::bigint[], $8::bigint[], $9::text[], $10::int[], $11::bigint[])
          as a (topic, partition, next_offset, command_offset, epoch, "index",
                old_next_offset, old_command_offset, old_epoch, old_index, parked_version)),
      moved as (
        update ${LIVE}.checkpoint c
        set next_offset = a.next_offset, command_offset = a.command_offset, epoch = a.epoch, "index" = a."index",
            updated_at = now()
        from asked a
        where c.topic = a.topic and c.partition = a.partition and c.next_offset = a.old_next_offset
          and c.command_offset is not distinct from a.old_command_offset and c.epoch is not distinct from a.old_epoch
          and c."index" is not distinct from a.old_index and c.parked_version = a.parked_version
          and exists (select from ${LIVE}.projection where version = $12)
        returning c.topic, c.partition, c.next_offset),
      told as (
        select pg_notify('${CHANNEL}', coalesce(json_agg(json_build_object(
          'topic', topic, 'partition', partition, 'nextOffset', next_offset)), '[]')::text)
        from moved)
      select topic, partition from moved, told`,
    values: [
      column(({ after }) => after.topic),
      column(({ after }) => after.partition),
      column(({ after }) => after.nextOffset),
      column(({ after }) => after.taken?.commandOffset ?? null),
      column(({ after }) => after.taken?.epoch ?? null),
      column(({ after }) => after.taken?.index ?? null),
      column(({ before }) => before.nextOffset),
      column(({ before }) => before.taken?.commandOffset ?? null),
      column(({ before }) => before.taken?.epoch ?? null),
      column(({ before }) => before.taken?.index ?? null),
      column(({ parkedVersion }) => parkedVersion),
      version,
    ],
  });
  const moved = new Set(rows.map(checkpointKey));
  return steps.map(({ after }) => moved.has(checkpointKey(after)));
};
