export {
  type CommandClient,
  type CommandClientOptions,
  CommandTimeout,
  commandClient,
  LogUnavailable,
} from './client.ts';
export * from './decider.ts';
export { PoisonRecord } from './fold.ts';
export { canonicalJson, derivedId, fingerprint, newId } from './ids.ts';
export {
  type Command,
  commandHeaders,
  commandRecord,
  type Outcome,
  type Position,
  parseOutcome,
  type Reply,
} from './outcome.ts';
export type { DecidedBatch, DeciderLogger, DeciderStats, OwnerLimits } from './owner.ts';
export { type PostgresStateStore, postgresStateStore } from './postgres-state-store.ts';
export {
  type AnyProcessManager,
  type CausedCommand,
  type CausingEvent,
  causedId,
  type ProcessManager,
  type ProcessManagerOptions,
  startProcessManager,
} from './process-manager.ts';
export { type Processor, type ProcessorOptions, startProcessor, topicsOf } from './processor.ts';
export { createReplies, type Replies } from './replies.ts';
export { memoryStateStore, type StateStore } from './state-store.ts';
export { type EventPlace, rootIdOf, type StreamAt, type StreamAtOptions, streamAt, type Until } from './stream-at.ts';
export { type SweepOptions, type Swept, sweepPartition } from './sweep.ts';
