import type { Logger } from '@palaver/runtime';
import type pg from 'pg';

/** A pool without a listener for errors of its idle connections would end the process when Postgres restarts. */
export const tolerant = (pool: pg.Pool, logger: Logger): pg.Pool =>
  pool.on('error', (error) => logger.warn({ err: error }, 'an idle database connection was lost'));

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
