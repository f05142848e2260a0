import { describe, expect, it } from 'vitest';
import { median, overRounds, percentile } from './statistics.ts';

describe('median', () => {
  it('is the middle value', () => expect(median([9, 1, 5])).toBe(5));
  it('is the mean of the two middle values of an even number', () => expect(median([10, 1, 2, 4])).toBe(3));
  it('sorts as numbers', () => expect(median([100, 9, 20])).toBe(20));
  it('does not exist without values', () => expect(() => median([])).toThrow(RangeError));
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  it.each([
    [0, 1],
    [50, 50],
    [99, 99],
    [99.5, 100],
    [100, 100],
  ])('takes the nearest rank: %d', (percent, expected) => expect(percentile(hundred, percent)).toBe(expected));
  it('of one value is that value', () => expect(percentile([7], 99)).toBe(7));
  it('does not exist without values', () => expect(() => percentile([], 50)).toThrow(RangeError));
});

describe('overRounds', () => {
  it('takes the median of the ratios, so that a slow moment of the machine does not count', () => {
    const rounds = [
      { ours: 50, limit: 100 },
      { ours: 10, limit: 20 },
      { ours: 60, limit: 100 },
    ];
    expect(overRounds(rounds)).toEqual({ ours: 50, limit: 100, ratio: 0.5 });
  });
});
