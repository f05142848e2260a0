import { describe, expect, it } from 'vitest';
import { UsageError } from './command.ts';
import { parseDuration, parseTime } from './times.ts';

// A time without a zone is UTC, wherever the operator sits.
process.env.TZ = 'Asia/Tokyo';

const nowMs = Date.UTC(2026, 0, 31, 12);
const parsed = (text: string) => new Date(parseTime('--since', text, nowMs)).toISOString();

describe('parseTime', () => {
  it.each([
    ['10m', '2026-01-31T11:50:00.000Z'],
    ['3d', '2026-01-28T12:00:00.000Z'],
    ['2026-01-30', '2026-01-30T00:00:00.000Z'],
    ['2026-01-30T08:15', '2026-01-30T08:15:00.000Z'],
    ['2026-01-30 08:15:30.25', '2026-01-30T08:15:30.250Z'],
    ['2026-01-30T08:15:00Z', '2026-01-30T08:15:00.000Z'],
    ['2026-01-30T08:15:00+02:00', '2026-01-30T06:15:00.000Z'],
  ])('takes %s for %s', (text, time) => expect(parsed(text)).toBe(time));

  it.each(['', 'yesterday', '10', '10y', '2026', '2026-13-01', '2026-01-30T25:00', '-5m'])('refuses "%s"', (text) =>
    expect(() => parsed(text)).toThrow(UsageError),
  );
});

it('knows durations', () => {
  expect(['90s', '2h', '1w', '5'].map(parseDuration)).toEqual([90_000, 7_200_000, null, null]);
});
