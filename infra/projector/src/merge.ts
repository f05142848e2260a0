import type { Projection, Row, RowChange, SqlValue, Table } from './projection.ts';
import { faultOf, identity, shapeOf, type TableShape } from './sql.ts';

/**
 * Merges the row changes of many events into at most one write per row, with the same outcome as applying them one by one.
 *
 * A row that a merge has touched is in one of three states; what is unknown is whether the table holds it:
 *
 *   put     the whole row is known           patch, add -> put      remove -> removed
 *   update  some columns, if the row exists  patch, add -> update   remove -> removed
 *   removed it is known to be absent         patch, add -> removed  put    -> put
 *
 * `removeWhere` also reaches rows that the merge has not seen. It is written first, before all writes of its step, which is
 * right as long as no earlier update may have changed what it looks at; where one has, a new step begins.
 */
export type RowWrite =
  | { readonly kind: 'put'; readonly row: Row }
  | { readonly kind: 'update'; readonly key: Row; readonly set: MutableRow; readonly add: Record<string, number> }
  | { readonly kind: 'removed'; readonly key: Row };

/** One round of writes to a table, in this order: `removeWhere`, then removals, puts and updates (of different rows each). */
export type Step = { readonly removeWhere: Row[]; readonly rows: Map<string, RowWrite> };

type MutableRow = Record<string, SqlValue>;

/** A handler's change names an unknown table or column, or lacks a key column. */
export class InvalidChange extends Error {
  override readonly name = 'InvalidChange';
}

export type Shapes = ReadonlyMap<string, TableShape>;

export const shapesOf = (projection: Pick<Projection, 'tables'>): Shapes =>
  new Map(projection.tables.map((table) => [table.name, shapeOf(table)]));

/**
 * Throws `InvalidChange` when a change does not fit its table. Checked before merging, so that an event merges whole or not, and
 * so that whether it is parked does not depend on what it was merged with.
 */
export const checkChange = (shapes: Shapes, change: RowChange): void => {
  const shape = shapes.get(change.table);
  if (!shape) throw new InvalidChange(`there is no table ${change.table}`);
  if (change.kind === 'put') {
    checkColumns(shape, change.row);
    checkKey(shape, change.kind, change.row);
    for (const column of shape.required) checkPresent(shape, column, change.row[column]);
  } else if (change.kind === 'removeWhere') {
    checkColumns(shape, change.where);
  } else {
    checkColumns(shape, change.key);
    checkKey(shape, change.kind, change.key);
    if (change.kind !== 'remove') checkChanged(shape, change.kind, change.kind === 'patch' ? change.set : change.add);
  }
};

const checkColumns = ({ table, types }: TableShape, row: Row): void => {
  for (const column in row) {
    const type = types[column];
    if (type === undefined) throw new InvalidChange(`${table.name} has no column ${column}`);
    const fault = faultOf(row[column], type);
    if (fault !== null) throw new InvalidChange(`${table.name}.${column} ${fault}`);
  }
};

const checkKey = ({ table }: TableShape, kind: RowChange['kind'], row: Row): void => {
  for (const column of table.primaryKey)
    if (row[column] === undefined || row[column] === null)
      throw new InvalidChange(`${kind} of ${table.name} lacks the key column ${column}`);
};

const checkPresent = ({ table }: TableShape, column: string, value: SqlValue | undefined): void => {
  if (value === null || value === undefined) throw new InvalidChange(`${table.name}.${column} may not be null`);
};

const checkChanged = (shape: TableShape, kind: RowChange['kind'], changed: Row): void => {
  checkColumns(shape, changed);
  for (const column of shape.required) if (column in changed) checkPresent(shape, column, changed[column]);
  for (const column of shape.table.primaryKey)
    if (column in changed) throw new InvalidChange(`${kind} of ${shape.table.name} changes the key column ${column}`);
};

export class Merge {
  /** The steps of each table that changed; tables do not depend on each other. */
  readonly tables = new Map<string, Step[]>();
  private readonly shapes: Shapes;

  constructor(shapes: Shapes, changes: Iterable<RowChange> = []) {
    this.shapes = shapes;
    for (const change of changes) this.add(change);
  }

  add(change: RowChange): void {
    const { table } = this.shapes.get(change.table)!;
    const steps = this.stepsOf(change.table);
    if (change.kind === 'removeWhere' && !isKey(table, change.where)) {
      removeWhere(table, steps, change.where);
      return;
    }
    const rows = steps.at(-1)!.rows;
    if (change.kind === 'put') {
      rows.set(rowKey(table, change.row), { kind: 'put', row: change.row });
      return;
    }
    const key = change.kind === 'removeWhere' ? change.where : change.key;
    const id = rowKey(table, key);
    if (change.kind === 'patch') rows.set(id, patched(rows.get(id), key, change.set));
    else if (change.kind === 'add') rows.set(id, added(rows.get(id), key, change.add));
    else rows.set(id, { kind: 'removed', key });
  }

  private stepsOf(table: string): Step[] {
    let steps = this.tables.get(table);
    if (!steps) {
      steps = [newStep()];
      this.tables.set(table, steps);
    }
    return steps;
  }
}

const newStep = (): Step => ({ removeWhere: [], rows: new Map() });

/** Text form of a row's primary key; NUL, which no Postgres text holds, separates the columns. */
export const rowKey = (table: Table, row: Row): string => {
  if (table.primaryKey.length === 1) return identity(row[table.primaryKey[0]!]);
  let key = '';
  for (const column of table.primaryKey) key += `${identity(row[column])}\u0000`;
  return key;
};

const isKey = (table: Table, where: Row): boolean =>
  Object.keys(where).length === table.primaryKey.length &&
  table.primaryKey.every((column) => where[column] !== undefined && where[column] !== null);

const patched = (before: RowWrite | undefined, key: Row, set: Row): RowWrite => {
  if (before?.kind === 'removed') return before;
  if (before?.kind === 'put') return { kind: 'put', row: { ...before.row, ...set } };
  const update = before ?? { kind: 'update', key, set: {}, add: {} };
  for (const column in set) {
    update.set[column] = set[column]!;
    delete update.add[column];
  }
  return update;
};

const added = (before: RowWrite | undefined, key: Row, add: Readonly<Record<string, number>>): RowWrite => {
  if (before?.kind === 'removed') return before;
  if (before?.kind === 'put') {
    const row: MutableRow = { ...before.row };
    for (const column in add) row[column] = sum(row[column], add[column]!);
    return { kind: 'put', row };
  }
  const update = before ?? { kind: 'update', key, set: {}, add: {} };
  for (const column in add) {
    if (column in update.set) update.set[column] = sum(update.set[column], add[column]!);
    else update.add[column] = (update.add[column] ?? 0) + add[column]!;
  }
  return update;
};

/** As in SQL: null plus a number is null. */
const sum = (value: SqlValue | undefined, by: number): SqlValue =>
  value === null || value === undefined ? null : Number(value) + by;

const removeWhere = (table: Table, steps: Step[], where: Row): void => {
  const columns = Object.keys(where);
  let step = steps.at(-1)!;
  if (!commutes(table, step, columns)) {
    step = newStep();
    steps.push(step);
  }
  step.removeWhere.push(where);
  for (const [id, write] of step.rows) {
    if (write.kind === 'put' && columns.every((column) => same(write.row[column], where[column])))
      step.rows.set(id, { kind: 'removed', key: write.row });
  }
};

/** Whether it makes no difference if the step's updates come before or after a `removeWhere` on these columns. */
const commutes = (table: Table, step: Step, columns: readonly string[]): boolean => {
  const outsideKey = columns.filter((column) => !table.primaryKey.includes(column));
  if (outsideKey.length === 0) return true;
  for (const write of step.rows.values())
    if (write.kind === 'update' && outsideKey.some((column) => column in write.set || column in write.add))
      return false;
  return true;
};

export const same = (a: SqlValue | undefined, b: SqlValue | undefined): boolean => identity(a) === identity(b);
