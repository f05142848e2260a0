import type { Codec, EventLog } from '@palaver/event-log';
import type pg from 'pg';
import {
  addMissingColumns,
  CHANNEL,
  type Checkpoint,
  checkpointKey,
  createIndexes,
  createModel,
  LIVE,
  NEXT,
  OLD,
  readCheckpoints,
  shapeHash,
  versionOf,
} from './model.ts';
import { type Progress, progressReporter, type Reporter } from './progress.ts';
import type { Projection } from './projection.ts';
import { buildPrimaryKeys, foldInto } from './refold.ts';
import { quoteTable } from './sql.ts';
import { inSavepoint, inTransaction, withClient } from './transaction.ts';

/**
 * Makes a model anew beside the live one and puts it in its place:
 *
 *   fold ──▶ index ──▶ catch up ──▶ swap ──▶ clean up
 *    ▲ resumes from model_next's own checkpoints, whenever it was interrupted
 */
export type RebuildOptions = {
  readonly log: EventLog;
  readonly projection: Projection;
  readonly codec: Codec;
  readonly pool: pg.Pool;
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** Interrupts; what was folded is kept, and the next rebuild goes on from there. */
  readonly signal?: AbortSignal;
  /** Events folded and merged in memory before they are written. */
  readonly batchEvents?: number;
  /** 'outdated': waits for a running rebuild, and does nothing when the live model has the code's version by then. */
  readonly only?: 'outdated';
};

export type RebuildPhase = 'fold' | 'index' | 'catch up' | 'swap' | 'clean up' | 'done';

export type RebuildProgress = Progress<RebuildPhase>;

/** Another rebuild or verification of this model runs. */
export class RebuildRunning extends Error {
  override readonly name = 'RebuildRunning';
}

/** Below this distance from the log's end the rest is folded while the workers wait, in the transaction of the swap. */
const NEAR_EVENTS = 2_000;
const SWAP_LOCK_MS = 200;
const SWAP_TRIES = 50;
const DROP_TRIES = 30;

/** Rebuilds a model from offset 0, or from where an interrupted rebuild of the same version stopped. Throws `RebuildRunning`. */
export const rebuild = async (options: RebuildOptions): Promise<void> => {
  const { pool, projection, only, signal } = options;
  const report = progressReporter(options.onProgress);
  await withClient(pool, async (client) => {
    await lockModel(client, { wait: only === 'outdated', ...(signal ? { signal } : {}) });
    try {
      if (only === 'outdated' && (await versionOf(client, LIVE))?.version === projection.version) return;
      for (const schema of [LIVE, NEXT]) await addMissingColumns(client, schema);
      await dropOld(client, { tries: 1 });
      await openNext(client, projection);
      await foldToEnd(client, options, report, 'fold');
      report({ phase: 'index' });
      await finishTables(client, projection);
      await foldToEnd(client, options, report, 'catch up');
      report({ phase: 'swap' });
      await swap(client, options);
      const events = positionsOf(await readCheckpoints(client, LIVE));
      report({ phase: 'clean up', events, total: events });
      await dropOld(client, { tries: DROP_TRIES });
      report({ phase: 'done' });
    } finally {
      await unlockModel(client);
    }
  });
};

/** Whoever holds it, for a session or a transaction, keeps rebuilds and verifications out. */
export const LOCK = `hashtext('palaver rebuild')`;

/** A session's lock, so that a process that dies leaves none behind: Postgres looks for its client also in the midst of a long statement. */
export const lockModel = async (
  client: pg.ClientBase,
  { wait, signal }: { readonly wait: boolean; readonly signal?: AbortSignal },
): Promise<void> => {
  for (;;) {
    signal?.throwIfAborted();
    if (await tryLock(client)) return;
    if (!wait) throw new RebuildRunning('another rebuild or verification of this model is running');
    await pause(client, 500);
  }
};

const tryLock = async (client: pg.ClientBase): Promise<boolean> => {
  await client.query(`set client_connection_check_interval = '500ms'`);
  const { rows } = await client.query<{ locked: boolean }>(`select pg_try_advisory_lock(${LOCK}) as locked`);
  return rows[0]!.locked;
};

export const unlockModel = async (client: pg.ClientBase): Promise<void> => {
  await client.query(`select pg_advisory_unlock(${LOCK})`).catch(() => undefined);
};

/** Whether somebody rebuilds or verifies this model now. */
export const isModelLocked = async (pool: pg.Pool): Promise<boolean> => {
  const { rows } = await pool.query<{ locked: boolean }>(
    `select exists (select from pg_locks where locktype = 'advisory' and granted and objsubid = 1
       and database = (select oid from pg_database where datname = current_database())
       and (classid::bigint << 32) | objid::bigint = ${LOCK}) as locked`,
  );
  return rows[0]!.locked;
};

const pause = (client: pg.ClientBase, ms: number) => client.query('select pg_sleep($1)', [ms / 1000]);

/** Goes on with a `model_next` of the same version and tables; any other is dropped and begun anew. */
const openNext = async (client: pg.ClientBase, projection: Projection): Promise<void> => {
  const next = await versionOf(client, NEXT);
  if (next?.name === projection.name && next.version === projection.version && next.shape === shapeHash(projection))
    return;
  await inTransaction(client, async () => {
    await client.query(`drop schema if exists ${NEXT} cascade`);
    await createModel(client, NEXT, projection, { keys: 'later' });
  });
};

const foldToEnd = async (
  client: pg.ClientBase,
  options: RebuildOptions,
  report: Reporter<RebuildPhase>,
  phase: RebuildPhase,
): Promise<void> => {
  for (;;) {
    const ends = await logEnds(options);
    const checkpoints = await readCheckpoints(client, NEXT);
    const left = distance(checkpoints, ends);
    const total = positionsOf(ends);
    report({ phase, events: total - left, total });
    if (left <= NEAR_EVENTS && (phase !== 'fold' || left === 0)) return;
    await foldInto(client, {
      ...options,
      schema: NEXT,
      ends,
      atomically: (work) => inTransaction(client, work),
      onFolded: (events) => report({ phase, events: total - left + events, total }),
    });
    if (phase === 'fold') return;
  }
};

const logEnds = async ({
  log,
  projection,
}: Pick<RebuildOptions, 'log' | 'projection'>): Promise<Map<string, Checkpoint>> => {
  const ends = new Map<string, Checkpoint>();
  for (const topic of projection.topics)
    for (const { partition, end } of await log.offsets(topic))
      ends.set(checkpointKey({ topic, partition }), { topic, partition, nextOffset: end, taken: null });
  return ends;
};

/** How many log positions lie before these checkpoints. */
export const positionsOf = (checkpoints: ReadonlyMap<string, Checkpoint>): number =>
  [...checkpoints.values()].reduce((sum, { nextOffset }) => sum + nextOffset, 0);

const distance = (from: ReadonlyMap<string, Checkpoint>, to: ReadonlyMap<string, Checkpoint>): number => {
  let left = 0;
  for (const [key, end] of to) left += Math.max(0, end.nextOffset - (from.get(key)?.nextOffset ?? 0));
  return left;
};

/** What COPY went without: keys, indexes, statistics. Each step is skipped where it is done already. */
const finishTables = async (client: pg.ClientBase, projection: Projection): Promise<void> => {
  for (const table of projection.tables) {
    await inTransaction(client, () => buildPrimaryKeys(client, NEXT, [table]));
  }
  await createIndexes(client, NEXT, projection);
  for (const table of projection.tables) await client.query(`analyze ${quoteTable(NEXT, table.name)}`);
};

/**
 * Puts `model_next` in the place of `model`. A reader sees the one or the other: the tables are locked, so that no statement
 * can find some of its tables before the renaming and some after it. Such a lock must wait for running queries, and new
 * queries wait behind it; so it gives up soon and is tried again.
 */
const swap = async (client: pg.ClientBase, options: RebuildOptions): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      await inTransaction(client, () => swapOnce(client, options));
      return;
    } catch (error) {
      const inTheWay = error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '40P01');
      if (!inTheWay || attempt === SWAP_TRIES) throw error;
    }
    await pause(client, 100 + 20 * attempt);
  }
};

const swapOnce = async (client: pg.ClientBase, options: RebuildOptions): Promise<void> => {
  const { projection } = options;
  if (await versionOf(client, LIVE)) {
    // Workers move the checkpoint first in their transactions: from here on they wait, and then find the new model.
    await client.query(`set local lock_timeout = '5s'; lock table ${LIVE}.checkpoint in exclusive mode`);
    await foldInto(client, {
      ...options,
      schema: NEXT,
      ends: await readCheckpoints(client, LIVE),
      atomically: (work) => inSavepoint(client, work),
    });
    // What the model that goes has parked need not be what this one has: workers shall look.
    await client.query(
      `update ${NEXT}.checkpoint n set parked_version = l.parked_version + 1 from ${LIVE}.checkpoint l
       where n.topic = l.topic and n.partition = l.partition`,
    );
    const tables = await tablesOf(client, LIVE);
    await client.query(
      `set local lock_timeout = ${SWAP_LOCK_MS};
       lock table ${tables.map((name) => quoteTable(LIVE, name))} in access exclusive mode;
       alter schema ${LIVE} rename to ${OLD}`,
    );
  }
  await client.query(`alter schema ${NEXT} rename to ${LIVE}`);
  const positions = [...(await readCheckpoints(client, LIVE)).values()].filter(({ topic }) =>
    projection.topics.includes(topic),
  );
  // A payload has at most 8,000 bytes.
  for (let i = 0; i < positions.length; i += 50) {
    const some = positions
      .slice(i, i + 50)
      .map(({ topic, partition, nextOffset }) => ({ topic, partition, nextOffset }));
    await client.query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify(some)]);
  }
};

const tablesOf = async (client: pg.ClientBase, schema: string): Promise<string[]> => {
  const { rows } = await client.query<{ tablename: string }>(
    'select tablename from pg_tables where schemaname = $1 order by tablename',
    [schema],
  );
  return rows.map((row) => row.tablename);
};

/** Drops the replaced model that a rebuild left which died after its swap, unless another one runs. */
export const dropLeftOver = async (pool: pg.Pool): Promise<void> => {
  if ((await versionOf(pool, OLD)) === null) return;
  await withClient(pool, async (client) => {
    if (!(await tryLock(client))) return;
    await dropOld(client, { tries: 1 }).finally(() => unlockModel(client));
  });
};

/** Queries that still run on the replaced model are waited for; if they last, the next rebuild or start of a worker drops it. */
const dropOld = async (client: pg.ClientBase, { tries }: { readonly tries: number }): Promise<void> => {
  for (let attempt = 1; attempt <= tries; attempt++) {
    try {
      await inTransaction(client, async () => {
        await client.query(`set local lock_timeout = '1s'; drop schema if exists ${OLD} cascade`);
      });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '40P01')))
        throw error;
    }
    await pause(client, 200);
  }
};
