import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apply, change, type Rows, row, shapes, table, tableOf } from './changes.fixture.ts';
import { checkChange, Merge, rowKey } from './merge.ts';
import type { RowChange } from './projection.ts';

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
