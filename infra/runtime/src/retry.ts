import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './logger.ts';

export type WaitOptions = {
  readonly logger: Logger;
  readonly signal?: AbortSignal;
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
  /** How often to say what is waited for. */
  readonly logEveryMs?: number;
};

/**
 * Tries until it works: for the dependencies of a process that starts, which may come up later than it does. The pause doubles
 * up to `maxDelayMs`. It says what it waits for at the first failure and then every `logEveryMs`, and when it is there.
 * Throws only the signal's reason, when it is aborted.
 */
export const waitFor = async <T>(
  what: string,
  attempt: () => Promise<T> | T,
  { logger, signal, firstDelayMs = 100, maxDelayMs = 2_000, logEveryMs = 5_000 }: WaitOptions,
): Promise<T> => {
  const startedMs = performance.now();
  let saidMs = Number.NEGATIVE_INFINITY;
  for (let pauseMs = firstDelayMs; ; pauseMs = Math.min(pauseMs * 2, maxDelayMs)) {
    signal?.throwIfAborted();
    try {
      const value = await attempt();
      if (saidMs > 0) logger.info({ what, waitedMs: Math.round(performance.now() - startedMs) }, `${what} is there`);
      return value;
    } catch (error) {
      const nowMs = performance.now();
      if (nowMs - saidMs >= logEveryMs) {
        logger.warn({ what, waitedMs: Math.round(nowMs - startedMs), reason: describe(error) }, `waiting for ${what}`);
        saidMs = nowMs;
      }
    }
    await delay(pauseMs, undefined, signal ? { signal } : {});
  }
};

const describe = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message || error.name : String(error);
};
