import { setTimeout as delay } from 'node:timers/promises';
import type { Closable, Codec, EventLog, LogRecord } from '@palaver/event-log';
import type { AnyDecider } from './decider.ts';
import { foldingOf } from './fold.ts';
import {
  type DecidedBatch,
  type DeciderLogger,
  type DeciderStats,
  Owner,
  type OwnerLimits,
  type Rule,
} from './owner.ts';
import { type Replies, replySender } from './replies.ts';
import { type StateStore, withStoreFailures } from './state-store.ts';

export type ProcessorOptions = {
  readonly log: EventLog;
  readonly decider: AnyDecider;
  readonly codecs: { readonly commands: Codec; readonly events: Codec };
  readonly store: StateStore;
  readonly groupId: string;
  /** Those who wait in this process; also says which instance this is. */
  readonly replies: Replies;
  /** A new random name for each acquisition of a partition. */
  readonly newEpoch: () => string;
  readonly logger: DeciderLogger;
  /** The processor cannot go on; the process should exit, and its partitions go to another. */
  readonly onCrash: (error: Error) => void;
  /** Told of each batch once it is answered. */
  readonly onDecided?: ((batch: DecidedBatch) => void) | undefined;
  readonly limits?: Partial<OwnerLimits>;
  /** Longest silence before the group takes the partitions away, ms. */
  readonly sessionTimeoutMs?: number;
};

/** What only the simulation sets. */
export type ProcessorInternals = {
  readonly sleep?: (delayMs: number) => Promise<void>;
  readonly nowMs?: () => number;
  readonly without?: ReadonlySet<Rule>;
};

export type Processor = Closable & {
  readonly stats: DeciderStats;
  /** Partition numbers now held. */
  readonly held: readonly number[];
  /** Time of the last sign of progress, ms since the epoch. */
  readonly lastProgressMs: number;
};

export const topicsOf = (name: string) => ({
  commands: `${name}.commands`,
  events: `${name}.events`,
  replies: `${name}.replies`,
});

const defaultLimits: OwnerLimits = {
  maxBatchCommands: 2_000,
  maxBatchBytes: 500_000,
  maxInMemory: 50_000,
  maxUnkept: 200_000,
  keepEveryMs: 1_000,
  keepAfterChanges: 5_000,
  firstRetryMs: 20,
  maxRetryMs: 2_000,
};

const noStats = (): DeciderStats => ({
  accepted: 0,
  refused: 0,
  repeated: 0,
  faulty: 0,
  skipped: 0,
  conflicts: 0,
  folds: 0,
  foldedRecords: 0,
  appends: 0,
  appendedRecords: 0,
  appendMs: 0,
  appendsUnknown: 0,
  appendsRejected: 0,
  lostRecords: 0,
  storeFailures: 0,
  foreignRecords: 0,
  halted: new Map(),
  retrying: new Map(),
  positions: new Map(),
});

/**
 * Decides the commands of `<name>.commands` and appends what follows to `<name>.events`, as a member of the consumer group,
 * one owner per partition (`owner.ts`). Resolves once it has joined; answers go to those who wait, here or over the log.
 */
export const startProcessor = async (
  options: ProcessorOptions,
  { sleep = unrefDelay, nowMs = Date.now, without = new Set() }: ProcessorInternals = {},
): Promise<Processor> => {
  const { log, decider, logger } = options;
  const topics = topicsOf(decider.name);
  const stats = noStats();
  const answer = replySender({
    log,
    topic: topics.replies,
    replies: options.replies,
    nowMs,
    onLost: (error) => logger.warn({ err: error }, 'a reply was lost'),
  });
  const context = {
    log,
    decider,
    folding: foldingOf(decider),
    appender: log.appender(),
    commands: options.codecs.commands,
    events: options.codecs.events,
    store: withStoreFailures(options.store),
    commandsTopic: topics.commands,
    eventsTopic: topics.events,
    newEpoch: options.newEpoch,
    stats,
    logger,
    limits: { ...defaultLimits, ...options.limits },
    answer,
    onDecided: options.onDecided,
    sleep,
    nowMs,
    without,
    onFault: ({ topic, partition, offset, key }: LogRecord, error: unknown) =>
      logger.error({ err: error, topic, partition, offset, key }, 'a command was refused because of a fault'),
  };
  const membership = await log.join({
    groupId: options.groupId,
    topics: [topics.commands],
    positions: 'group',
    acquire: (partition, lease) => new Owner(context, partition, lease),
    onCrash: options.onCrash,
    ...(options.sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs: options.sessionTimeoutMs }),
  });
  return {
    stats,
    get held() {
      return membership.held;
    },
    get lastProgressMs() {
      return membership.lastProgressMs;
    },
    close: async () => {
      await membership.close();
      await context.appender.close();
    },
  };
};

/** A pause that keeps no process alive. */
const unrefDelay = (delayMs: number): Promise<void> => delay(delayMs, undefined, { ref: false });
