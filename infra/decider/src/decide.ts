import {
  type Codec,
  eventHeaders,
  eventKey,
  type Headers,
  type LogRecord,
  type Message,
  markerKey,
  type NewRecord,
} from '@palaver/event-log';
import type { AnyDecider, CommandRule, Decision, Json, NewEvent } from './decider.ts';
import { evolve, type Folding, kindOf, streamsOf } from './fold.ts';
import { isKeepable } from './ids.ts';
import type { Work } from './kept-state.ts';
import { commandHeaders, type Outcome, outcomeOf, refused } from './outcome.ts';
import type { StreamState } from './state-store.ts';

/** Most bytes that the events of one command may have, so that they fit one append with what goes before them. */
export const MAX_COMMAND_BYTES = 400_000;

/** A command record as it came from the log. `message` is null when it could not be decoded or read. */
export type Received = {
  readonly record: LogRecord;
  readonly id: string;
  readonly fingerprint: string;
  readonly message: Message | null;
  readonly rule: CommandRule | undefined;
  readonly reads: Readonly<Record<string, { stream: string; initial: Json }>>;
  /** Streams that its events change besides those it reads; known once it has been decided. */
  readonly touched: Set<string>;
  /** Why it can only be refused, if so. */
  readonly fault: Fault | null;
};

/**
 * A refusal that no rule decided. Remembered it is told for ever; but what this owner cannot decide another one may, of a newer version or
 * after a repair: then a repeat under the same id is decided anew.
 */
export type Fault = { readonly outcome: Outcome; readonly remembered: boolean };

/** `records` is what it leaves on the log: never empty (design rule 3). `seen` tells how it went, for the metrics. */
export type Decided = {
  readonly records: readonly NewRecord[];
  readonly outcome: Outcome;
  readonly seen: 'accepted' | 'refused' | 'repeated' | 'faulty';
};

export type DecideContext = {
  readonly decider: AnyDecider;
  readonly folding: Folding;
  readonly events: Codec;
  readonly eventsTopic: string;
  /** A bug or a foreign record, refused for good. */
  readonly onFault: (record: LogRecord, error: unknown) => void;
};

const internal = (detail: string): Outcome => refused('internal', detail);

const undecided = (code: string, detail: string): Fault => ({ outcome: refused(code, detail), remembered: false });
const undecodable = undecided('undecodable_command', 'The command could not be read.');
const unknown = undecided('unknown_command', 'The command is not known to who decides it now. It can be sent again.');
const halted = undecided(
  'partition_halted',
  'What has happened here cannot be read at the moment. It can be sent again.',
);

/** The same command where nothing can be decided: only what was told before can be told. */
export const onHaltedPartition = (received: Received): Received => ({ ...received, fault: halted });

/** Whether a record of the commands topic says whose command it is; others have no id that could be kept or answered. */
const isCommand = ({ key, headers }: LogRecord): boolean =>
  isKeepable(key) &&
  headers[commandHeaders.actor] !== undefined &&
  isKeepable(headers[commandHeaders.fingerprint] || 'none');

/** Reads one command record; the schemas must be known to the codec. Never throws: what is wrong becomes its fault. */
export const receive = (
  { decider, onFault }: Pick<DecideContext, 'decider' | 'onFault'>,
  codec: Codec,
  record: LogRecord,
): Received => {
  const base = {
    record,
    id: isCommand(record) ? record.key : '',
    fingerprint: record.headers[commandHeaders.fingerprint] ?? '',
    reads: {},
    touched: new Set<string>(),
  };
  const faulty = (fault: Fault, error: unknown): Received => {
    onFault(record, error);
    return { ...base, message: null, rule: undefined, fault };
  };
  let message: Message;
  try {
    if (base.id === '') throw new TypeError('the record lacks the key or the headers of a command');
    if (record.value === null) throw new TypeError('the record has no value');
    message = codec.decode(record.value);
  } catch (error) {
    return faulty(undecodable, error);
  }
  const rules: Readonly<Record<string, CommandRule>> = decider.rules;
  const rule = Object.hasOwn(rules, message.type) ? rules[message.type] : undefined;
  if (!rule) return faulty(unknown, `unknown command ${message.type}`);
  try {
    const reads: Record<string, { stream: string; initial: Json }> = {};
    for (const [name, ref] of Object.entries(rule.reads(message.data))) {
      if (!isKeepable(ref.stream)) throw new TypeError(`${ref.stream} is no id of a stream`);
      reads[name] = { stream: ref.stream, initial: ref.kind.initial };
    }
    return { ...base, message, rule, reads, fault: null };
  } catch (error) {
    return faulty({ outcome: internal('The command could not be decided.'), remembered: true }, error);
  }
};

const marker = (received: Received, epoch: string, told: Outcome | null): NewRecord => {
  const { record, id, fingerprint } = received;
  const headers: Record<string, string> = { ...origins(received, epoch), [eventHeaders.index]: '0' };
  if (told) {
    headers[eventHeaders.outcome] = JSON.stringify(told);
    headers[eventHeaders.fingerprint] = fingerprint;
  }
  // One that tells nothing must not share a key with one that does, or compaction would forget the outcome with it.
  const key = markerKey(told ? id : `${id}:${record.offset}`, epoch);
  return { key, value: null, headers, timestampMs: record.timestampMs };
};

const origins = ({ record, id }: Received, epoch: string): Headers => {
  const headers: Record<string, string> = {
    [eventHeaders.command]: id,
    [eventHeaders.commandOffset]: String(record.offset),
    [eventHeaders.epoch]: epoch,
    [eventHeaders.actor]: record.headers[commandHeaders.actor] ?? '',
  };
  for (const name of ['reason', 'traceparent'] as const) {
    const value = record.headers[commandHeaders[name]];
    if (value !== undefined) headers[eventHeaders[name]] = value;
  }
  return headers;
};

type Written = { readonly records: NewRecord[]; readonly states: Map<string, StreamState> };

/** The events change streams that were not loaded; their names are now in `Received.touched`. */
export class NotLoaded extends Error {}

/** Encodes a decision's events and folds them, without touching `work`. Throws on events that the service cannot have meant. */
const write = (
  { decider, events: codec, eventsTopic, folding }: DecideContext,
  received: Received,
  events: readonly NewEvent[],
  work: Work,
  epoch: string,
): Written => {
  const { timestampMs } = received.record;
  const shared = origins(received, epoch);
  const states = new Map<string, StreamState>();
  const records: NewRecord[] = [];
  let bytes = 0;
  for (const { stream, event } of events) {
    const names = streamsOf(folding, stream, event);
    const missing = names.filter((name) => !work.loaded.has(name));
    for (const name of missing) received.touched.add(name);
    if (missing.length > 0) throw new NotLoaded();
    const initial = kindOf(folding, stream)?.initial;
    if (initial === undefined || !names.every(isKeepable))
      throw new TypeError(`${stream} is no stream of ${decider.name}`);
    const version = (states.get(stream) ?? work.stream(stream, initial)).version + 1;
    const value = codec.encode(eventsTopic, event);
    bytes += value.byteLength;
    if (bytes > MAX_COMMAND_BYTES) throw new RangeError(`the events are larger than ${MAX_COMMAND_BYTES} bytes`);
    // What is folded is what a reader of the log will fold, defaults and all.
    const placed = { ...codec.decode(value), stream, version, timestampMs };
    for (const name of names) {
      const kind = kindOf(folding, name);
      if (kind) states.set(name, evolve(kind, name, states.get(name) ?? work.stream(name, kind.initial), placed));
    }
    const headers = { ...shared, [eventHeaders.index]: String(records.length) };
    records.push({ key: eventKey(stream, version, epoch), value, headers, timestampMs });
  }
  return { records, states };
};

const runRule = (received: Received, work: Work): Decision => {
  const { record, message, rule, reads } = received;
  const states: Record<string, Json> = {};
  for (const name in reads) {
    const { stream, initial } = reads[name]!;
    states[name] = work.stream(stream, initial).state;
  }
  return rule!.decide(states, message!.data, {
    id: received.id,
    actor: record.headers[commandHeaders.actor] ?? '',
    timeMs: record.timestampMs,
  });
};

/** Rule 8: what a known id is told; its first outcome, or that the id was used for something else. */
export const toldBefore = (received: Received, work: Work): Outcome | null => {
  const known = work.remembered(received.id, received.record.timestampMs);
  if (!known) return null;
  return known.fingerprint === received.fingerprint
    ? known.outcome
    : refused('idempotency_key_reused', 'This key was used before, for another request.');
};

/**
 * Decides one command on the states in `work`, and evolves them. Synchronous, and pure but for `work` and `onFault`. Throws
 * `NotLoaded`, before it has changed anything.
 */
export const decideOne = (context: DecideContext, received: Received, work: Work, epoch: string): Decided => {
  const told = toldBefore(received, work);
  if (told) return { records: [marker(received, epoch, null)], outcome: told, seen: 'repeated' };
  const { id, fingerprint, record } = received;
  const end = (outcome: Outcome, written: Written, seen: Decided['seen']): Decided => {
    for (const [stream, state] of written.states) work.evolve(stream, state);
    work.remember(id, { timeMs: record.timestampMs, fingerprint, outcome });
    const { records } = written;
    if (records.length === 0) return { records: [marker(received, epoch, outcome)], outcome, seen };
    const last = records.at(-1)!;
    const headers = {
      ...last.headers,
      [eventHeaders.outcome]: JSON.stringify(outcome),
      [eventHeaders.fingerprint]: fingerprint,
    };
    return { records: [...records.slice(0, -1), { ...last, headers }], outcome, seen };
  };
  const nothing: Written = { records: [], states: new Map() };
  const { fault } = received;
  if (fault?.remembered) return end(fault.outcome, nothing, 'faulty');
  if (fault) return { records: [marker(received, epoch, null)], outcome: fault.outcome, seen: 'faulty' };
  try {
    const decision = runRule(received, work);
    const events = decision.kind === 'accepted' ? decision.events : [];
    return end(outcomeOf(decision), write(context, received, events, work, epoch), decision.kind);
  } catch (error) {
    if (error instanceof NotLoaded) throw error;
    context.onFault(record, error);
    return end(internal('The command could not be decided.'), nothing, 'faulty');
  }
};
