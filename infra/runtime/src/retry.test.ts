import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';
import { waitFor } from './retry.ts';

const recorded = () => {
  const lines: { msg: string; reason?: string }[] = [];
  return {
    lines,
    logger: createLogger({ name: 't', destination: { write: (line) => void lines.push(JSON.parse(line)) } }),
  };
};

test('tries until it works, and says what it waited for once it is there', async () => {
  const { lines, logger } = recorded();
  let tries = 0;
  const value = await waitFor(
    'the broker',
    async () => {
      tries += 1;
      if (tries < 4) throw new Error('refused');
      return tries;
    },
    { logger, firstDelayMs: 1 },
  );
  expect(value).toBe(4);
  expect(lines.map((line) => line.msg)).toEqual(['waiting for the broker', 'the broker is there']);
  expect(lines[0]).toMatchObject({ what: 'the broker', reason: 'refused' });
});

test('says nothing when it is there at once', async () => {
  const { lines, logger } = recorded();
  expect(await waitFor('it', () => 7, { logger })).toBe(7);
  expect(lines).toEqual([]);
});

test('says it again while it goes on waiting', async () => {
  const { lines, logger } = recorded();
  const until = performance.now() + 100;
  const attempt = () => {
    if (performance.now() < until) throw new AggregateError([new Error('v4'), new Error('v6')]);
  };
  await waitFor('it', attempt, { logger, firstDelayMs: 1, maxDelayMs: 5, logEveryMs: 20 });
  expect(lines.length).toBeGreaterThan(2);
  expect(lines[0]?.reason).toBe('v4; v6');
});

test('ends when it is aborted', async () => {
  const { logger } = recorded();
  const stopping = new AbortController();
  const waiting = waitFor('it', () => Promise.reject(new Error('no')), { logger, signal: stopping.signal });
  stopping.abort(new Error('stopping'));
  await expect(waiting).rejects.toThrow();
});
