import { describe, expect, it } from 'vitest';
import { formatSeconds, progressText } from './progress.ts';

describe('progressText', () => {
  const state = {
    done: 3_000,
    total: 4_000,
    already: 1_000,
    unit: 'messages',
    note: '',
    elapsedMs: 10_000,
    bar: false,
  };

  it('counts the rate and the time left by what this run did', () => {
    expect(progressText(state)).toBe('75 %  3,000 of 4,000 messages  200/s  5.0 s left');
  });

  it('draws a bar', () => {
    expect(progressText({ ...state, bar: true })).toMatch(/^\[█{18} {6}\] {2}75 %/);
  });

  it('knows no time left before anything is done, and none after the end', () => {
    expect(progressText({ ...state, done: 1_000 })).not.toContain('left');
    expect(progressText({ ...state, done: 4_000 })).toBe('100 %  4,000 of 4,000 messages  300/s');
    expect(progressText({ ...state, done: 0, total: 0, already: 0 })).toContain('100 %');
  });
});

describe('formatSeconds', () => {
  it.each([
    [420, '0.4 s'],
    [12_400, '12 s'],
    [185_000, '3 min 05 s'],
  ])('says %i ms as %s', (ms, text) => expect(formatSeconds(ms)).toBe(text));
});
