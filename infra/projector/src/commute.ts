import { rowKey, type Shapes, same } from './merge.ts';
import type { Row, RowChange, Table } from './projection.ts';
import { identity } from './sql.ts';

/**
 * Whether changes of rows may change places. Two do when they give the same rows in either order, whatever is in the table:
 *
 *                 put             patch, add                  remove   removeWhere
 *   put           no              no                          no       where it does not match the row
 *   patch, add                    of other columns; add, add  no       of other columns, or of other rows by their key
 *   remove                                                    yes      yes
 *   removeWhere                                                        yes
 *
 * Changes of different rows, and of different tables, always do. What is not known to is taken not to.
 */
export const commute = (table: Table, a: RowChange, b: RowChange): boolean => {
  if (a.kind === 'removeWhere') return b.kind === 'removeWhere' || passesBy(table, b, a.where);
  if (b.kind === 'removeWhere') return passesBy(table, a, b.where);
  if (rowKey(table, keyOf(a)) !== rowKey(table, keyOf(b))) return true;
  if (a.kind === 'remove' && b.kind === 'remove') return true;
  if (!isUpdate(a) || !isUpdate(b)) return false;
  return (a.kind === 'add' && b.kind === 'add') || isDisjoint(columnsOf(a), columnsOf(b));
};

type RowsChange = Exclude<RowChange, { kind: 'removeWhere' }>;
type Update = Extract<RowChange, { kind: 'patch' | 'add' }>;

const isUpdate = (change: RowChange): change is Update => change.kind === 'patch' || change.kind === 'add';
const keyOf = (change: RowsChange): Row => (change.kind === 'put' ? change.row : change.key);
const columnsOf = (change: Update): readonly string[] => Object.keys(change.kind === 'patch' ? change.set : change.add);
const isDisjoint = (a: readonly string[], b: readonly string[]): boolean => !a.some((column) => b.includes(column));

/** Whether it makes no difference to a `removeWhere` when this change comes, nor the other way round. */
const passesBy = (table: Table, change: RowsChange, where: Row): boolean => {
  if (change.kind === 'remove') return true;
  const columns = Object.keys(where);
  if (change.kind === 'put') return columns.some((column) => !same(change.row[column], where[column]));
  const ofOtherRows = table.primaryKey.some((column) => column in where && !same(change.key[column], where[column]));
  return ofOtherRows || isDisjoint(columns, columnsOf(change));
};

/** Changes that are alike in what they commute with, and the streams that they came from. */
type Touch = { readonly change: RowChange; readonly streams: Set<string> };
type Touches = Map<string, Touch>;
/** By the first column of the primary key, so that a change meets but what may concern it; `removeWhere`s without it are `ANYWHERE`. */
type TableFootprint = { readonly rows: Map<string, Map<string, Touches>>; readonly wheres: Map<string, Touches> };

const ANYWHERE = '\u0000anywhere';

/** What events changed, and with which of their streams a change that came after them does not commute. */
export class Footprint {
  private readonly shapes: Shapes;
  private readonly tables = new Map<string, TableFootprint>();

  constructor(shapes: Shapes) {
    this.shapes = shapes;
  }

  add(stream: string, change: RowChange): void {
    const { table } = this.shapes.get(change.table)!;
    const { rows, wheres } = orNew(this.tables, table.name, () => ({ rows: new Map(), wheres: new Map() }));
    const part = partOf(table, change);
    const touches: Touches =
      change.kind === 'removeWhere'
        ? orNew(wheres, part, newMap)
        : orNew(orNew(rows, part, newMap), rowKey(table, keyOf(change)), newMap);
    // Of puts none is like another: whether a `removeWhere` matches one depends on its values.
    const signature = change.kind === 'put' ? `put ${touches.size}` : signatureOf(change);
    orNew(touches, signature, () => ({ change, streams: new Set<string>() })).streams.add(stream);
  }

  /** The streams of which a change does not commute with this one. */
  *conflicts(change: RowChange): Iterable<string> {
    const { table } = this.shapes.get(change.table)!;
    const footprint = this.tables.get(table.name);
    if (!footprint) return;
    for (const touches of near(table, footprint, change))
      for (const touch of touches.values()) if (!commute(table, touch.change, change)) yield* touch.streams;
  }
}

function* near(table: Table, { rows, wheres }: TableFootprint, change: RowChange): Iterable<Touches> {
  const part = partOf(table, change);
  if (change.kind === 'removeWhere') {
    const parts = part === ANYWHERE ? [...rows.values()] : [rows.get(part)];
    for (const inPart of parts) if (inPart) yield* inPart.values();
    return;
  }
  const candidates = [rows.get(part)?.get(rowKey(table, keyOf(change))), wheres.get(part), wheres.get(ANYWHERE)];
  for (const touches of candidates) if (touches) yield touches;
}

const partOf = (table: Table, change: RowChange): string => {
  const [first] = table.primaryKey;
  const row = change.kind === 'removeWhere' ? change.where : keyOf(change);
  return first! in row ? identity(row[first!]) : ANYWHERE;
};

const signatureOf = (change: Exclude<RowChange, { kind: 'put' }>): string => {
  if (change.kind === 'removeWhere') return JSON.stringify(change.where);
  return change.kind === 'remove' ? 'remove' : `${change.kind} ${columnsOf(change)}`;
};

const newMap = <K, V>(): Map<K, V> => new Map<K, V>();

const orNew = <V>(map: Map<string, V>, key: string, make: () => V): V => {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
};
