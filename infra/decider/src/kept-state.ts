import { LRUCache } from 'lru-cache';
import type { Json } from './decider.ts';
import { madeMs } from './ids.ts';
import type { Checkpoint, Claim, Claimed, Remembered, StateStore, StreamState } from './state-store.ts';

/** A command's id is remembered for this long, by the times that commands carry: 48 h, twice what is promised. */
export const REMEMBER_MS = 48 * 3_600_000;
/** Kept rows go this much later, so that a lookup never depends on when the store last forgot. */
const FORGET_MS = REMEMBER_MS * 1.5;

export type KeptStateOptions = {
  /** Most streams, and most commands, held in memory beside those not yet kept in the store. */
  readonly maxInMemory: number;
  /** With more changes than this unkept, nothing more is loaded until the store has taken them. */
  readonly maxUnkept: number;
};

/**
 * Recent entries, and what is known of those that are not among them. While nothing was forgotten that is still wanted, what is not
 * here does not exist. After that a name that ends with a UUIDv7 is known to be new when that is younger than any forgotten: most
 * commands and streams are new, and need no look-up.
 */
class Recent<V extends object> {
  private whole: boolean;
  private forgottenMadeMs: number;
  private readonly entries: LRUCache<string, V>;

  constructor(options: {
    entries: ReadonlyMap<string, V>;
    whole: boolean;
    /** Of what is kept but not among the entries, the youngest. */
    latestMadeMs: number;
    most: number;
    wanted: (value: V) => boolean;
  }) {
    this.whole = options.whole;
    this.forgottenMadeMs = options.whole ? 0 : options.latestMadeMs;
    this.entries = new LRUCache({
      max: options.most,
      dispose: (value, name, reason) => {
        if (reason !== 'evict' || !options.wanted(value)) return;
        this.whole = false;
        this.forgottenMadeMs = Math.max(this.forgottenMadeMs, madeMs(name) ?? 0);
      },
    });
    for (const [name, value] of options.entries) this.entries.set(name, value);
  }

  get(name: string): V | undefined {
    return this.entries.get(name);
  }

  set(name: string, value: V): void {
    this.entries.set(name, value);
  }

  /** Of a name that is not here: whether the store may have it. */
  mayBeKept(name: string): boolean {
    return !this.whole && (madeMs(name) ?? 0) <= this.forgottenMadeMs;
  }
}

/** One kind of entry: those in memory, those changed since they were last kept, and those on their way to the store. */
class Entries<V extends object> {
  private readonly recent: Recent<V>;
  private readonly load: (names: readonly string[]) => Promise<ReadonlyMap<string, V>>;
  unkept = new Map<string, V>();
  leaving = new Map<string, V>();

  constructor(recent: Recent<V>, load: (names: readonly string[]) => Promise<ReadonlyMap<string, V>>) {
    this.recent = recent;
    this.load = load;
  }

  private inMemory(name: string): V | undefined {
    return this.unkept.get(name) ?? this.leaving.get(name) ?? this.recent.get(name);
  }

  /** Fills `into` with those that exist, with at most one call to the store. */
  async fill(names: Iterable<string>, into: Map<string, V>): Promise<void> {
    const missing: string[] = [];
    for (const name of names) {
      const value = this.inMemory(name);
      if (value !== undefined) into.set(name, value);
      else if (this.recent.mayBeKept(name)) missing.push(name);
    }
    if (missing.length === 0) return;
    for (const [name, value] of await this.load(missing)) {
      into.set(name, value);
      this.recent.set(name, value);
    }
  }

  change(name: string, value: V): void {
    this.unkept.set(name, value);
  }

  leave(): void {
    for (const [name, value] of this.unkept) this.leaving.set(name, value);
    this.unkept = new Map();
  }

  left(): void {
    for (const [name, value] of this.leaving) this.recent.set(name, value);
    this.leaving = new Map();
  }

  stayed(): void {
    for (const [name, value] of this.unkept) this.leaving.set(name, value);
    this.unkept = this.leaving;
    this.leaving = new Map();
  }
}

/** What one batch works on: everything it may read, loaded; its changes stay here until they are known to be on the log. */
export class Work {
  readonly streams = new Map<string, StreamState>();
  readonly commands = new Map<string, Remembered>();
  /** The streams that were asked for, whether they exist or not; nothing is known of others. */
  readonly loaded: ReadonlySet<string>;
  readonly changedStreams = new Set<string>();
  readonly changedCommands = new Set<string>();

  constructor(loaded: ReadonlySet<string>) {
    this.loaded = loaded;
  }

  stream(name: string, initial: Json): StreamState {
    return this.streams.get(name) ?? { state: initial, version: 0 };
  }

  evolve(name: string, state: StreamState): void {
    this.streams.set(name, state);
    this.changedStreams.add(name);
  }

  /** The first outcome of this id, when it was given within the time that is remembered. */
  remembered(id: string, timeMs: number): Remembered | undefined {
    const known = this.commands.get(id);
    return known && timeMs - known.timeMs <= REMEMBER_MS ? known : undefined;
  }

  remember(id: string, remembered: Remembered): void {
    this.commands.set(id, remembered);
    this.changedCommands.add(id);
  }
}

/**
 * The fold of one partition as one owner holds it: recent streams and commands in memory, over the store, written behind.
 * A change never leaves memory before the store has it, and the store gets changes only together with their checkpoint.
 */
export class KeptState {
  readonly claim: Claim;
  private readonly store: StateStore;
  private readonly streams: Entries<StreamState>;
  private readonly commands: Entries<Remembered>;
  private readonly options: KeptStateOptions;
  private latestMs = 0;
  /** Of all names that were ever kept, the youngest. */
  private latestMadeMs: number;
  private keeping: Promise<void> | null = null;

  constructor(options: { claim: Claim; store: StateStore; claimed: Claimed; limits: KeptStateOptions }) {
    const { claim, store, claimed, limits } = options;
    this.claim = claim;
    this.store = store;
    this.options = limits;
    this.latestMadeMs = claimed.latestMadeMs;
    const { latestMadeMs } = claimed;
    for (const { timeMs } of claimed.commands.values()) this.latestMs = Math.max(this.latestMs, timeMs);
    this.streams = new Entries(
      new Recent({
        entries: claimed.streams,
        whole: claimed.whole.streams,
        latestMadeMs,
        most: limits.maxInMemory,
        wanted: () => true,
      }),
      (names) => store.streams(claim, names),
    );
    this.commands = new Entries(
      new Recent({
        entries: claimed.commands,
        whole: claimed.whole.commands,
        latestMadeMs,
        most: limits.maxInMemory,
        wanted: ({ timeMs }) => timeMs >= this.latestMs - FORGET_MS,
      }),
      (ids) => store.commands(claim, ids),
    );
  }

  get unkept(): number {
    return this.streams.unkept.size + this.commands.unkept.size;
  }

  get full(): boolean {
    return this.unkept > this.options.maxUnkept;
  }

  async load(streams: ReadonlySet<string>, commandIds: Iterable<string>): Promise<Work> {
    const work = new Work(streams);
    await Promise.all([this.streams.fill(streams, work.streams), this.commands.fill(commandIds, work.commands)]);
    return work;
  }

  /** Takes over what a batch has changed, now that it is on the log. */
  change(work: Work): void {
    for (const name of work.changedStreams) this.streams.change(name, work.streams.get(name)!);
    for (const id of work.changedCommands) {
      const remembered = work.commands.get(id)!;
      this.latestMs = Math.max(this.latestMs, remembered.timeMs);
      this.commands.change(id, remembered);
    }
  }

  /** Writes all changes so far with the checkpoint that they stand at. One at a time; throws what the store throws. */
  keep(checkpoint: Checkpoint): Promise<void> {
    this.keeping ??= this.keepNow(checkpoint).finally(() => {
      this.keeping = null;
    });
    return this.keeping;
  }

  private async keepNow(checkpoint: Checkpoint): Promise<void> {
    this.streams.leave();
    this.commands.leave();
    for (const { leaving } of [this.streams, this.commands])
      for (const name of leaving.keys()) this.latestMadeMs = Math.max(this.latestMadeMs, madeMs(name) ?? 0);
    try {
      await this.store.keep(this.claim, {
        checkpoint,
        streams: this.streams.leaving,
        commands: this.commands.leaving,
        latestMadeMs: this.latestMadeMs,
        forgetBeforeMs: this.latestMs - FORGET_MS,
      });
    } catch (error) {
      this.streams.stayed();
      this.commands.stayed();
      throw error;
    }
    this.streams.left();
    this.commands.left();
  }
}
