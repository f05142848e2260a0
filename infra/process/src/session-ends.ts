import { setTimeout as delay } from 'node:timers/promises';
import {
  type Batch,
  type Closable,
  type Codec,
  type EventLog,
  type Message,
  UndecodableRecord,
} from '@palaver/event-log';
import type { EndedSessions } from '@palaver/http';
import type { Logger } from '@palaver/runtime';

/**
 * How a process learns that a session has ended, so that it refuses tokens of it at once and not only when they expire. Processes share the
 * event, not a call: each reads the topic for itself, from as far back as a token may live.
 */
export type SessionEnds = {
  readonly topic: string;
  /** The id of the session that this event ends; null for any other event. */
  readonly endedSession: (event: Message) => string | null;
};

/** No token may live as long as this, ms: an access token's 15 minutes, and what clocks may differ by. */
export const longestTokenMs = 16 * 60_000;

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

/**
 * Resolves when `ended` holds every end of the last `longestTokenMs`; from then on it takes in each one as it comes. The topic is followed
 * before the past is read, so that none falls in between. It takes in records that no reader should (of an owner that lost its
 * partition) too: at worst somebody has to sign in again.
 */
export const followSessionEnds = async (options: {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly ends: SessionEnds;
  readonly ended: EndedSessions;
  readonly logger: Logger;
}): Promise<Closable> => {
  const { log, codec, ends, ended, logger } = options;
  const { topic } = ends;
  let closed = false;

  const prepared = async (batch: Batch): Promise<void> => {
    for (let retryMs = FIRST_RETRY_MS; !closed; retryMs = Math.min(2 * retryMs, MAX_RETRY_MS)) {
      try {
        return await codec.prepare(batch.records.map(({ value }) => value));
      } catch (error) {
        logger.warn({ err: error, topic }, 'schemas of ended sessions cannot be loaded; trying again');
        await delay(retryMs, undefined, { ref: false });
      }
    }
  };
  const take = async (batch: Batch): Promise<void> => {
    await prepared(batch);
    for (const { partition, offset, key, value, timestampMs } of batch.records) {
      if (value === null) continue;
      try {
        const sessionId = ends.endedSession(codec.decode(value));
        if (sessionId !== null) ended.end(sessionId, timestampMs);
      } catch (error) {
        if (!(error instanceof UndecodableRecord)) throw error;
        logger.error(
          { err: error, topic, partition, offset, key },
          'an event cannot be read; if it ends a session, that is not known here',
        );
      }
    }
  };

  const count = await log.partitions(topic);
  const partitions = Array.from({ length: count }, (_, partition) => partition);
  let turn: Promise<void> = Promise.resolve();
  const tail = await log.tail(topic, partitions, (batch) => {
    turn = turn.then(() => take(batch));
  });
  const close = async (): Promise<void> => {
    closed = true;
    await tail.close();
    await turn;
  };
  try {
    const since = await log.offsetsAt(topic, Date.now() - longestTokenMs);
    const ranges = since.map(({ partition, offset }) => ({ partition, from: offset }));
    await log.read(topic, ranges, take);
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
};
