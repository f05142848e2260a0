import { expect, it } from 'vitest';
import { createReport, type PhaseProgress, phaseText } from './phases.ts';

const output = ({ isTTY }: { isTTY: boolean }) => {
  let text = '';
  const write = (more: string): boolean => {
    text += more;
    return true;
  };
  const out = { isTTY, columns: 60, write } as unknown as NodeJS.WriteStream;
  return { out, text: () => text };
};
const folding = (events: number): PhaseProgress => ({
  phase: 'fold',
  events,
  total: 4_000,
  ratePerSecond: 500,
  secondsLeft: (4_000 - events) / 500,
});
const done = { ...folding(4_000), phase: 'done' };

const twoAtOnce = (report: ReturnType<typeof createReport>): void => {
  report.progress('auth', folding(1_000));
  report.progress('messages', folding(0));
  report.progress('auth', folding(2_000));
  report.progress('auth', { ...folding(4_000), phase: 'index' });
  report.progress('auth', done);
  report.result('auth', { events: 4_000 }, ['auth: rebuilt']);
  report.failed('messages', new Error('Postgres is away'));
  report.end();
};

it('says the rate and the time left while events are folded', () => {
  expect(phaseText(folding(1_000))).toBe('fold      25 %  1,000 of 4,000 events  500/s  6.0 s left');
  expect(phaseText(folding(1_000), { bar: true })).toContain('[██████  ');
  expect(phaseText({ ...done, phase: 'swap' })).toBe('swap');
});

it('gives a line for each phase and result where there is no terminal', () => {
  const { out, text } = output({ isTTY: false });
  twoAtOnce(createReport({ json: false, out }));
  expect(text().split('\n')).toEqual([
    `auth: ${phaseText(folding(1_000))}`,
    `messages: ${phaseText(folding(0))}`,
    'auth: index',
    'auth: rebuilt',
    'messages: failed: Postgres is away',
    '',
  ]);
});

it('gives JSON where it is asked for', () => {
  const { out, text } = output({ isTTY: true });
  twoAtOnce(createReport({ json: true, out }));
  const lines = text().trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { projection: 'auth', ...folding(1_000) },
    { projection: 'messages', ...folding(0) },
    { projection: 'auth', ...folding(4_000), phase: 'index' },
    { projection: 'auth', result: { events: 4_000 } },
    { projection: 'messages', error: 'Postgres is away' },
  ]);
});

/** What a terminal shows in the end. Each drawing goes up to the first of the lines that it replaces, and wipes what is below. */
const screenOf = (text: string): readonly string[] => {
  let lines: readonly string[] = [];
  for (const drawing of text.split('\r\u001b[J')) {
    const [drawn, up = '0'] = drawing.split('\u001b[');
    lines = [...lines, ...drawn!.split('\n').slice(0, -1)];
    lines = lines.slice(0, lines.length - Number.parseInt(up, 10));
  }
  return lines;
};

it('keeps a line in its place for each on a terminal, and results above them', () => {
  const { out, text } = output({ isTTY: true });
  twoAtOnce(createReport({ json: false, out }));
  expect(screenOf(text())).toEqual([
    'auth: rebuilt',
    'messages: failed: Postgres is away',
    'auth      done',
    'messages  failed',
  ]);
});
