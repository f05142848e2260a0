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
export { eventTopic, type PositionWaiter, positionWaiter, UnknownPartition } from './positions.ts';
export type { Progress } from './progress.ts';
export * from './projection.ts';
export { type RebuildOptions, type RebuildPhase, type RebuildProgress, RebuildRunning, rebuild } from './rebuild.ts';
export {
  type RowDifference,
  type TableVerification,
  type Verification,
  type VerifyOptions,
  type VerifyPhase,
  verify,
} from './verify.ts';
export {
  type Projector,
  type ProjectorHealth,
  type ProjectorHooks,
  type ProjectorOptions,
  startProjector,
} from './worker.ts';
