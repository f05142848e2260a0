import { createScope } from '@palaver/runtime';
import { expect, test, vi } from 'vitest';
import { startErasure, startJob } from './job.ts';

const scopeOf = () => {
  const logger = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const scope = createScope({
    logger: logger as never,
    crash: (error) => {
      throw error;
    },
  });
  return { scope, logger };
};

test('a job goes on after a turn that fails, and stops between two turns', async () => {
  const { scope, logger } = scopeOf();
  let turns = 0;
  startJob(scope, {
    name: 'counting',
    restMs: 1,
    turn: async () => {
      turns += 1;
      if (turns === 1) throw new Error('away');
    },
  });
  await vi.waitFor(() => expect(turns).toBeGreaterThan(3));
  expect(logger.warn).toHaveBeenCalledTimes(1);
  await scope.stop();
  const done = turns;
  await new Promise((resolve) => setImmediate(resolve));
  expect(turns).toBe(done);
});

test('stopping waits for the turn that is under way, and asks it to end', async () => {
  const { scope } = scopeOf();
  let begun = false;
  let ended = false;
  startJob(scope, {
    name: 'long',
    restMs: 1,
    turn: (signal) => {
      begun = true;
      return new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          ended = true;
          resolve();
        }),
      );
    },
  });
  await vi.waitFor(() => expect(begun).toBe(true));
  await scope.stop();
  expect(ended).toBe(true);
});

test('an erasure looks back to the beginning until that is done, and then two days', async () => {
  const { scope } = scopeOf();
  const looks: { since: Date; at: number }[] = [];
  const erase = async ({ since }: { since: Date }): Promise<void> => {
    looks.push({ since, at: Date.now() });
    if (looks.length === 1) throw new Error('away');
  };
  startErasure(scope, erase, { restMs: 1 });
  await vi.waitFor(() => expect(looks.length).toBeGreaterThan(4));
  await scope.stop();
  expect(looks.slice(0, 2).map(({ since }) => since)).toEqual([new Date(0), new Date(0)]);
  for (const { since, at } of looks.slice(2)) {
    const backHours = (at - since.getTime()) / 3_600_000;
    expect(backHours).toBeGreaterThanOrEqual(48);
    expect(backHours).toBeLessThan(49);
  }
});
