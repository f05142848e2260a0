import { outliveConnections } from '@palaver/projector';
import { Gauge, type Logger, type Metrics } from '@palaver/runtime';
import type pg from 'pg';

/** Takes a pool in and gives it back. Its name tells it from the process's others. */
export type WatchPool = (name: string, pool: pg.Pool) => pg.Pool;

/** Watches a process's pools: shows their connections, says when an idle one was lost, and lets none that is lost end the process. */
export const poolWatch = ({ logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics }): WatchPool => {
  const pools = new Map<string, pg.Pool>();
  new Gauge({
    name: 'postgres_pool_connections',
    help: 'Connections to Postgres that are open.',
    labelNames: ['pool', 'state'],
    registers: [metrics],
    collect() {
      for (const [pool, { totalCount, idleCount }] of pools) {
        this.set({ pool, state: 'idle' }, idleCount);
        this.set({ pool, state: 'busy' }, totalCount - idleCount);
      }
    },
  });
  new Gauge({
    name: 'postgres_pool_waiting',
    help: 'Queries that wait for a connection; above 0 for long, the pool is too small or Postgres too slow.',
    labelNames: ['pool'],
    registers: [metrics],
    collect() {
      for (const [pool, { waitingCount }] of pools) this.set({ pool }, waitingCount);
    },
  });
  return (name, pool) => {
    pools.set(name, pool);
    outliveConnections(pool);
    return pool.on('error', (error) => logger.warn({ err: error, pool: name }, 'an idle database connection was lost'));
  };
};

export const databaseCheck = async (
  pool: pg.Pool,
  name = 'database',
): Promise<{ name: string; ok: boolean; detail?: string }> => {
  try {
    await pool.query('select 1');
    return { name, ok: true };
  } catch (error) {
    return { name, ok: false, detail: (error as Error).message };
  }
};
