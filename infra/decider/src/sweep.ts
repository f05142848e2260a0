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
  /** Whether this event ends its stream: all earlier records of it are erased, the event itself stays. */
  readonly endsStream: (event: Message) => boolean;
  /** Most tombstones in one append; by default 1,000. */
  readonly maxBatch?: number;
  /** The time, ms since the epoch; by default this machine's clock. */
  readonly nowMs?: () => number;
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
 * any time, beside owners at work, and to repeat. Returns the number of records erased.
 */
export const sweepPartition = async (options: SweepOptions): Promise<number> => {
  const { log, appender, topic, partition, maxBatch = 1_000, nowMs = Date.now } = options;
  const end = (await log.offsets(topic)).find((at) => at.partition === partition)?.end ?? 0;
  const erased = await findErased(options, end);
  const records = await findTombstones(options, erased, end);
  for (let from = 0; from < records.length; from += maxBatch)
    await appender.append(topic, partition, records.slice(from, from + maxBatch));
  await appender.append(topic, partition, [{ key: 'sweep', value: null, headers: {}, timestampMs: nowMs() }]);
  return records.length;
};

/** Per erased stream, the version of the event that ended it. */
const findErased = async (options: SweepOptions, end: number): Promise<Map<string, number>> => {
  const { log, topic, partition, codec, endsStream } = options;
  const erased = new Map<string, number>();
  const taken = new TakenRecords(null);
  await log.read(topic, [{ partition, from: 0, to: end }], async ({ records }) => {
    await prepareRecords(codec, records);
    for (const record of records) {
      const key = parseEventKey(record.key);
      if (!taken.take(record) || !key || record.value === null) continue;
      if (endsStream(codec.decode(record.value))) erased.set(key.stream, key.version);
    }
  });
  return erased;
};

const findTombstones = async (
  options: SweepOptions,
  erased: ReadonlyMap<string, number>,
  end: number,
): Promise<NewRecord[]> => {
  const { log, topic, partition } = options;
  const tombstones = new Map<string, NewRecord>();
  const taken = new TakenRecords(null);
  await log.read(topic, [{ partition, from: 0, to: end }], ({ records }) => {
    for (const record of records) {
      const counts = taken.take(record);
      if (originOf(record.headers) === null) tombstones.delete(record.key);
      else if (!counts) tombstones.set(record.key, tombstone(record));
      else if (isErased(record, erased)) tombstones.set(record.key, tombstone(record, carried(record)));
    }
  });
  return [...tombstones.values()];
};

const isErased = (record: LogRecord, erased: ReadonlyMap<string, number>): boolean => {
  const key = parseEventKey(record.key);
  return key !== null && key.version < (erased.get(key.stream) ?? 0);
};
