import type { Taken } from '@palaver/event-log';
import type { Json } from './decider.ts';
import type { Outcome } from './outcome.ts';

/** A stream's fold, and the version of its last event; 0 before the first. */
export type StreamState = { readonly state: Json; readonly version: number };

/** What is remembered of a command (design rule 8). */
export type Remembered = { readonly timeMs: number; readonly fingerprint: string; readonly outcome: Outcome };

/** Up to where the kept states have folded the event partition: the next offset, and the triple of rule 4. */
export type Checkpoint = { readonly offset: number; readonly taken: Taken | null };

/** Who may write a partition's states: the owner that claimed it last. */
export type Claim = { readonly partition: number; readonly epoch: string };

/** What a new owner begins with. `whole` says that nothing else is kept, so that what is not here does not exist. */
export type Claimed = {
  readonly checkpoint: Checkpoint | null;
  readonly streams: ReadonlyMap<string, StreamState>;
  readonly commands: ReadonlyMap<string, Remembered>;
  readonly whole: { readonly streams: boolean; readonly commands: boolean };
  /** As it was kept last; 0 when nothing was kept. */
  readonly latestMadeMs: number;
};

export type Changes = {
  readonly checkpoint: Checkpoint;
  readonly streams: ReadonlyMap<string, StreamState>;
  readonly commands: ReadonlyMap<string, Remembered>;
  /** No name that was ever kept ends with a UUIDv7 made after this, ms since the epoch (`madeMs`). */
  readonly latestMadeMs: number;
  /** Commands given before this may be forgotten, ms since the epoch. */
  readonly forgetBeforeMs: number;
};

/**
 * Where owners keep their folds beyond memory: a cache of the log, so losing it costs time, never data. All calls but
 * `claim` hold the claim of one owner and throw `ClaimLost` when another has claimed the partition since.
 */
export interface StateStore {
  /**
   * Makes this owner the one who may read and write. States of another `version` of the decider are thrown away. Warms it up
   * with the most recent entries, at most `warm` of each kind.
   */
  claim(claim: Claim, options: { readonly version: number; readonly warm: number }): Promise<Claimed>;
  /** Throws everything of the partition away: the log does not go on from it. */
  reset(claim: Claim): Promise<void>;
  /** Those of the streams that are kept. */
  streams(claim: Claim, names: readonly string[]): Promise<ReadonlyMap<string, StreamState>>;
  /** Those of the commands that are kept. */
  commands(claim: Claim, ids: readonly string[]): Promise<ReadonlyMap<string, Remembered>>;
  /** Keeps changes and checkpoint, all or nothing. */
  keep(claim: Claim, changes: Changes): Promise<void>;
}

/** Another owner has claimed the partition: what this one would read may be ahead of it, what it would write behind. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
  constructor(claim: Claim) {
    super(`partition ${claim.partition} was claimed by another owner than ${claim.epoch}`);
  }
}

/** A call to the store failed; `cause` says how. It is a cache: nothing is lost, and the call can be repeated. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
}

/** The same store, each of whose errors is a `StoreFailure`, so that an owner can tell it from one of the log. */
export const withStoreFailures = (store: StateStore): StateStore => {
  const failing = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (cause) {
      throw new StoreFailure(`the state store failed: ${cause}`, { cause });
    }
  };
  return {
    claim: (claim, options) => failing(store.claim(claim, options)),
    reset: (claim) => failing(store.reset(claim)),
    streams: (claim, names) => failing(store.streams(claim, names)),
    commands: (claim, ids) => failing(store.commands(claim, ids)),
    keep: (claim, changes) => failing(store.keep(claim, changes)),
  };
};

type Kept = {
  epoch: string;
  version: number;
  checkpoint: Checkpoint | null;
  streams: Map<string, StreamState>;
  commands: Map<string, Remembered>;
  latestMadeMs: number;
};

const pick = <V>(from: ReadonlyMap<string, V>, names: readonly string[]): Map<string, V> => {
  const found = new Map<string, V>();
  for (const name of names) {
    const value = from.get(name);
    if (value !== undefined) found.set(name, value);
  }
  return found;
};

const newest = <V>(from: ReadonlyMap<string, V>, most: number): Map<string, V> =>
  new Map([...from].slice(Math.max(0, from.size - most)));

/** Keeps everything in this process: for tests, and for services without a database. */
export const memoryStateStore = (): StateStore => {
  const partitions = new Map<number, Kept>();
  const emptied = (epoch: string, version: number): Kept => ({
    epoch,
    version,
    checkpoint: null,
    streams: new Map(),
    commands: new Map(),
    latestMadeMs: 0,
  });
  const claimed = (claim: Claim): Kept => {
    const kept = partitions.get(claim.partition);
    if (kept?.epoch !== claim.epoch) throw new ClaimLost(claim);
    return kept;
  };

  return {
    claim: async ({ partition, epoch }, { version, warm }) => {
      const before = partitions.get(partition);
      const kept = before?.version === version ? { ...before, epoch } : emptied(epoch, version);
      partitions.set(partition, kept);
      return {
        checkpoint: kept.checkpoint,
        streams: newest(kept.streams, warm),
        commands: newest(kept.commands, warm),
        whole: { streams: kept.streams.size <= warm, commands: kept.commands.size <= warm },
        latestMadeMs: kept.latestMadeMs,
      };
    },
    reset: async (claim) => {
      partitions.set(claim.partition, emptied(claim.epoch, claimed(claim).version));
    },
    streams: async (claim, names) => pick(claimed(claim).streams, names),
    commands: async (claim, ids) => pick(claimed(claim).commands, ids),
    keep: async (claim, { checkpoint, streams, commands, latestMadeMs, forgetBeforeMs }) => {
      const kept = claimed(claim);
      kept.checkpoint = checkpoint;
      kept.latestMadeMs = latestMadeMs;
      for (const [name, state] of streams) kept.streams.set(name, state);
      for (const [id, remembered] of commands) kept.commands.set(id, remembered);
      for (const [id, { timeMs }] of kept.commands) if (timeMs < forgetBeforeMs) kept.commands.delete(id);
    },
  };
};
