import {
  type Appender,
  type Codec,
  type EventLog,
  eventHeaders,
  type LogRecord,
  type Message,
  type NewRecord,
  originOf,
  parseEventKey,
  TakenRecords,
} from '@palaver/event-log';
import { prepareRecords } from './prepare.ts';

export type SweepOptions = {
  readonly log: EventLog;
  readonly appender: Appender;
  readonly topic: string;
  readonly partition: number;
  readonly codec: Codec;
  /** As in `Decider`: the streams that an event of this stream ends. */
  readonly ends: (event: Message, stream: string) => readonly string[];
  /** Most tombstones in one append; by default 1,000. */
  readonly maxBatch?: number;
  /** The time, ms since the epoch; by default this machine's clock. */
  readonly nowMs?: () => number;
};

/** What a sweep has found to erase. */
export type Swept = {
  /** Records that deletions have ended, by the kind of their stream. */
  readonly ended: Readonly<Record<string, number>>;
  /** Records that no reader takes. */
  readonly lost: number;
};

const tombstone = (record: LogRecord, headers: LogRecord['headers'] = {}): NewRecord => ({
  key: record.key,
  value: null,
  headers,
  timestampMs: record.timestampMs,
});

/** That a command was given, and what its sender was told, outlives what it did: it may be asked again. */
const carried = ({ headers }: LogRecord): LogRecord['headers'] => {
  const outcome = headers[eventHeaders.outcome];
  return outcome === undefined
    ? {}
    : {
        [eventHeaders.command]: headers[eventHeaders.command] ?? '',
        [eventHeaders.fingerprint]: headers[eventHeaders.fingerprint] ?? '',
        [eventHeaders.outcome]: outcome,
      };
};

/**
 * Erases from one event partition what deletions have ended, and the records that no reader takes: a tombstone on each of
 * their keys, which compaction then follows. Ends with a record that means nothing but has the time of now: Kafka only ever
 * compacts what lies behind the newest segment, and closes that one when a record is `segment.ms` later than its first. Safe at
 * any time, beside owners at work, and to repeat.
 */
export const sweepPartition = async (options: SweepOptions): Promise<Swept> => {
  const { log, appender, topic, partition, maxBatch = 1_000, nowMs = Date.now } = options;
  const end = (await log.offsets(topic)).find((at) => at.partition === partition)?.end ?? 0;
  const endings = await findEndings(options, end);
  const found = await findTombstones(options, endings, end);
  const records = [...found.values()].map(({ record }) => record);
  for (let from = 0; from < records.length; from += maxBatch)
    await appender.append(topic, partition, records.slice(from, from + maxBatch));
  await appender.append(topic, partition, [{ key: 'sweep', value: null, headers: {}, timestampMs: nowMs() }]);
  return sweptOf(found);
};

/** Where each ended stream ends: the offset of the last event that ended it. A name with `:` at its end is all that begin so. */
type Endings = ReadonlyMap<string, number>;

const findEndings = async (options: SweepOptions, end: number): Promise<Endings> => {
  const { log, topic, partition, codec, ends } = options;
  const endings = new Map<string, number>();
  const taken = new TakenRecords(null);
  await log.read(topic, [{ partition, from: 0, to: end }], async ({ records }) => {
    await prepareRecords(codec, records);
    for (const record of records) {
      const key = parseEventKey(record.key);
      if (!taken.take(record) || !key || record.value === null) continue;
      for (const name of ends(codec.decode(record.value), key.stream)) endings.set(name, record.offset);
    }
  });
  return endings;
};

/** A tombstone to append; `kind` of the ended stream, null for a record that no reader takes. */
type Found = { readonly record: NewRecord; readonly kind: string | null };

const findTombstones = async (
  { log, topic, partition }: SweepOptions,
  endings: Endings,
  end: number,
): Promise<ReadonlyMap<string, Found>> => {
  const found = new Map<string, Found>();
  const taken = new TakenRecords(null);
  await log.read(topic, [{ partition, from: 0, to: end }], ({ records }) => {
    for (const record of records) {
      const counts = taken.take(record);
      const stream = parseEventKey(record.key)?.stream;
      if (originOf(record.headers) === null) found.delete(record.key);
      else if (!counts) found.set(record.key, { record: tombstone(record), kind: null });
      else if (stream !== undefined && record.offset < endOf(stream, endings))
        found.set(record.key, { record: tombstone(record, carried(record)), kind: kindOf(stream) });
    }
  });
  return found;
};

const kindOf = (stream: string): string => stream.slice(0, stream.indexOf(':'));

/** Before which offset the stream's records are ended; 0 when it goes on. */
const endOf = (stream: string, endings: Endings): number => {
  let end = endings.get(stream) ?? 0;
  for (let colon = stream.indexOf(':'); colon >= 0; colon = stream.indexOf(':', colon + 1))
    end = Math.max(end, endings.get(stream.slice(0, colon + 1)) ?? 0);
  return end;
};

const sweptOf = (found: ReadonlyMap<string, Found>): Swept => {
  const ended: Record<string, number> = {};
  let lost = 0;
  for (const { kind } of found.values()) {
    if (kind === null) lost += 1;
    else ended[kind] = (ended[kind] ?? 0) + 1;
  }
  return { ended, lost };
};
