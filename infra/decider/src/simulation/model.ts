import { eventHeaders, type LogRecord, parseEventKey } from '@palaver/event-log';
import type { AnyDecider, CommandRule, Decision, Json, StreamKind } from '../decider.ts';
import { canonicalJson } from '../ids.ts';
import { REMEMBER_MS } from '../kept-state.ts';
import { commandHeaders, type Outcome } from '../outcome.ts';
import type { Remembered, StreamState } from '../state-store.ts';

/** A property that does not hold, in one sentence. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

type Triple = { commandOffset: number; epoch: string; index: number };

/** Design rule 4, written a second time: what the runtime's own readers are held against. */
export class PlainReader {
  private last: Triple | null = null;

  counts({ headers }: LogRecord): boolean {
    const { epoch } = headers;
    if (epoch === undefined) return false;
    const next = { commandOffset: Number(headers['command-offset']), epoch, index: Number(headers.index) };
    const { last } = this;
    const later = !last || next.commandOffset > last.commandOffset;
    const goesOn = last?.commandOffset === next.commandOffset && last.epoch === next.epoch && next.index > last.index;
    if (!later && !goesOn) return false;
    this.last = next;
    return true;
  }
}

/** A plain fold of records that count: no cache, no batches, no store. */
export class PlainFold {
  readonly streams = new Map<string, StreamState>();
  readonly commands = new Map<string, Remembered>();
  private readonly decider: AnyDecider;

  constructor(decider: AnyDecider) {
    this.decider = decider;
  }

  state(stream: string, kind: StreamKind): StreamState {
    return this.streams.get(stream) ?? { state: kind.initial, version: 0 };
  }

  /** The first outcome of an id, while it is remembered. */
  remembered(id: string, timeMs: number): Remembered | undefined {
    const known = this.commands.get(id);
    return known && timeMs - known.timeMs <= REMEMBER_MS ? known : undefined;
  }

  apply(record: LogRecord): void {
    const { headers, timestampMs } = record;
    const id = headers[eventHeaders.command];
    const outcome = headers[eventHeaders.outcome];
    if (id !== undefined && outcome !== undefined && !this.remembered(id, timestampMs))
      this.commands.set(id, {
        timeMs: timestampMs,
        fingerprint: headers[eventHeaders.fingerprint] ?? '',
        outcome: JSON.parse(outcome) as Outcome,
      });
    const key = parseEventKey(record.key);
    if (!key || record.value === null) return;
    const event = JSON.parse(Buffer.from(record.value).toString());
    const touched = (this.decider.touches?.(event) ?? []).map(({ stream }) => stream);
    for (const stream of [key.stream, ...touched]) {
      const kind = this.decider.kinds.find((one) => stream.startsWith(`${one.kind}:`))!;
      const before = this.state(stream, kind);
      const fold = kind.evolve[event.type] as (state: Json, data: unknown, meta: object) => Json;
      const state = fold(before.state, event.data, { timestampMs, version: key.version });
      this.streams.set(stream, { state, version: stream === key.stream ? key.version : before.version });
    }
  }
}

/** Folds what counts of these records, and what the sweep's tombstones carry on of what they erased. */
export const foldOf = (decider: AnyDecider, records: readonly LogRecord[]): PlainFold => {
  const fold = new PlainFold(decider);
  const reader = new PlainReader();
  for (const record of records)
    if (record.headers[eventHeaders.epoch] === undefined || reader.counts(record)) fold.apply(record);
  return fold;
};

const decisionOf = (decider: AnyDecider, fold: PlainFold, record: LogRecord): Decision => {
  const { type, data } = JSON.parse(Buffer.from(record.value!).toString());
  const rule = (decider.rules as Record<string, CommandRule>)[type]!;
  const reads = Object.entries(rule.reads(data));
  const states = Object.fromEntries(reads.map(([name, { stream, kind }]) => [name, fold.state(stream, kind).state]));
  const actor = record.headers[commandHeaders.actor] ?? '';
  return rule.decide(states, data, { id: record.key, actor, timeMs: record.timestampMs });
};

/** What a command says that it did, in a form to compare: events with their streams and versions, and what was told. */
const saidBy = (records: readonly LogRecord[]): string =>
  canonicalJson({
    events: records
      .filter(({ value }) => value !== null)
      .map(({ key, value }) => [parseEventKey(key), JSON.parse(Buffer.from(value!).toString())]),
    told: records.map(({ headers }) => JSON.parse(headers[eventHeaders.outcome] ?? 'null')),
  });

const shouldSay = (decider: AnyDecider, fold: PlainFold, command: LogRecord): string => {
  if (fold.remembered(command.key, command.timestampMs)) return canonicalJson({ events: [], told: [null] });
  const decision = decisionOf(decider, fold, command);
  const versions = new Map<string, number>();
  const given = decision.kind === 'accepted' ? decision.events : [];
  const events = given.map(({ stream, event }) => {
    const version = (versions.get(stream) ?? fold.streams.get(stream)?.version ?? 0) + 1;
    versions.set(stream, version);
    return [{ stream, version }, event];
  });
  const outcome: Outcome =
    decision.kind === 'accepted'
      ? { kind: 'accepted', result: decision.result }
      : { kind: 'refused', code: decision.code, detail: decision.detail };
  const told = Array.from({ length: Math.max(events.length - 1, 0) }, () => null);
  return canonicalJson({ events, told: [...told, outcome] });
};

/** What counts, by the offset of the command that it came from. */
const countedByCommand = (written: readonly LogRecord[]): ReadonlyMap<number, readonly LogRecord[]> => {
  const reader = new PlainReader();
  const groups = new Map<number, LogRecord[]>();
  for (const record of written) {
    if (!reader.counts(record)) continue;
    const offset = Number(record.headers[eventHeaders.commandOffset]);
    groups.set(offset, [...(groups.get(offset) ?? []), record]);
  }
  return groups;
};

/**
 * Of all that was ever written: a command counts whole, by the word of one owner; a refused one has no events; an id is done
 * once, while it is remembered. Returns the commands that left a trace. Throws `Violation`.
 */
export const checkCommands = (written: readonly LogRecord[]): ReadonlySet<number> => {
  const groups = countedByCommand(written);
  const done = new Map<string, number>();
  for (const [offset, records] of groups) {
    const last = records.at(-1)!;
    const owners = new Set(records.map(({ headers }) => headers[eventHeaders.epoch]));
    const inOrder = records.every(({ headers }, index) => headers[eventHeaders.index] === String(index));
    const whole = last.headers[eventHeaders.outcome] !== undefined || (records.length === 1 && last.value === null);
    if (owners.size !== 1 || !inOrder || !whole) throw new Violation(`command ${offset} counts in part`);
    const outcome = JSON.parse(last.headers[eventHeaders.outcome] ?? 'null') as Outcome | null;
    const events = records.filter(({ value }) => value !== null);
    if (outcome?.kind !== 'accepted' && events.length > 0) throw new Violation(`refused command ${offset} has events`);
    const id = last.headers[eventHeaders.command]!;
    const before = done.get(id);
    if (outcome && before !== undefined && last.timestampMs - before <= REMEMBER_MS)
      throw new Violation(`${id} is done twice`);
    if (outcome) done.set(id, last.timestampMs);
  }
  return new Set(groups.keys());
};

/**
 * Where all owners decide alike: what counts is, command by command, exactly what the decider says of the state before it.
 * Owners that decide differently can break this, though nothing else: what one appends behind a decision that lost to
 * another's stands on a state that never was. That is the conflict that pages someone. Throws `Violation`.
 */
export const checkDecisions = (
  decider: AnyDecider,
  written: readonly LogRecord[],
  commands: readonly LogRecord[],
): void => {
  const fold = new PlainFold(decider);
  for (const [offset, records] of countedByCommand(written)) {
    const command = commands[offset];
    if (!command) throw new Violation(`records of command ${offset}, which was never given`);
    const said = saidBy(records);
    const should = shouldSay(decider, fold, command);
    if (said !== should) throw new Violation(`command ${offset} counts as ${said}, but should be decided as ${should}`);
    for (const record of records) fold.apply(record);
  }
};
