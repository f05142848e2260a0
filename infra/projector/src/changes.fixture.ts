import fc from 'fast-check';
import { rowKey, shapesOf } from './merge.ts';
import type { Row, RowChange, SqlValue, Table } from './projection.ts';

/** For pure tests of row changes: a table in memory, what each change means there, and changes that meet each other often. */

export const table: Table = {
  name: 't',
  columns: { a: 'text not null', b: 'int not null', group: 'text', n: 'bigint', note: 'text' },
  primaryKey: ['a', 'b'],
};
export const shapes = shapesOf({ tables: [table] });

export type Rows = Map<string, Row>;

const same = (row: Row, where: Row): boolean => Object.keys(where).every((column) => row[column] === where[column]);
const sum = (value: SqlValue | undefined, by: number): SqlValue =>
  value === null || value === undefined ? null : (value as number) + by;

/** What a change means, row by row: the words of `RowChange` as code. */
export const apply = (rows: Rows, change: RowChange): void => {
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

// Few values, so that changes meet.
export const key = fc.record({ a: fc.constantFrom('x', 'y'), b: fc.integer({ min: 1, max: 2 }) });
const group = fc.constantFrom('g', 'h', null);
const n = fc.option(fc.integer({ min: 0, max: 9 }));
export const row = fc
  .tuple(key, fc.record({ group, n, note: fc.constantFrom('p', 'q') }))
  .map(([k, rest]) => ({ ...k, ...rest }));
export const change: fc.Arbitrary<RowChange> = fc.oneof(
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

export const tableOf = (rows: readonly Row[]): Rows => new Map(rows.map((r) => [rowKey(table, r), r]));
