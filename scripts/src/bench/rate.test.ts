import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { atRate } from './rate.ts';

test('begins each when it is due, however long the others last, and waits for all', async () => {
  const due: number[] = [];
  let ended = 0;
  const startedMs = performance.now();
  await atRate({ perSecond: 200, seconds: 0.1 }, async (dueMs) => {
    due.push(dueMs);
    await delay(150);
    ended += 1;
  });
  expect(ended).toBe(20);
  const gaps = due.slice(1).map((dueMs, index) => dueMs - due[index]!);
  for (const gap of gaps) expect(gap).toBeCloseTo(5);
  // One after the other they would have taken three seconds.
  expect(performance.now() - startedMs).toBeLessThan(1_500);
});

test('ends with the first error', async () => {
  const failing = atRate({ perSecond: 100, seconds: 60 }, () => Promise.reject(new Error('refused')));
  await expect(failing).rejects.toThrow('refused');
});
