import type pg from 'pg';
import type { ParkedEvent, Parking } from './fold.ts';
import { haveSkips, type PartitionRef, SKIPS } from './model.ts';
import { quote } from './sql.ts';

/** An event that somebody has left out: which, the error that it was parked with, who, why and when. */
export type SkippedEvent = ParkedEvent & {
  readonly reason: string;
  readonly skippedBy: string;
  readonly skippedAt: Date;
};

/** What the fold of a partition begins with, after what of it lies in a schema. */
export const readParking = async (
  client: pg.ClientBase | pg.Pool,
  schema: string,
  at: PartitionRef,
): Promise<Parking> => {
  const { rows } = await client.query<{ stream: string }>(
    `select distinct stream from ${quote(schema)}.parked where topic = $1 and partition = $2`,
    [at.topic, at.partition],
  );
  return { streams: new Set(rows.map((row) => row.stream)), skipped: await skippedOffsets(client, at) };
};

export const skippedOffsets = async (
  client: pg.ClientBase | pg.Pool,
  at: PartitionRef,
): Promise<ReadonlySet<number>> => {
  if (!(await haveSkips(client))) return new Set();
  const { rows } = await client.query<{ offset: string }>(
    `select "offset" from ${SKIPS}.skipped where topic = $1 and partition = $2`,
    [at.topic, at.partition],
  );
  return new Set(rows.map((row) => Number(row.offset)));
};

export const insertSkip = async (
  client: pg.ClientBase,
  event: ParkedEvent,
  { reason, by }: { readonly reason: string; readonly by: string },
): Promise<void> => {
  await client.query(
    `insert into ${SKIPS}.skipped (topic, partition, "offset", stream, type, error, reason, skipped_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [event.topic, event.partition, event.offset, event.stream, event.type, event.error, reason, by],
  );
};

/** The latest first. */
export const listSkipped = async (pool: pg.Pool, { limit }: { readonly limit: number }): Promise<SkippedEvent[]> => {
  if (!(await haveSkips(pool))) return [];
  const { rows } = await pool.query(
    `select topic, partition, "offset"::float8 as "offset", stream, type, error, reason,
            skipped_by as "skippedBy", skipped_at as "skippedAt"
     from ${SKIPS}.skipped order by skipped_at desc, topic, partition, "offset" limit $1`,
    [limit],
  );
  return rows;
};
