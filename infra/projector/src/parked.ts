import type { Codec, Headers, LogRecord } from '@palaver/event-log';
import type pg from 'pg';
import { errorText } from './fold.ts';
import { LIVE } from './model.ts';
import type { ParkedOptions, StreamRef } from './retry.ts';

/** What the live model has parked, for those who look after it. */

/** A stream that stands still, and what it stands still at. */
export type ParkedStream = StreamRef & {
  /** Events parked. */
  readonly events: number;
  /** Of the first of them, which the others wait for. */
  readonly offset: number;
  /** Null when it could not be decoded. */
  readonly type: string | null;
  readonly error: string;
  readonly since: Date;
};

/** `topics`: events parked, by topic; all but those with none. */
export type ParkedCount = {
  readonly events: number;
  readonly streams: number;
  readonly topics: ReadonlyMap<string, number>;
};

export const countParked = async (pool: pg.Pool): Promise<ParkedCount> => {
  if (!(await hasModel(pool))) return { events: 0, streams: 0, topics: new Map() };
  const { rows } = await pool.query<{ topic: string; events: number; streams: number }>(
    `select topic, count(*)::int as events, count(distinct (partition, stream))::int as streams
     from ${LIVE}.parked group by topic`,
  );
  const total = (of: 'events' | 'streams') => rows.reduce((sum, row) => sum + row[of], 0);
  return {
    events: total('events'),
    streams: total('streams'),
    topics: new Map(rows.map(({ topic, events }) => [topic, events])),
  };
};

const hasModel = async (pool: pg.Pool): Promise<boolean> =>
  (await pool.query(`select to_regclass('${LIVE}.parked') is not null as there`)).rows[0].there;

/** In the order of the log, partition by partition. */
export const listParked = async (pool: pg.Pool, { limit }: { readonly limit: number }): Promise<ParkedStream[]> => {
  if (!(await hasModel(pool))) return [];
  const { rows } = await pool.query<ParkedStream>(
    `select s.topic, s.partition, s.stream, s.events, s."offset"::float8 as "offset", p.type, p.error, s.since
     from (select topic, partition, stream, count(*)::int as events, min("offset") as "offset", min(parked_at) as since
           from ${LIVE}.parked group by topic, partition, stream
           order by topic, partition, min("offset") limit $1) s
     join ${LIVE}.parked p using (topic, partition, "offset")
     order by s.topic, s.partition, s."offset"`,
    [limit],
  );
  return rows;
};

/** A parked event, and its record as the log holds it. */
export type ParkedRecord = {
  readonly offset: number;
  readonly type: string | null;
  readonly error: string;
  readonly parkedAt: Date;
  /** Null when it is gone from the log. `data` is null when it cannot be decoded, and `fault` then says why. */
  readonly record: {
    readonly key: string;
    readonly timestampMs: number;
    readonly headers: Headers;
    readonly data: unknown;
    readonly fault: string | null;
  } | null;
};

/** The first parked events of a stream, in order; none when none is parked. */
export const showParked = async (
  { pool, log, codec }: ParkedOptions,
  { topic, partition, stream }: StreamRef,
  { limit }: { readonly limit: number },
): Promise<ParkedRecord[]> => {
  if (!(await hasModel(pool))) return [];
  const { rows } = await pool.query<Omit<ParkedRecord, 'record'>>(
    `select "offset"::float8 as "offset", type, error, parked_at as "parkedAt" from ${LIVE}.parked
     where topic = $1 and partition = $2 and stream = $3 order by "offset" limit $4`,
    [topic, partition, stream, limit],
  );
  if (rows.length === 0) return [];
  const wanted = new Set(rows.map(({ offset }) => offset));
  const records = new Map<number, LogRecord>();
  const range = { partition, from: rows[0]!.offset, to: rows.at(-1)!.offset + 1 };
  await log.read(topic, [range], (batch) => {
    for (const record of batch.records) if (wanted.has(record.offset)) records.set(record.offset, record);
  });
  await codec.prepare([...records.values()].map(({ value }) => value));
  return rows.map((row) => ({ ...row, record: recordView(codec, records.get(row.offset)) }));
};

const recordView = (codec: Codec, record: LogRecord | undefined): ParkedRecord['record'] => {
  if (!record?.value) return null;
  const { key, timestampMs, headers, value } = record;
  try {
    return { key, timestampMs, headers, data: codec.decode(value).data, fault: null };
  } catch (error) {
    return { key, timestampMs, headers, data: null, fault: errorText(error) };
  }
};
