import {
  type Codec,
  type EventLog,
  type LogRecord,
  parseEventKey,
  partitionOf,
  type Range,
  TakenRecords,
} from '@palaver/event-log';
import type { AnyDecider, Json, StreamKind } from './decider.ts';
import { evolve, type Folding, foldingOf, kindOf, type PlacedEvent, PoisonRecord, streamsOf } from './fold.ts';
import { topicsOf } from './processor.ts';

/** The version of the last event to fold, or the time up to which events count, ms since the epoch. */
export type Until = { readonly version: number } | { readonly timeMs: number };

export type StreamAtOptions = {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly decider: AnyDecider;
  /** `<kind>:<id>[:<id>...]`. */
  readonly stream: string;
  /** By default all events count. */
  readonly until?: Until;
};

/** An event's place on the log, and the version that the stream had with it. */
export type EventPlace = { readonly version: number; readonly offset: number; readonly timeMs: number };

export type StreamAt = {
  /** The kind's initial state when nothing was folded. */
  readonly state: Json;
  /** Of the last event folded; 0 when none of the stream's own was. */
  readonly version: number;
  /** How many events the state is folded from, those of other streams that touch this one included. */
  readonly events: number;
  /** How many versions up to this one are erased. */
  readonly erased: number;
  /** The last event folded; null when none was. */
  readonly last: EventPlace | null;
  /** The first event that is still there, folded or not; null when there is none. */
  readonly first: EventPlace | null;
  /** The stream's last version on the log. */
  readonly latest: number;
};

/** The root id of the aggregate that a stream belongs to: the first id of its name, in every service. */
export const rootIdOf = (stream: string): string => stream.split(':')[1] ?? '';

/**
 * What a stream was: its decider's fold up to a version or a time. What a tombstone lies on is left out, also while compaction has not
 * passed: so the answer is the same before and after, and what was deleted does not come back. Reads the stream's partition
 * twice. Throws `RangeError` on a kind that the decider does not know, `PoisonRecord`.
 */
export const streamAt = async (options: StreamAtOptions): Promise<StreamAt> => {
  const { log, codec, decider, stream, until } = options;
  const folding = foldingOf(decider);
  const kind = kindOf(folding, stream);
  if (!kind) throw new RangeError(`${decider.name} has no stream ${stream}`);
  const topic = topicsOf(decider.name).events;
  const partition = partitionOf(rootIdOf(stream), await log.partitions(topic));
  const to = (await log.offsets(topic)).find((at) => at.partition === partition)?.end ?? 0;
  const range: Range = { partition, from: 0, to };

  const erased = await erasedKeys(log, topic, range);
  const taken = new TakenRecords(null);
  let at = nothing(kind);
  await log.read(topic, [range], async ({ records }) => {
    await codec.prepare(records.map((record) => record.value));
    for (const record of records) {
      if (!taken.take(record) || erased.has(record.key)) continue;
      const event = eventOf(folding, codec, record);
      if (event && streamsOf(folding, event.stream, event).includes(stream))
        at = step(at, event, { kind, stream, offset: record.offset, until });
    }
  });
  const { own, beyond, ...result } = at;
  return { ...result, erased: result.version - own };
};

const erasedKeys = async (log: EventLog, topic: string, range: Range): Promise<ReadonlySet<string>> => {
  const keys = new Set<string>();
  await log.read(topic, [range], ({ records }) => {
    for (const { key, value } of records) if (value === null && parseEventKey(key) !== null) keys.add(key);
  });
  return keys;
};

const eventOf = (folding: Folding, codec: Codec, record: LogRecord): PlacedEvent | null => {
  const key = parseEventKey(record.key);
  if (!key || record.value === null || !kindOf(folding, key.stream)) return null;
  try {
    return { ...codec.decode(record.value), ...key, timestampMs: record.timestampMs };
  } catch (error) {
    throw new PoisonRecord(record, error);
  }
};

/** `own` counts the stream's own events among those folded; `beyond` says that one was met that is not to be folded. */
type Folded = Omit<StreamAt, 'erased'> & { readonly own: number; readonly beyond: boolean };

const nothing = ({ initial }: StreamKind): Folded => ({
  state: initial,
  version: 0,
  events: 0,
  last: null,
  first: null,
  latest: 0,
  own: 0,
  beyond: false,
});

type Step = {
  readonly kind: StreamKind;
  readonly stream: string;
  readonly offset: number;
  readonly until: Until | undefined;
};

const step = (before: Folded, event: PlacedEvent, { kind, stream, offset, until }: Step): Folded => {
  const isOwn = event.stream === stream;
  const version = isOwn ? event.version : before.version;
  const place = { version, offset, timeMs: event.timestampMs };
  const seen = { ...before, first: before.first ?? place, latest: isOwn ? event.version : before.latest };
  if (before.beyond || isBeyond(until, before, place)) return { ...seen, beyond: true };
  const { state } = evolve(kind, stream, before, event);
  return { ...seen, state, version, events: before.events + 1, own: before.own + (isOwn ? 1 : 0), last: place };
};

/** What touches the stream after its wanted version is no part of it any more. */
const isBeyond = (until: Until | undefined, before: Folded, { version, timeMs }: EventPlace): boolean => {
  if (until === undefined) return false;
  if ('timeMs' in until) return timeMs > until.timeMs;
  return version > until.version || before.version === until.version;
};
