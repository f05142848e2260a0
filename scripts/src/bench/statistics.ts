/** The middle of the values, the mean of the two middle ones when their number is even. Throws `RangeError` without values. */
export const median = (values: Iterable<number>): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) throw new RangeError('no values have no median');
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
};

/**
 * The value below or at which `percent` of the values lie, by the nearest rank: always one that was measured.
 * Throws `RangeError` without values.
 */
export const percentile = (values: Iterable<number>, percent: number): number => {
  const sorted = Float64Array.from(values).sort();
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new RangeError('no values have no percentile');
  return value;
};

/** Ours and its limit, measured one after the other. */
export type Pair = { readonly ours: number; readonly limit: number };

/**
 * The medians of rounds that took turns. The ratio is the median of the rounds' ratios, not the ratio of the medians: the noise of a
 * shared machine hits both sides of one round alike.
 */
export const overRounds = (rounds: readonly Pair[]): Pair & { readonly ratio: number } => ({
  ours: median(rounds.map(({ ours }) => ours)),
  limit: median(rounds.map(({ limit }) => limit)),
  ratio: median(rounds.map(({ ours, limit }) => ours / limit)),
});
