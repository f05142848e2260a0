import type pg from 'pg';
import { BEHIND, errorText, type FoldedEvent, mergeEvents, type ParkedEvent, parkedBecause } from './fold.ts';
import { quote } from './sql.ts';
import { type WriteOptions, writeMerge } from './write.ts';

/** SQLSTATE of a Postgres error; null for other errors. */
export const sqlState = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : null;

/**
 * Whether Postgres refused the data of a row: classes 22 (data exception), 23 (constraint), 54 (too large for an index).
 * https://www.postgresql.org/docs/18/errcodes-appendix.html
 */
export const isDataError = (error: unknown): boolean => /^(?:22|23|54)/.test(sqlState(error) ?? '');

/** Whether the statement itself does not fit the database, which no retry mends (class 42). */
export const isProgramError = (error: unknown): boolean => /^42/.test(sqlState(error) ?? '');

/**
 * Writes events of which at least one is refused by Postgres: halves them until the refused ones stand alone, parks those
 * with what follows them in their streams, and writes all others. Works in savepoints of the caller's transaction.
 */
export const writeCarefully = async (
  client: pg.ClientBase,
  options: WriteOptions,
  events: readonly FoldedEvent[],
): Promise<ParkedEvent[]> => {
  const parked: ParkedEvent[] = [];
  const streams = new Set<string>();
  const write = async (part: readonly FoldedEvent[]): Promise<void> => {
    const allowed = part.filter((event) => !streams.has(streamId(event)));
    for (const event of part) if (streams.has(streamId(event))) parked.push(parkedBecause(event, BEHIND));
    if (allowed.length === 0) return;
    await client.query('savepoint careful');
    try {
      await writeMerge(client, options, mergeEvents(options.shapes, allowed));
      await client.query('release savepoint careful');
    } catch (error) {
      if (!isDataError(error)) throw error;
      await client.query('rollback to savepoint careful; release savepoint careful');
      if (allowed.length === 1) {
        parked.push(parkedBecause(allowed[0]!, errorText(error)));
        streams.add(streamId(allowed[0]!));
        return;
      }
      const middle = allowed.length >> 1;
      await write(allowed.slice(0, middle));
      await write(allowed.slice(middle));
    }
  };
  await write(events);
  return parked;
};

const streamId = (event: FoldedEvent): string => `${event.topic}:${event.partition}:${event.stream}`;

export const insertParked = async (
  client: pg.ClientBase,
  schema: string,
  parked: readonly ParkedEvent[],
): Promise<void> => {
  if (parked.length === 0) return;
  await client.query(
    `insert into ${quote(schema)}.parked (topic, partition, "offset", stream, type, error)
     select * from unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[])
     on conflict do nothing`,
    [
      parked.map((event) => event.topic),
      parked.map((event) => event.partition),
      parked.map((event) => event.offset),
      parked.map((event) => event.stream.replaceAll('\u0000', '')),
      parked.map((event) => event.type),
      parked.map((event) => event.error),
    ],
  );
};
