import { setTimeout as delay } from 'node:timers/promises';
import {
  type Batch,
  type Closable,
  type Codec,
  type EventLog,
  LogGap,
  type Membership,
  type PartitionOwner,
} from '@palaver/event-log';
import type pg from 'pg';
import { insertParked, isDataError, isProgramError, writeCarefully } from './careful.ts';
import { type Folded, type FoldOptions, mergeEvents, type ParkedEvent, PartitionFold } from './fold.ts';
import { InvalidChange, shapesOf } from './merge.ts';
import {
  CHANNEL,
  type Checkpoint,
  LIVE,
  ModelMismatch,
  migrate,
  modelState,
  openCheckpoint,
  type PartitionRef,
  parkedStreams,
} from './model.ts';
import type { Projection } from './projection.ts';
import { type RebuildProgress, rebuild } from './rebuild.ts';
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
  /** After each commit. `events` counts those folded, `durationMs` covers fold and transaction. */
  readonly onBatch?: (
    batch: PartitionRef & { readonly nextOffset: number; readonly events: number; readonly durationMs: number },
  ) => void;
  readonly onParked?: (event: ParkedEvent) => void;
  /** An attempt failed and is made again: Postgres or the registry is away. */
  readonly onRetry?: (error: Error) => void;
  readonly onRebuild?: (progress: RebuildProgress) => void;
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

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

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
      if ((await migrate(pool, projection)) === 'current') return;
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
    const folds = new Map<string, PartitionFold>();
    const inFlight = new Set<Promise<void>>();
    const open = (topic: string) => this.retry(signal, () => this.openFold({ topic, partition }));

    const handle = async (topic: string, batch: Batch): Promise<void> => {
      for (;;) {
        const fold = folds.get(topic)!;
        if (signal.aborted || this.rejoining || fold.nextOffset >= batch.nextOffset) return;
        const before = fold.checkpoint;
        if (await this.foldAndCommit(signal, fold, batch)) return;
        const reloaded = await open(topic);
        if (reloaded.nextOffset < before.nextOffset) return this.rejoin();
        folds.set(topic, reloaded);
      }
    };
    return {
      start: async () => {
        const positions: Record<string, number> = {};
        for (const topic of projection.topics) {
          if (partition >= (this.partitions.get(topic) ?? 0)) continue;
          const fold = await open(topic);
          folds.set(topic, fold);
          positions[topic] = fold.nextOffset;
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

  private async openFold(at: PartitionRef): Promise<PartitionFold> {
    const { pool, projection } = this.options;
    const state = await modelState(pool, projection);
    if (state !== 'current') throw new ModelMismatch(`the live model of ${projection.name} is ${state}`);
    const checkpoint = await openCheckpoint(pool, at);
    return new PartitionFold(this.foldOptions, checkpoint, await parkedStreams(pool, LIVE, at));
  }

  /** False when the checkpoint was not where this fold began: nothing was written then. */
  private async foldAndCommit(signal: AbortSignal, fold: PartitionFold, batch: Batch): Promise<boolean> {
    const startedMs = performance.now();
    const before = fold.checkpoint;
    const folded = await this.retry(signal, () => fold.fold(batch));
    try {
      const parked = await this.commit(signal, before, fold.checkpoint, folded);
      for (const event of parked) {
        fold.parkedStreams.add(event.stream);
        this.options.hooks?.onParked?.(event);
      }
    } catch (error) {
      if (error instanceof CheckpointMoved) return false;
      throw error;
    }
    const durationMs = performance.now() - startedMs;
    const events = folded.events.length;
    this.options.hooks?.onBatch?.({ ...fold.at, nextOffset: fold.nextOffset, events, durationMs });
    return true;
  }

  private async commit(
    signal: AbortSignal,
    before: Checkpoint,
    after: Checkpoint,
    folded: Folded,
  ): Promise<readonly ParkedEvent[]> {
    let careful = false;
    return this.retry(signal, async () => {
      const write = () => this.write(before, after, folded, careful);
      try {
        return await write();
      } catch (error) {
        if (careful || !isDataError(error)) throw error;
        careful = true;
        return write();
      }
    });
  }

  /** One transaction. The checkpoint goes first: whoever holds it keeps other workers and a swap out. */
  private write(
    before: Checkpoint,
    after: Checkpoint,
    folded: Folded,
    careful: boolean,
  ): Promise<readonly ParkedEvent[]> {
    const { shapes, projection } = this.foldOptions;
    const target = { schema: LIVE, shapes };
    return withClient(this.options.pool, (client) =>
      inTransaction(client, async () => {
        await moveCheckpoint(client, before, after, projection.version);
        const refused = careful ? await writeCarefully(client, target, folded.events) : [];
        if (!careful) await writeMerge(client, target, mergeEvents(shapes, folded.events));
        const parked = [...folded.parked, ...refused];
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

/** Moves the checkpoint if it and the model are what this worker takes them for, and tells the waiting queries at commit. */
const moveCheckpoint = async (
  client: pg.ClientBase,
  before: Checkpoint,
  after: Checkpoint,
  version: number,
): Promise<void> => {
  const { topic, partition, nextOffset } = after;
  const { rowCount } = await client.query({
    name: 'palaver move checkpoint',
    text: `with moved as (
        update ${LIVE}.checkpoint
        set next_offset = $3, command_offset = $4, epoch = $5, "index" = $6, updated_at = now()
        where topic = $1 and partition = $2 and next_offset = $7
          and command_offset is not distinct from $8 and epoch is not distinct from $9 and "index" is not distinct from $10
          and exists (select from ${LIVE}.projection where version = $11)
        returning 1)
      select pg_notify('${CHANNEL}', $12) from moved`,
    values: [
      topic,
      partition,
      nextOffset,
      after.taken?.commandOffset ?? null,
      after.taken?.epoch ?? null,
      after.taken?.index ?? null,
      before.nextOffset,
      before.taken?.commandOffset ?? null,
      before.taken?.epoch ?? null,
      before.taken?.index ?? null,
      version,
      JSON.stringify([{ topic, partition, nextOffset }]),
    ],
  });
  if (rowCount === 0) throw new CheckpointMoved(`${topic}:${partition} is no longer at ${before.nextOffset}`);
};
