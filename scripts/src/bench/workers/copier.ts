import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messagesProjection } from '@palaver/projection-messages';
import { LIVE } from '@palaver/projector';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { serveCalls } from '../worker.ts';

/** A limit of replay: the rows that a replay has made, as ready text, copied into an empty table, then the same indexes. */

const table = messagesProjection.tables.find(({ name }) => name === 'message')!;

const calls = {
  run: async ({ postgresUrl }: { postgresUrl: string }): Promise<{ rows: number; elapsedMs: number }> => {
    const client = new pg.Client({ connectionString: postgresUrl });
    await client.connect();
    try {
      const pieces: Buffer[] = [];
      for await (const piece of client.query(copyTo(`copy ${LIVE}.message to stdout`))) pieces.push(piece as Buffer);
      await client.query(`drop table if exists public.message; create table public.message (like ${LIVE}.message)`);
      const startedMs = performance.now();
      await pipeline(Readable.from(pieces), client.query(copyFrom('copy public.message from stdin')));
      await client.query(`alter table public.message add primary key (${table.primaryKey})`);
      for (const [name, definition] of Object.entries(table.indexes ?? {}))
        await client.query(indexDdl(name, definition));
      const elapsedMs = performance.now() - startedMs;
      const { rows } = await client.query<{ count: string }>('select count(*) from public.message');
      return { rows: Number(rows[0]!.count), elapsedMs };
    } finally {
      await client.end();
    }
  },
};
export type CopierCalls = typeof calls;

const indexDdl = (name: string, definition: string): string => {
  const unique = definition.startsWith('unique ') ? 'unique ' : '';
  return `create ${unique}index ${name} on public.message ${definition.slice(unique.length)}`;
};

serveCalls(calls);
