import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apply, change, type Rows, row, shapes, table, tableOf } from './changes.fixture.ts';
import { commute, Footprint } from './commute.ts';
import type { RowChange } from './projection.ts';

const after = (before: Rows, changes: readonly RowChange[]): unknown => {
  const rows = new Map(before);
  for (const each of changes) apply(rows, each);
  return Object.fromEntries(rows);
};

test('changes that commute give the same rows in either order', () => {
  let commuting = 0;
  fc.assert(
    fc.property(fc.array(row, { maxLength: 4 }), change, change, (before, a, b) => {
      if (!commute(table, a, b)) return;
      commuting += 1;
      expect(after(tableOf(before), [a, b])).toEqual(after(tableOf(before), [b, a]));
    }),
    { numRuns: 5_000 },
  );
  expect(commuting).toBeGreaterThan(1_000);
});

test('a footprint finds the streams that a later change does not commute with, and no others', () => {
  const named = fc.tuple(fc.constantFrom('s', 't', 'u'), change);
  fc.assert(
    fc.property(fc.array(named, { maxLength: 12 }), change, (earlier, later) => {
      const footprint = new Footprint(shapes);
      for (const [stream, one] of earlier) footprint.add(stream, one);
      const expected = earlier.filter(([, one]) => !commute(table, one, later)).map(([stream]) => stream);
      expect(new Set(footprint.conflicts(later))).toEqual(new Set(expected));
    }),
    { numRuns: 2_000 },
  );
});

describe('what events usually do to the same rows commutes', () => {
  const k = { a: 'x', b: 1 };
  const put: RowChange = { kind: 'put', table: 't', row: { ...k, group: 'g', n: 0, note: '' } };
  test.each<[string, RowChange, RowChange]>([
    [
      'counters',
      { kind: 'add', table: 't', key: k, add: { n: 1 } },
      { kind: 'add', table: 't', key: k, add: { n: 2 } },
    ],
    [
      'columns of their own',
      { kind: 'patch', table: 't', key: k, set: { note: 'r' } },
      { kind: 'add', table: 't', key: k, add: { n: 2 } },
    ],
    ['other rows', put, { kind: 'put', table: 't', row: { ...put.row, b: 2 } }],
    ['a whole part that the row is not of', put, { kind: 'removeWhere', table: 't', where: { a: 'y' } }],
  ])('%s', (_name, a, b) => {
    expect(commute(table, a, b)).toBe(true);
    expect(commute(table, b, a)).toBe(true);
  });
});
