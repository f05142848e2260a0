import { rootIdOf } from '@palaver/decider';
import { type Codec, eventHeaders, type LogRecord, originOf, parseEventKey } from '@palaver/event-log';
import { formatPosition, serviceOfTopic } from '@palaver/projector';

/**
 * What a record of an event topic is: an `event` or a `marker` (of a command that was refused or changed nothing) that readers take; a
 * `repeat` that they pass over, since another owner's record came first; a `tombstone` that erases the record of its key; a `filler`
 * of the sweep, which means nothing.
 */
export type EntryKind = 'event' | 'marker' | 'repeat' | 'tombstone' | 'filler';

/** A record, read. What a record of its kind does not have is null. */
export type Entry = {
  readonly kind: EntryKind;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly position: string;
  readonly time: string;
  readonly stream: string | null;
  readonly version: number | null;
  readonly type: string | null;
  readonly actor: string | null;
  readonly command: string | null;
  readonly reason: string | null;
  /** What the sender was told, on a command's last record. */
  readonly outcome: unknown;
  readonly data: unknown;
  /** Why the record cannot be decoded. */
  readonly error: string | null;
};

/** `counts`: whether readers take it (rule 4). The codec must know its schema. */
export const entryOf = (record: LogRecord, { counts, codec }: { counts: boolean; codec: Codec }): Entry => {
  const { topic, partition, offset, headers } = record;
  const key = parseEventKey(record.key);
  return {
    kind: kindOf(record, counts),
    topic,
    partition,
    offset,
    position: formatPosition({ service: serviceOfTopic(topic), partition, offset }),
    time: new Date(record.timestampMs).toISOString(),
    stream: key?.stream ?? null,
    version: key?.version ?? null,
    ...decoded(record, codec),
    actor: headers[eventHeaders.actor] ?? null,
    command: headers[eventHeaders.command] ?? null,
    reason: headers[eventHeaders.reason] ?? null,
    outcome: outcomeOf(headers[eventHeaders.outcome]),
  };
};

const kindOf = ({ key, value, headers }: LogRecord, counts: boolean): EntryKind => {
  if (originOf(headers) === null) return key.includes('/') ? 'tombstone' : 'filler';
  if (!counts) return 'repeat';
  return value === null ? 'marker' : 'event';
};

const decoded = ({ value }: LogRecord, codec: Codec): Pick<Entry, 'type' | 'data' | 'error'> => {
  if (value === null) return { type: null, data: null, error: null };
  try {
    return { ...codec.decode(value), error: null };
  } catch (error) {
    return { type: null, data: null, error: (error as Error).message };
  }
};

const outcomeOf = (text: string | undefined): unknown => {
  if (text === undefined) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** Which records are wanted. */
export type Wanted = {
  readonly kinds: ReadonlySet<EntryKind>;
  /** A stream's whole name; or an id alone, for all streams that it occurs in. */
  readonly stream?: string;
  readonly types?: ReadonlySet<string>;
  readonly sinceMs?: number;
};

/** Asked before a record is decoded. */
export const mayBeWanted = (record: LogRecord, { stream, sinceMs }: Wanted): boolean => {
  if (sinceMs !== undefined && record.timestampMs < sinceMs) return false;
  if (stream === undefined) return true;
  const found = parseEventKey(record.key)?.stream;
  if (found === undefined) return false;
  return stream.includes(':') ? found === stream : found.split(':').includes(stream, 1);
};

export const isWanted = ({ kind, type }: Entry, { kinds, types }: Wanted): boolean =>
  kinds.has(kind) && (types === undefined || (type !== null && types.has(type)));

/** The id that says which partition holds a stream; null where an id alone is wanted, which may lie anywhere. */
export const rootOfWanted = (stream: string): string | null => (stream.includes(':') ? rootIdOf(stream) : null);
