import type { Message } from '@palaver/event-log';

/**
 * What a service writes to say how it decides. All of it is pure: no clock, no randomness, no I/O; what a decision needs
 * besides the state of its own partition's streams is in the command.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export type DataOf<M extends Message, T extends M['type']> = Extract<M, { type: T }>['data'];

/** What a fold may know of an event besides its fields. */
export type EventMeta = { readonly timestampMs: number; readonly version: number };

/** One handler per event type of the stream; a new event does not compile until it is handled here. Never rejects. */
export type Evolve<State, E extends Message> = {
  readonly [T in E['type']]: (state: State, data: DataOf<E, T>, meta: EventMeta) => State;
};

/** A kind of stream, such as `member`: its state before the first event (plain JSON, kept small) and its fold. */
export type StreamKind<State extends Json = Json, E extends Message = Message> = {
  readonly kind: string;
  readonly initial: State;
  readonly evolve: Evolve<State, E>;
  /** The stream of this kind with these ids; its id on the log is `<kind>:<id>[:<id>...]`, without `/`. */
  of(...ids: readonly string[]): StreamRef<State, E>;
};

export type StreamRef<State extends Json = Json, E extends Message = Message> = {
  readonly stream: string;
  readonly kind: StreamKind<State, E>;
};

/** An event that a decision yields, with the stream that it belongs to. */
export type NewEvent<E extends Message = Message> = { readonly stream: string; readonly event: E };

/** Accepted with no events means that nothing had to change. `result` is what the sender is told, also when it asks again. */
export type Accepted<E extends Message = Message> = {
  readonly kind: 'accepted';
  readonly events: readonly NewEvent<E>[];
  readonly result: Json;
};
/** A named broken rule: a stable `code` in snake case, never an HTTP number, and a sentence for people. */
export type Refused = { readonly kind: 'refused'; readonly code: string; readonly detail: string };
export type Decision<E extends Message = Message> = Accepted<E> | Refused;

/** A command as a decision sees it. `timeMs` is when it was given, ms since the epoch; `actor` the profile that gave it, or `system`. */
export type CommandContext = { readonly id: string; readonly actor: string; readonly timeMs: number };

// biome-ignore-start lint/suspicious/noExplicitAny: a list holds references to streams of different states and events
type AnyRef = StreamRef<any, any>;
type Refs = { readonly [name: string]: AnyRef };
type StatesOf<R extends Refs> = { readonly [K in keyof R]: R[K] extends StreamRef<infer State, any> ? State : never };
// biome-ignore-end lint/suspicious/noExplicitAny: as above

/** How one command type is decided: where it goes, which streams it reads, and the decision itself. */
export type CommandRule<Data = unknown, E extends Message = Message> = {
  /** The aggregate's root id; commands and events of one root share a partition number. */
  readonly root: (data: Data) => string;
  readonly reads: (data: Data) => Refs;
  readonly decide: (states: { readonly [name: string]: Json }, data: Data, context: CommandContext) => Decision<E>;
};

/** A table of command rules, one per command type. */
export type Decider<C extends Message = Message, E extends Message = Message> = {
  /** The service's name; its topics are `<name>.commands`, `<name>.events` and `<name>.replies`. */
  readonly name: string;
  /** Raised when `evolve` or a state's shape changes: kept states of another version are folded anew. */
  readonly version: number;
  readonly kinds: readonly StreamKind[];
  /**
   * Streams of the same partition whose states fold an event besides the stream that it lies in: a channel's last seq is
   * folded from the messages posted to it, each of which is a stream of its own so that it can be erased alone.
   */
  readonly touches?: (event: E) => readonly AnyRef[];
  /**
   * Whether an event ends its stream, for the erasure sweep: it erases all earlier records of the stream, and leaves the event itself.
   * What is erased must change no fold, neither of the states here nor of any projection: fold(compacted log) = fold(full log).
   */
  readonly ends?: (event: E) => boolean;
  readonly rules: { readonly [T in C['type']]: CommandRule<DataOf<C, T>, E> };
};

/** A decider of any service, as the runtime takes it. */
// biome-ignore lint/suspicious/noExplicitAny: commands and events of all services; each is checked where it is defined
export type AnyDecider = Decider<any, any>;

export const streamKind = <State extends Json, E extends Message>(options: {
  kind: string;
  initial: State;
  evolve: Evolve<State, E>;
}): StreamKind<State, E> => {
  const self: StreamKind<State, E> = {
    ...options,
    of: (...ids) => ({ stream: [options.kind, ...ids].join(':'), kind: self }),
  };
  return self;
};

/** Ties a rule's parts together, so that `decide` sees the states of exactly the streams that `reads` names. */
export const commandRule =
  <Data, E extends Message>() =>
  <R extends Refs>(rule: {
    root: (data: Data) => string;
    reads: (data: Data) => R;
    decide: (states: StatesOf<R>, data: Data, context: CommandContext) => Decision<E>;
  }): CommandRule<Data, E> =>
    rule as unknown as CommandRule<Data, E>;

/** Widens the tables of a service to the types that the runtime works with. */
export const defineDecider = <C extends Message, E extends Message>(decider: {
  name: string;
  version: number;
  // biome-ignore lint/suspicious/noExplicitAny: kinds of different states stand in one list; each is checked where it is defined
  kinds: readonly StreamKind<any, any>[];
  touches?: (event: E) => readonly AnyRef[];
  ends?: (event: E) => boolean;
  rules: { readonly [T in C['type']]: CommandRule<DataOf<C, T>, E> };
}): Decider<C, E> => decider as Decider<C, E>;

export const event = <State extends Json, E extends Message>(ref: StreamRef<State, E>, given: E): NewEvent<E> => ({
  stream: ref.stream,
  event: given,
});

export const accept = <E extends Message>(events: readonly NewEvent<E>[], result: Json): Accepted<E> => ({
  kind: 'accepted',
  events,
  result,
});

export const refuse = (code: string, detail: string): Refused => ({ kind: 'refused', code, detail });
