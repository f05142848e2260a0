import type { EventLog } from '@palaver/event-log';
import type pg from 'pg';
import { type Checkpoint, checkpointKey, LIVE, readCheckpoints, versionOf } from './model.ts';
import type { Projection } from './projection.ts';

/** `lag` is the log's end offset minus the live model's checkpoint; 0 means that every event is visible. */
export type PartitionLag = {
  readonly topic: string;
  readonly partition: number;
  readonly checkpoint: number;
  readonly end: number;
  readonly lag: number;
  /** How long ago the first record was written that is not folded yet, s, to within a second or 5 %; 0 where there is none. */
  readonly seconds: number;
};

/** How far the live model is behind the log, per partition. Where there is no model yet, the whole log is lag. */
export const projectionLag = async (
  log: EventLog,
  pool: pg.Pool,
  projection: Pick<Projection, 'topics'>,
): Promise<readonly PartitionLag[]> => {
  const checkpoints = (await versionOf(pool, LIVE)) ? await readCheckpoints(pool, LIVE) : new Map<string, Checkpoint>();
  return lagBehind(log, checkpoints, projection.topics);
};

/** The same of checkpoints that were read before. */
export const lagBehind = async (
  log: EventLog,
  checkpoints: ReadonlyMap<string, Checkpoint>,
  topics: readonly string[],
): Promise<readonly PartitionLag[]> => {
  const nowMs = Date.now();
  const ofTopic = async (topic: string): Promise<PartitionLag[]> => {
    const offsetsAt = remembered((ageMs) => log.offsetsAt(topic, nowMs - ageMs));
    return Promise.all(
      (await log.offsets(topic)).map(async ({ partition, end }) => {
        const checkpoint = checkpoints.get(checkpointKey({ topic, partition }))?.nextOffset ?? 0;
        const lag = Math.max(0, end - checkpoint);
        const isOlder = async (ageMs: number): Promise<boolean> =>
          (await offsetsAt(ageMs)).some((at) => at.partition === partition && at.offset > checkpoint);
        const seconds = lag === 0 ? 0 : Math.floor((await ageOf(isOlder, nowMs)) / 1_000);
        return { topic, partition, checkpoint, end, lag, seconds };
      }),
    );
  };
  return (await Promise.all(topics.map(ofTopic))).flat();
};

const FIRST_AGE_MS = 1_000;
const PRECISION = 0.05;

/**
 * How old a record is, ms, by questions whether it is older than this or that: the log tells offsets by times, and not the other way
 * round. Doubled until it is no more, then narrowed down. One question is enough for a record of this second.
 */
const ageOf = async (isOlder: (ageMs: number) => Promise<boolean>, mostMs: number): Promise<number> => {
  let atLeastMs = 0;
  let belowMs = FIRST_AGE_MS;
  while (belowMs < mostMs && (await isOlder(belowMs))) {
    atLeastMs = belowMs;
    belowMs *= 2;
  }
  while (belowMs - atLeastMs > Math.max(FIRST_AGE_MS, atLeastMs * PRECISION)) {
    const middleMs = Math.round((atLeastMs + belowMs) / 2);
    if (await isOlder(middleMs)) atLeastMs = middleMs;
    else belowMs = middleMs;
  }
  return atLeastMs;
};

/** Partitions of a topic ask about the same ages, and share an answer. */
const remembered = <T>(ask: (key: number) => Promise<T>): ((key: number) => Promise<T>) => {
  const answers = new Map<number, Promise<T>>();
  return (key) => {
    const answer = answers.get(key) ?? ask(key);
    answers.set(key, answer);
    return answer;
  };
};
