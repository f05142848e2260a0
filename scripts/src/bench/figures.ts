/** What a benchmark measures, how it is judged, and how it is shown. */

/** `default`: the broker acknowledges what its page cache holds. `flush.messages=1`: what the disk holds. */
export type Durability = 'default' | 'flush.messages=1';

export type Asked =
  /** Ours is at least this part of the limit. */
  | { readonly kind: 'ratio'; readonly atLeast: number }
  /** Ours is at most so many times the limit. */
  | { readonly kind: 'ratio'; readonly atMost: number }
  | { readonly kind: 'value'; readonly atLeast: number }
  | { readonly kind: 'value'; readonly atMost: number };

/** Whether the work that was measured was also done right; `found` says what was found, for people. */
export type Check = { readonly name: string; readonly ok: boolean; readonly found: string };

export type Figure = {
  readonly name: string;
  readonly durability: Durability | null;
  readonly unit: string;
  readonly ours: number;
  /** What the machine could have done in the same run; null where nothing comparable exists. */
  readonly limit: { readonly of: string; readonly value: number } | null;
  /** Ours against the limit, the median of the rounds. */
  readonly ratio: number | null;
  readonly asked: Asked | null;
  readonly checks: readonly Check[];
  /** More of the same measurement, such as other percentiles. */
  readonly details?: Readonly<Record<string, number>>;
};

/** A figure whose work was not done right does not count, however fast it was. */
export const isCorrect = ({ checks }: Figure): boolean => checks.every(({ ok }) => ok);

/** Whether a figure is what was asked for; null where nothing was. */
export const isMet = (figure: Figure): boolean | null => {
  if (!isCorrect(figure)) return false;
  const { asked, ours, ratio } = figure;
  if (asked === null) return null;
  const judged = asked.kind === 'ratio' ? ratio : ours;
  if (judged === null) return false;
  return 'atLeast' in asked ? judged >= asked.atLeast : judged <= asked.atMost;
};

/** Passes when both numbers are the same. */
export const equal = (name: string, expected: number, actual: number): Check => ({
  name,
  ok: expected === actual,
  found: `${count(actual)} of ${count(expected)}`,
});

/** The figures as lines of text, aligned; below them the checks that failed. */
export const figuresTable = (figures: readonly Figure[]): string => {
  const head = ['figure', 'log', 'ours', 'limit', 'ratio', 'asked', 'met', 'limit is'];
  const rows = figures.map((figure) => [
    figure.name,
    figure.durability === null ? '' : figure.durability === 'default' ? 'default' : 'flushed',
    `${number(figure.ours)} ${figure.unit}`,
    figure.limit === null ? '' : number(figure.limit.value),
    figure.ratio === null ? '' : figure.ratio.toFixed(2),
    askedText(figure),
    metText(figure),
    figure.limit?.of ?? '',
  ]);
  const failures = figures.flatMap(({ name, durability, checks }) =>
    checks
      .filter(({ ok }) => !ok)
      .map((check) => `NOT CORRECT: ${name}${durability ? ` (${durability})` : ''}: ${check.name}: ${check.found}`),
  );
  return [...align([head, ...rows], new Set([2, 3, 4])), ...failures].join('\n');
};

const askedText = ({ asked, unit }: Figure): string => {
  if (asked === null) return '';
  if (asked.kind === 'ratio') return 'atLeast' in asked ? `ratio >= ${asked.atLeast}` : `ratio <= ${asked.atMost}`;
  return 'atLeast' in asked ? `>= ${number(asked.atLeast)}` : `<= ${number(asked.atMost)} ${unit}`;
};

const metText = (figure: Figure): string => {
  if (!isCorrect(figure)) return 'wrong';
  const met = isMet(figure);
  return met === null ? '' : met ? 'yes' : 'no';
};

/** Lines whose columns stand under each other; the columns named by `rightOf` are set to the right. */
export const align = (rows: readonly (readonly string[])[], right: ReadonlySet<number>): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (right.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
};

/** Three digits that count: `0.42`, `4.21`, `42.1`, `42,100`. */
export const number = (value: number): string => {
  const digits = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.min(2, Math.max(0, 2 - digits)) });
};

const count = (value: number): string => value.toLocaleString('en-US');
