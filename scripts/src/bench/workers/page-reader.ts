import { messagesQueries } from '@palaver/projection-messages';
import { modelPool } from '@palaver/projector';
import type pg from 'pg';
import { serveCalls } from '../worker.ts';

/**
 * The limit of reading history: the statement that finds a page, asked by pg alone, over as many connections to Postgres as the service
 * has. The statement is learnt from the view, by letting it ask once for each page.
 */

export type PagesOf = {
  readonly postgresUrl: string;
  readonly channelId: string;
  readonly profileId: string;
  readonly limit: number;
  /** Seqs before which a page is read. */
  readonly before: readonly number[];
};
export type PagesRun = { readonly inFlight: number; readonly seconds: number };
export type PagesRead = { readonly pages: number; readonly elapsedMs: number };

/** As a service's. */
const connections = 10;
let pool: pg.Pool;
let statements: readonly pg.QueryConfig[];

/** What the work asks of the pool. */
const learn = async (work: (pool: pg.Pool) => Promise<unknown>): Promise<readonly pg.QueryConfig[]> => {
  const asked: pg.QueryConfig[] = [];
  const query = (config: pg.QueryConfig) => {
    asked.push(config);
    return pool.query(config);
  };
  await work({ query } as unknown as pg.Pool);
  return asked;
};

const calls = {
  start: async ({ postgresUrl, before, ...page }: PagesOf): Promise<void> => {
    pool = modelPool({ connectionString: postgresUrl, max: connections });
    const first = async (seq: number): Promise<pg.QueryConfig> =>
      (await learn((learning) => messagesQueries(learning).history({ ...page, before: seq })))[0]!;
    statements = await Promise.all(before.map(first));
  },
  run: async ({ inFlight, seconds }: PagesRun): Promise<PagesRead> => {
    const startedMs = performance.now();
    const endMs = startedMs + seconds * 1_000;
    let next = 0;
    const keepOneInFlight = async (): Promise<void> => {
      while (performance.now() < endMs) await pool.query(statements[next++ % statements.length]!);
    };
    await Promise.all(Array.from({ length: inFlight }, keepOneInFlight));
    return { pages: next, elapsedMs: performance.now() - startedMs };
  },
  close: (): Promise<void> => pool.end(),
};
export type PageReaderCalls = typeof calls;

serveCalls(calls);
