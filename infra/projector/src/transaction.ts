import type pg from 'pg';

const ignore = (): void => {};

/**
 * Keeps lost connections from ending the process: a client tells of its own end by an `error` event too, also while it is idle
 * or on its way out of the pool. Whoever needs it learns of it by a failing query.
 */
export const outliveConnections = (pool: pg.Pool): void => {
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
};

/** Takes a connection out of the pool for `use`; one that broke meanwhile does not go back. */
export const withClient = async <T>(pool: pg.Pool, use: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  let broken = false;
  const onError = (): void => {
    broken = true;
  };
  client.on('error', onError);
  try {
    return await use(client);
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
};

/**
 * Runs `work` in a transaction. Its commit does not wait for the disk: rows and checkpoint are lost or kept together, so a
 * Postgres that crashes costs folding a little again, and never a row.
 */
export const inTransaction = async <T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> => {
  await client.query('begin; set local synchronous_commit = off');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(ignore);
    throw error;
  }
};

/** The same inside a transaction that is already open. */
export const inSavepoint = async <T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> => {
  await client.query('savepoint part');
  try {
    const result = await work();
    await client.query('release savepoint part');
    return result;
  } catch (error) {
    await client.query('rollback to savepoint part; release savepoint part').catch(ignore);
    throw error;
  }
};
