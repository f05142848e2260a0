import type { EventLog } from '@palaver/event-log';
import type pg from 'pg';
import { checkpointKey, LIVE, readCheckpoints, versionOf } from './model.ts';
import type { Projection } from './projection.ts';

/** `lag` is the log's end offset minus the live model's checkpoint; 0 means that every event is visible. */
export type PartitionLag = {
  readonly topic: string;
  readonly partition: number;
  readonly checkpoint: number;
  readonly end: number;
  readonly lag: number;
};

/** How far the live model is behind the log, per partition. Where there is no model yet, the whole log is lag. */
export const projectionLag = async (
  log: EventLog,
  pool: pg.Pool,
  projection: Pick<Projection, 'topics'>,
): Promise<readonly PartitionLag[]> => {
  const checkpoints = (await versionOf(pool, LIVE)) ? await readCheckpoints(pool, LIVE) : new Map();
  const lags = await Promise.all(
    projection.topics.map(async (topic) =>
      (await log.offsets(topic)).map(({ partition, end }) => {
        const checkpoint: number = checkpoints.get(checkpointKey({ topic, partition }))?.nextOffset ?? 0;
        return { topic, partition, checkpoint, end, lag: Math.max(0, end - checkpoint) };
      }),
    ),
  );
  return lags.flat();
};
