export * from './batched.ts';
export type { FoldedEvent, ParkedEvent } from './fold.ts';
export * from './lag.ts';
export {
  CHANNEL,
  type Checkpoint,
  LIVE,
  ModelMismatch,
  type ModelState,
  migrate,
  modelPool,
  modelState,
} from './model.ts';
export * from './pages.ts';
export * from './parked.ts';
export { eventTopic, type PositionWaiter, positionWaiter, serviceOfTopic, UnknownPartition } from './positions.ts';
export type { Progress } from './progress.ts';
export * from './projection.ts';
export { type RebuildOptions, type RebuildPhase, type RebuildProgress, RebuildRunning, rebuild } from './rebuild.ts';
export { type ParkedOptions, type Retried, retryParked, type StreamRef } from './retry.ts';
export { NotFirstParked, type Skipping, skipParked } from './skip.ts';
export { listSkipped, type SkippedEvent } from './skips.ts';
export { type ProjectionState, type ProjectionStatus, projectionStatus } from './status.ts';
export { outliveConnections } from './transaction.ts';
export {
  type ModelAt,
  modelAt,
  type RowDifference,
  type TableVerification,
  UnknownPosition,
  type Verification,
  type VerifyOptions,
  type VerifyPhase,
  verify,
} from './verify.ts';
export {
  type CommittedBatch,
  type Projector,
  type ProjectorHealth,
  type ProjectorHooks,
  type ProjectorOptions,
  startProjector,
} from './worker.ts';
