import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Merge, RowWrite, Shapes } from './merge.ts';
import type { Row, SqlValue } from './projection.ts';
import { quote, quoteTable, type TableShape, toText } from './sql.ts';

type Update = Extract<RowWrite, { kind: 'update' }>;
type Writer = (client: pg.ClientBase, schema: string, shape: TableShape, rows: readonly Row[]) => Promise<void>;

/** How the writes of one merge reach the tables of a schema; a rebuild puts its own `puts`. */
export type WriteOptions = { readonly schema: string; readonly shapes: Shapes; readonly puts?: Writer };

/** Writes a merge with a few set-based statements per table. The caller holds the transaction. */
export const writeMerge = async (client: pg.ClientBase, options: WriteOptions, merge: Merge): Promise<void> => {
  const { schema, shapes, puts = upsert } = options;
  for (const [name, steps] of merge.tables) {
    const shape = shapes.get(name)!;
    for (const step of steps) {
      for (const where of step.removeWhere) await deleteWhere(client, schema, shape, where);
      const rows = sortedByKind(step.rows);
      if (rows.removed.length > 0) await deleteKeys(client, schema, shape, rows.removed);
      if (rows.put.length > 0) await puts(client, schema, shape, rows.put);
      for (const alike of rows.updates.values()) await update(client, schema, shape, alike);
    }
  }
};

const sortedByKind = (rows: ReadonlyMap<string, RowWrite>) => {
  const removed: Row[] = [];
  const put: Row[] = [];
  const updates = new Map<string, Update[]>();
  for (const write of rows.values()) {
    if (write.kind === 'removed') removed.push(write.key);
    else if (write.kind === 'put') put.push(write.row);
    else {
      // One statement serves the updates that touch the same columns.
      const signature = `${Object.keys(write.set).sort()}+${Object.keys(write.add).sort()}`;
      const alike = updates.get(signature);
      if (alike) alike.push(write);
      else updates.set(signature, [write]);
    }
  }
  return { removed, put, updates };
};

const tableName = (schema: string, shape: TableShape): string => quoteTable(schema, shape.table.name);

const textColumn = (
  shape: TableShape,
  column: string,
  values: readonly (SqlValue | undefined)[],
): (string | null)[] => {
  const type = shape.types[column]!;
  return values.map((value) => toText(value, type));
};

/** `unnest($1::text[], ...) as u(c0, ...)`: every value travels as text and is cast where it is used. */
const unnest = (columns: number): string => {
  const numbers = Array.from({ length: columns }, (_, i) => i);
  return `unnest(${numbers.map((i) => `$${i + 1}::text[]`)}) as u(${numbers.map((i) => `c${i}`)})`;
};

const cast = (shape: TableShape, column: string, index: number): string => `u.c${index}::${shape.types[column]}`;

const matchKey = (shape: TableShape): string =>
  shape.table.primaryKey.map((column, i) => `t.${quote(column)} = ${cast(shape, column, i)}`).join(' and ');

/** Inserts rows or replaces those that are there. Needs the table's primary key. */
export const upsert: Writer = async (client, schema, shape, rows) => {
  const { columns, table } = shape;
  const rest = columns.filter((column) => !table.primaryKey.includes(column));
  const replace = rest.length === 0 ? 'nothing' : `update set ${rest.map((c) => `${quote(c)} = excluded.${quote(c)}`)}`;
  await client.query(
    `insert into ${tableName(schema, shape)} (${columns.map(quote)})
     select ${columns.map((column, i) => cast(shape, column, i))} from ${unnest(columns.length)}
     on conflict (${table.primaryKey.map(quote)}) do ${replace}`,
    columns.map((column) =>
      textColumn(
        shape,
        column,
        rows.map((row) => row[column]),
      ),
    ),
  );
};

const deleteKeys: Writer = async (client, schema, shape, keys) => {
  const { primaryKey } = shape.table;
  await client.query(
    `delete from ${tableName(schema, shape)} t using ${unnest(primaryKey.length)} where ${matchKey(shape)}`,
    primaryKey.map((column) =>
      textColumn(
        shape,
        column,
        keys.map((key) => key[column]),
      ),
    ),
  );
};

const deleteWhere = async (client: pg.ClientBase, schema: string, shape: TableShape, where: Row): Promise<void> => {
  const columns = Object.keys(where);
  const values = columns.map((column) => toText(where[column], shape.types[column]!));
  // A null takes no parameter: `is null` can use an index, `is not distinct from` cannot.
  const given = values.filter((value) => value !== null);
  let parameter = 0;
  const conditions = columns.map((column, i) => {
    if (values[i] === null) return `${quote(column)} is null`;
    parameter += 1;
    return `${quote(column)} = $${parameter}::text::${shape.types[column]}`;
  });
  await client.query(`delete from ${tableName(schema, shape)} where ${conditions.join(' and ') || 'true'}`, given);
};

const update = async (
  client: pg.ClientBase,
  schema: string,
  shape: TableShape,
  updates: readonly Update[],
): Promise<void> => {
  const { primaryKey } = shape.table;
  const set = Object.keys(updates[0]!.set);
  const add = Object.keys(updates[0]!.add);
  if (set.length + add.length === 0) return;
  const assignments = [
    ...set.map((column, i) => `${quote(column)} = ${cast(shape, column, primaryKey.length + i)}`),
    ...add.map((column, i) => {
      const delta = cast(shape, column, primaryKey.length + set.length + i);
      return `${quote(column)} = t.${quote(column)} + ${delta}`;
    }),
  ];
  await client.query(
    `update ${tableName(schema, shape)} t set ${assignments}
     from ${unnest(primaryKey.length + set.length + add.length)} where ${matchKey(shape)}`,
    [
      ...primaryKey.map((column) =>
        textColumn(
          shape,
          column,
          updates.map((u) => u.key[column]),
        ),
      ),
      ...set.map((column) =>
        textColumn(
          shape,
          column,
          updates.map((u) => u.set[column]),
        ),
      ),
      ...add.map((column) =>
        textColumn(
          shape,
          column,
          updates.map((u) => u.add[column]),
        ),
      ),
    ],
  );
};

/** Most characters of one piece of a COPY. */
const COPY_PIECE = 1 << 18;

/** Appends rows by COPY in text format: the fastest way in, for rows that are not there yet. */
export const copy: Writer = async (client, schema, shape, rows) => {
  const into = client.query(copyFrom(`copy ${tableName(schema, shape)} (${shape.columns.map(quote)}) from stdin`));
  await pipeline(Readable.from(copyPieces(shape, rows)), into);
};

function* copyPieces(shape: TableShape, rows: readonly Row[]): Generator<string> {
  const columns = shape.columns.map((name) => ({ name, type: shape.types[name]! }));
  let piece = '';
  for (const row of rows) {
    let separator = '';
    for (const { name, type } of columns) {
      piece += separator + copyText(toText(row[name], type));
      separator = '\t';
    }
    piece += '\n';
    if (piece.length > COPY_PIECE) {
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}

const needsEscape = /[\\\n\r\t]/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** https://www.postgresql.org/docs/18/sql-copy.html, text format. */
export const copyText = (text: string | null): string => {
  if (text === null) return '\\N';
  return needsEscape.test(text) ? text.replace(/[\\\n\r\t]/g, (character) => escapes[character]!) : text;
};
