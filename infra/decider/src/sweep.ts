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
  UndecodableRecord,
} from '@palaver/event-log';

export type SweepOptions = {
  readonly log: EventLog;
  readonly appender: Appender;
  readonly topic: string;
  readonly partition: number;
  readonly codec: Codec;
  /** As in `Decider`: whether an event ends its stream. */
  readonly ends: (event: Message) => boolean;
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
  /** Events that cannot be read. If one of them ends its stream, that is for the sweep that can read it. */
  readonly unreadable: number;
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
  const { endings, unreadable } = await findEndings(options, end);
  const found = await findTombstones(options, endings, end);
  const records = [...found.values()].map(({ record }) => record);
  for (let from = 0; from < records.length; from += maxBatch)
    await appender.append(topic, partition, records.slice(from, from + maxBatch));
  await appender.append(topic, partition, [{ key: 'sweep', value: null, headers: {}, timestampMs: nowMs() }]);
  return { ...sweptOf(found), unreadable };
};

/** Per ended stream, the version of the last event that ended it. */
type Endings = ReadonlyMap<string, number>;

const findEndings = async (
  options: SweepOptions,
  end: number,
): Promise<{ readonly endings: Endings; readonly unreadable: number }> => {
  const { log, topic, partition, codec, ends } = options;
  const endings = new Map<string, number>();
  let unreadable = 0;
  const isEnd = (value: Uint8Array): boolean => {
    try {
      return ends(codec.decode(value));
    } catch (error) {
      if (!(error instanceof UndecodableRecord)) throw error;
      unreadable += 1;
      return false;
    }
  };
  const taken = new TakenRecords(null);
  await log.read(topic, [{ partition, from: 0, to: end }], async ({ records }) => {
    await codec.prepare(records.map(({ value }) => value));
    for (const record of records) {
      const key = parseEventKey(record.key);
      if (!taken.take(record) || !key || record.value === null) continue;
      if (isEnd(record.value)) endings.set(key.stream, key.version);
    }
  });
  return { endings, unreadable };
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
      const key = parseEventKey(record.key);
      if (originOf(record.headers) === null) found.delete(record.key);
      else if (!counts) found.set(record.key, { record: tombstone(record), kind: null });
      else if (key !== null && key.version < (endings.get(key.stream) ?? 0))
        found.set(record.key, { record: tombstone(record, carried(record)), kind: kindOf(key.stream) });
    }
  });
  return found;
};

const kindOf = (stream: string): string => stream.slice(0, stream.indexOf(':'));

const sweptOf = (found: ReadonlyMap<string, Found>): Omit<Swept, 'unreadable'> => {
  const ended: Record<string, number> = {};
  let lost = 0;
  for (const { kind } of found.values()) {
    if (kind === null) lost += 1;
    else ended[kind] = (ended[kind] ?? 0) + 1;
  }
  return { ended, lost };
};
