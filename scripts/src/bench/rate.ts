import { setTimeout as delay } from 'node:timers/promises';

/** So many at a fixed rate. */
export type Rate = { readonly perSecond: number; readonly seconds: number };

/**
 * Begins the work at a fixed rate, whether or not earlier ones have ended (open loop), and resolves when all have. Rejects as soon as
 * one of them does. The work is given when it was due, on the clock of `performance.now()`.
 */
export const atRate = async ({ perSecond, seconds }: Rate, work: (dueMs: number) => Promise<void>): Promise<void> => {
  const total = Math.round(perSecond * seconds);
  const startedMs = performance.now();
  const dueAt = (count: number): number => startedMs + (count * 1_000) / perSecond;
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const begun: Promise<void>[] = [];
  while (begun.length < total) {
    const now = performance.now();
    for (let dueMs = dueAt(begun.length); begun.length < total && dueMs <= now; dueMs = dueAt(begun.length)) {
      const one = work(dueMs);
      one.catch(failed.reject);
      begun.push(one);
    }
    await Promise.race([delay(1), failed.promise]);
  }
  await Promise.race([Promise.all(begun), failed.promise]);
};
