import { UsageError } from './command.ts';

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `10m`, `2h`, `3d` in ms; null when the text is none of these. */
export const parseDuration = (text: string): number | null => {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  return match ? Number(match[1]) * unitsMs[match[2]!]! : null;
};

const iso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * A moment, ms since the epoch: ISO 8601, UTC where it names no zone, or how long ago. Throws `UsageError` that names the option and what it
 * takes.
 */
export const parseTime = (option: string, text: string, nowMs: number, takes = 'a time'): number => {
  const agoMs = parseDuration(text);
  if (agoMs !== null) return nowMs - agoMs;
  const match = iso.exec(text);
  const timeMs = match ? Date.parse(match[1] || text.length === 10 ? text : `${text}Z`) : Number.NaN;
  if (Number.isNaN(timeMs))
    throw new UsageError(
      `${option} is "${text}"; it takes ${takes} such as 2026-01-31T12:00 (UTC), or 10m, 2h, 3d ago`,
    );
  return timeMs;
};
