import type { EventLog } from '@palaver/event-log';
import type pg from 'pg';
import { lagBehind, type PartitionLag } from './lag.ts';
import { type Checkpoint, LIVE, ModelMismatch, modelState, NEXT, readCheckpoints, versionOf } from './model.ts';
import { countParked } from './parked.ts';
import type { Projection } from './projection.ts';
import { isModelLocked } from './rebuild.ts';

/**
 * `mismatch`: the live model is newer than the code, or has other tables. `rebuilding` counts before all others: what is wrong with the
 * live model is being mended.
 */
export type ProjectionState = 'live' | 'absent' | 'outdated' | 'mismatch' | 'rebuilding';

export type ProjectionStatus = {
  readonly projection: string;
  readonly state: ProjectionState;
  /** Why the state is `mismatch`. */
  readonly reason?: string;
  /** Of the code that asks, and of the live model; null where there is none. */
  readonly version: { readonly code: number; readonly model: number | null };
  readonly partitions: readonly PartitionLag[];
  readonly parked: { readonly streams: number; readonly events: number };
  /** How far `model_next` is, in log positions; null where there is none. One that nobody works on was interrupted. */
  readonly next: { readonly events: number; readonly total: number } | null;
};

/** How a read model stands: what an operator looks at first. */
export const projectionStatus = async ({
  log,
  pool,
  projection,
}: {
  readonly log: EventLog;
  readonly pool: pg.Pool;
  readonly projection: Projection;
}): Promise<ProjectionStatus> => {
  const model = (await versionOf(pool, LIVE))?.version ?? null;
  const checkpoints = model === null ? new Map<string, Checkpoint>() : await readCheckpoints(pool, LIVE);
  const partitions = await lagBehind(log, checkpoints, projection.topics);
  const folded = (await versionOf(pool, NEXT)) ? await readCheckpoints(pool, NEXT) : null;
  const fit = await fitOf(pool, projection);
  const { streams, events } = await countParked(pool);
  const rebuilding = folded !== null && (await isModelLocked(pool));
  return {
    projection: projection.name,
    ...(rebuilding ? { state: 'rebuilding' } : fit),
    version: { code: projection.version, model },
    partitions,
    parked: { streams, events },
    next: folded && {
      events: [...folded.values()].reduce((sum, { nextOffset }) => sum + nextOffset, 0),
      total: partitions.reduce((sum, { end }) => sum + end, 0),
    },
  };
};

const fitOf = async (pool: pg.Pool, projection: Projection): Promise<Pick<ProjectionStatus, 'state' | 'reason'>> => {
  try {
    const state = await modelState(pool, projection);
    return { state: state === 'current' ? 'live' : state };
  } catch (error) {
    if (error instanceof ModelMismatch) return { state: 'mismatch', reason: error.message };
    throw error;
  }
};
