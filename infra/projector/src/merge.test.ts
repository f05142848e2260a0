import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkChange, Merge, rowKey, shapesOf } from './merge.ts';
import type { Row, RowChange, SqlValue, Table } from './projection.ts';

const table: Table = {
  name: 't',
  columns: { a: 'text not null', b: 'int not null', group: 'text', n: 'bigint', note: 'text' },
  primaryKey: ['a', 'b'],
};
const shapes = shapesOf({ tables: [table] });

type Rows = Map<string, Row>;

const same = (row: Row, where: Row): boolean => Object.keys(where).every((column) => row[column] === where[column]);
const sum = (value: SqlValue | undefined, by: number): SqlValue =>
  value === null || value === undefined ? null : (value as number) + by;

/** What a change means, row by row: the words of `RowChange` as code. */
const apply = (rows: Rows, change: RowChange): void => {
  if (change.kind === 'removeWhere') {
    for (const [id, row] of rows) if (same(row, change.where)) rows.delete(id);
    return;
  }
  const id = rowKey(table, change.kind === 'put' ? change.row : change.key);
  const row = rows.get(id);
  if (change.kind === 'put') rows.set(id, change.row);
  else if (change.kind === 'remove') rows.delete(id);
  else if (row && change.kind === 'patch') rows.set(id, { ...row, ...change.set });
  else if (row && change.kind === 'add') {
    const sums = Object.entries(change.add).map(([column, by]) => [column, sum(row[column], by)]);
    rows.set(id, { ...row, ...Object.fromEntries(sums) });
  }
};

/** What the statements of `writeMerge` do, in their order. */
const write = (rows: Rows, merge: Merge): void => {
  for (const step of merge.tables.get('t') ?? []) {
    for (const where of step.removeWhere) apply(rows, { kind: 'removeWhere', table: 't', where });
    for (const [id, change] of step.rows) {
      if (change.kind === 'removed') rows.delete(id);
      else if (change.kind === 'put') rows.set(id, change.row);
      else {
        apply(rows, { kind: 'patch', table: 't', key: change.key, set: change.set });
        apply(rows, { kind: 'add', table: 't', key: change.key, add: change.add });
      }
    }
  }
};

// Few values, so that changes meet.
const key = fc.record({ a: fc.constantFrom('x', 'y'), b: fc.integer({ min: 1, max: 2 }) });
const group = fc.constantFrom('g', 'h', null);
const n = fc.option(fc.integer({ min: 0, max: 9 }));
const row = fc
  .tuple(key, fc.record({ group, n, note: fc.constantFrom('p', 'q') }))
  .map(([k, rest]) => ({ ...k, ...rest }));
const change: fc.Arbitrary<RowChange> = fc.oneof(
  row.map((r) => ({ kind: 'put' as const, table: 't', row: r })),
  fc
    .tuple(key, fc.record({ group, n, note: fc.constantFrom('r', 's') }, { requiredKeys: [] }))
    .map(([k, set]) => ({ kind: 'patch' as const, table: 't', key: k, set })),
  fc
    .tuple(key, fc.integer({ min: -3, max: 3 }))
    .map(([k, by]) => ({ kind: 'add' as const, table: 't', key: k, add: { n: by } })),
  key.map((k) => ({ kind: 'remove' as const, table: 't', key: k })),
  fc
    .oneof(
      fc.record({ a: fc.constantFrom('x', 'y') }),
      key,
      fc.record({ group }),
      fc.record({ a: fc.constantFrom('x', 'y'), group }),
      fc.record({ n }),
    )
    .map((where) => ({ kind: 'removeWhere' as const, table: 't', where })),
);

const tableOf = (rows: readonly Row[]): Rows => new Map(rows.map((r) => [rowKey(table, r), r]));

describe('a merge', () => {
  test('has the outcome of its changes applied one by one', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), fc.array(change, { maxLength: 12 }), (before, changes) => {
        const oneByOne = tableOf(before);
        for (const each of changes) apply(oneByOne, each);
        const merged = tableOf(before);
        write(merged, new Merge(shapes, changes));
        expect(Object.fromEntries(merged)).toEqual(Object.fromEntries(oneByOne));
      }),
      { numRuns: 5_000 },
    );
  });

  test('writes each row once, however often it changed', () => {
    const k = { a: 'x', b: 1 };
    const merge = new Merge(shapes, [
      { kind: 'put', table: 't', row: { ...k, group: 'g', n: 0, note: '' } },
      ...Array.from({ length: 1000 }, (): RowChange => ({ kind: 'add', table: 't', key: k, add: { n: 1 } })),
    ]);
    expect(merge.tables.get('t')).toEqual([
      {
        removeWhere: [],
        rows: new Map([[rowKey(table, k), { kind: 'put', row: { ...k, group: 'g', n: 1000, note: '' } }]]),
      },
    ]);
  });
});

describe('a change that does not fit its table is refused', () => {
  const k = { a: 'x', b: 1 };
  test.each<[string, RowChange, string]>([
    ['unknown table', { kind: 'remove', table: 'u', key: k }, 'there is no table u'],
    ['unknown column', { kind: 'patch', table: 't', key: k, set: { z: 1 } }, 't has no column z'],
    ['key in part', { kind: 'remove', table: 't', key: { a: 'x' } }, 'remove of t lacks the key column b'],
    ['null in the key', { kind: 'put', table: 't', row: { a: 'x', b: null } }, 'put of t lacks the key column b'],
    ['changed key', { kind: 'patch', table: 't', key: k, set: { b: 2 } }, 'patch of t changes the key column b'],
    ['NUL', { kind: 'patch', table: 't', key: k, set: { note: 'a\u0000' } }, 't.note holds a NUL character'],
    ['no integer', { kind: 'add', table: 't', key: k, add: { n: 0.5 } }, 't.n is no integer'],
    ['undefined', { kind: 'put', table: 't', row: { ...k, n: undefined as never } }, 't.n is undefined'],
  ])('%s', (_name, invalid, message) => {
    expect(() => checkChange(shapes, invalid)).toThrow(message);
  });
});
