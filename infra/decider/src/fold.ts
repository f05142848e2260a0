import {
  type Codec,
  eventHeaders,
  isForeign,
  type LogRecord,
  type Message,
  originOf,
  parseEventKey,
  type Taken,
} from '@palaver/event-log';
import type { AnyDecider, EventMeta, Json, StreamKind, StreamRef } from './decider.ts';
import { isKeepable } from './ids.ts';
import type { Work } from './kept-state.ts';
import { parseOutcome } from './outcome.ts';
import type { StreamState } from './state-store.ts';

/** An event that the owner cannot fold. Deciding without it would be deciding wrongly, so nothing is decided on its partition. */
export class PoisonRecord extends Error {
  override readonly name = 'PoisonRecord';
  constructor(record: LogRecord, cause: unknown) {
    super(`${record.topic}:${record.partition}@${record.offset} (${record.key}) cannot be folded: ${cause}`, { cause });
  }
}

export type Kinds = { readonly [kind: string]: StreamKind };

/** How a decider's events are folded: its kinds by name, and the streams that an event also changes. */
export type Folding = {
  readonly kinds: Readonly<Record<string, StreamKind>>;
  readonly touches: (event: Message) => readonly StreamRef[];
};

export const foldingOf = (decider: AnyDecider): Folding => ({
  kinds: Object.fromEntries(decider.kinds.map((kind) => [kind.kind, kind])),
  touches: decider.touches ?? (() => []),
});

/** The kind of a stream id, `<kind>:<id>`; undefined for one that the decider does not know. */
export const kindOf = ({ kinds }: Folding, stream: string): StreamKind | undefined =>
  kinds[stream.slice(0, stream.indexOf(':'))];

/** An event with the stream that it lies in and its version there. */
export type PlacedEvent = Message & EventMeta & { readonly stream: string };

/** Every stream that an event changes: its own, and those that it touches. */
export const streamsOf = (folding: Folding, stream: string, event: Message): readonly string[] => {
  const touched = folding.touches(event);
  return touched.length === 0 ? [stream] : [stream, ...touched.map((ref) => ref.stream)];
};

/**
 * One event onto one of its streams. Only its own stream takes its version. An event type that the kind does not know changes
 * nothing else.
 */
export const evolve = (kind: StreamKind, name: string, before: StreamState, event: PlacedEvent): StreamState => {
  const { type, data, version, timestampMs } = event;
  const handler = Object.hasOwn(kind.evolve, type)
    ? (kind.evolve[type] as (state: Json, data: unknown, meta: EventMeta) => Json)
    : undefined;
  return {
    state: handler ? handler(before.state, data, { version, timestampMs }) : before.state,
    version: name === event.stream ? version : before.version,
  };
};

export type Reader = { readonly take: (record: Pick<LogRecord, 'headers'>) => boolean; readonly last: Taken | null };

/** A batch of records, read: what counts among it, decoded, and the names of all that folding it may touch. */
export type ReadRecords = {
  readonly counted: readonly { readonly record: LogRecord; readonly event: PlacedEvent | null }[];
  readonly streams: ReadonlySet<string>;
  readonly commandIds: ReadonlySet<string>;
};

/**
 * Walks a partition's records in order: `read` finds those that count, `fold` brings them onto a `Work` with their states. Behind a poisonous
 * one nothing is folded any more, but it still walks on, to know which records count.
 */
export class PartitionFold {
  /** Keys of records that no reader takes and that nobody has tombstoned yet. */
  readonly lost = new Set<string>();
  poison: PoisonRecord | null = null;
  private readonly folding: Folding;
  private readonly codec: Codec;
  private readonly reader: Reader;
  private readonly onForeign: (record: LogRecord) => void;

  constructor(options: { folding: Folding; codec: Codec; reader: Reader; onForeign: (record: LogRecord) => void }) {
    this.folding = options.folding;
    this.codec = options.codec;
    this.reader = options.reader;
    this.onForeign = options.onForeign;
  }

  get taken(): Taken | null {
    return this.reader.last;
  }

  /** The records' schemas must be known to the codec. Sets `poison` when one of them cannot be read. */
  read(records: readonly LogRecord[]): ReadRecords {
    const counted: { record: LogRecord; event: PlacedEvent | null }[] = [];
    const streams = new Set<string>();
    const commandIds = new Set<string>();
    for (const record of records) {
      if (!this.counts(record) || this.poison) continue;
      const event = this.eventOf(record);
      counted.push({ record, event });
      if (event) for (const name of streamsOf(this.folding, event.stream, event)) streams.add(name);
      const id = rememberedId(record);
      if (id !== null) commandIds.add(id);
    }
    return { counted, streams, commandIds };
  }

  /** Sets `poison` when one of them cannot be folded. Nothing may be decided on `work` then. */
  fold({ counted }: ReadRecords, work: Work): void {
    for (const { record, event } of counted) {
      try {
        remember(record, work);
        if (event) this.evolveAll(event, work);
      } catch (error) {
        // No owner wrote this tombstone: its outcome is nobody's.
        if (originOf(record.headers) === null) continue;
        this.poison = new PoisonRecord(record, error);
        return;
      }
    }
  }

  private counts(record: LogRecord): boolean {
    if (isForeign(record)) {
      this.onForeign(record);
      return false;
    }
    if (originOf(record.headers) === null) {
      this.lost.delete(record.key);
      return record.headers[eventHeaders.outcome] !== undefined;
    }
    const counts = this.reader.take(record);
    if (!counts) this.lost.add(record.key);
    return counts;
  }

  private eventOf(record: LogRecord): PlacedEvent | null {
    const key = parseEventKey(record.key);
    if (!key || record.value === null || !kindOf(this.folding, key.stream) || !isKeepable(key.stream)) return null;
    try {
      return { ...this.codec.decode(record.value), ...key, timestampMs: record.timestampMs };
    } catch (error) {
      this.poison = new PoisonRecord(record, error);
      return null;
    }
  }

  private evolveAll(event: PlacedEvent, work: Work): void {
    for (const name of streamsOf(this.folding, event.stream, event)) {
      const kind = kindOf(this.folding, name);
      if (kind) work.evolve(name, evolve(kind, name, work.stream(name, kind.initial), event));
    }
  }
}

/**
 * The first outcome of an id stands, for as long as it is remembered. A tombstone of the sweep carries it on: erased is what
 * happened, not that it was asked for.
 */
const remember = (record: LogRecord, work: Work): void => {
  const id = rememberedId(record);
  if (id === null || work.remembered(id, record.timestampMs)) return;
  work.remember(id, {
    timeMs: record.timestampMs,
    fingerprint: record.headers[eventHeaders.fingerprint] ?? '',
    outcome: parseOutcome(record.headers[eventHeaders.outcome]!),
  });
};

/** The id of the command whose outcome the record carries, if it does and a store can hold it. */
const rememberedId = ({ headers }: LogRecord): string | null => {
  const id = headers[eventHeaders.command];
  const carries =
    headers[eventHeaders.outcome] !== undefined && isKeepable(headers[eventHeaders.fingerprint] || 'none');
  return id !== undefined && carries && isKeepable(id) ? id : null;
};
