import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

const linesOf = (level?: string) => {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, logger: createLogger({ name: 'auth', instance: 'a1', destination, ...(level ? { level } : {}) }) };
};

test('lines carry the level as a word, the process, and the time', () => {
  const { lines, logger } = linesOf();
  logger.debug('too fine');
  logger.info({ partition: 3 }, 'folded');
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      name: 'auth',
      instance: 'a1',
      partition: 3,
      msg: 'folded',
    },
  ]);
});

test('secrets are hidden, here and one level down', () => {
  const { lines, logger } = linesOf();
  logger.info({
    password: 'p1',
    headers: { authorization: 'Bearer p2', accept: 'kept' },
    body: { password: 'p3', email: 'kept too' },
    session: { refreshToken: 'p4', accessToken: 'p5' },
  });
  const text = JSON.stringify(lines);
  expect(text).not.toMatch(/p[1-5]"/);
  expect(lines[0]).toMatchObject({ headers: { accept: 'kept' }, body: { email: 'kept too', password: '[hidden]' } });
});
