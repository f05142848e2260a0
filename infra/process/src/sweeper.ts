import { type AnyDecider, type Swept, sweepPartition, topicsOf } from '@palaver/decider';
import type { Codec, EventLog } from '@palaver/event-log';
import type { Scope } from '@palaver/runtime';
import type pg from 'pg';
import { startJob } from './job.ts';

export type SweepTopicOptions = {
  readonly log: EventLog;
  readonly decider: AnyDecider;
  /** Of its events. */
  readonly codec: Codec;
  /** Asked for between two partitions. */
  readonly signal?: AbortSignal;
};

/** Sweeps a service's event topic, one partition after the other. */
export const sweepTopic = async ({ log, decider, codec, signal }: SweepTopicOptions): Promise<Swept> => {
  const topic = topicsOf(decider.name).events;
  const ends = decider.ends ?? (() => false);
  const appender = log.appender();
  const ended: Record<string, number> = {};
  let lost = 0;
  let unreadable = 0;
  try {
    for (let partition = 0; partition < (await log.partitions(topic)); partition += 1) {
      signal?.throwIfAborted();
      const swept = await sweepPartition({ log, appender, topic, partition, codec, ends });
      for (const [kind, count] of Object.entries(swept.ended)) ended[kind] = (ended[kind] ?? 0) + count;
      lost += swept.lost;
      unreadable += swept.unreadable;
    }
  } finally {
    await appender.close();
  }
  return { ended, lost, unreadable };
};

/** How often the sweeper looks whether its time has come, ms: so an interval holds across restarts, and however many instances there are. */
const lookEveryMs = 60_000;

export type SweeperOptions = Omit<SweepTopicOptions, 'signal'> & {
  /** Keeps when the last sweep began. */
  readonly pool: pg.Pool;
  readonly intervalMs: number;
};

/** The erasure sweep as a job of a service: by one of its instances at a time, every so often. */
export const startSweeper = async (scope: Scope, options: SweeperOptions): Promise<void> => {
  const { pool, decider, intervalMs } = options;
  const { name } = decider;
  await scope.waitFor('database', () => createSweepSchema(pool, name));
  startJob(scope, {
    name: 'sweep',
    restMs: Math.min(lookEveryMs, intervalMs),
    turn: async (signal) => {
      if (!(await claimSweep(pool, { name, intervalMs }))) return;
      try {
        scope.logger.info({ swept: await sweepTopic({ ...options, signal }) }, 'swept');
      } catch (error) {
        // Or nothing would be erased for another interval.
        await giveBackSweep(pool, name);
        throw error;
      }
    },
  });
};

/** The first sweep comes an interval after the first start. One statement is one transaction; the lock lets several instances start at once. */
export const createSweepSchema = async (pool: pg.Pool, name: string): Promise<void> => {
  await pool.query(`
    select pg_advisory_xact_lock(hashtext('palaver sweep'));
    create schema if not exists sweep;
    create table if not exists sweep.begun (name text primary key, at timestamptz not null)`);
  await pool.query('insert into sweep.begun (name, at) values ($1, now()) on conflict do nothing', [name]);
};

/** Whether it is this process's turn to sweep: when the last one began an interval ago, it is that of whoever asks first. */
export const claimSweep = async (
  pool: pg.Pool,
  { name, intervalMs }: { name: string; intervalMs: number },
): Promise<boolean> => {
  const { rowCount } = await pool.query(
    `update sweep.begun set at = now() where name = $1 and at <= now() - $2 * interval '1 ms'`,
    [name, intervalMs],
  );
  return rowCount === 1;
};

export const giveBackSweep = async (pool: pg.Pool, name: string): Promise<void> => {
  await pool.query(`update sweep.begun set at = '-infinity' where name = $1`, [name]);
};
