import type { SqlValue, Table } from './projection.ts';

/** A table as the writers need it: its columns in one fixed order, with their bare types. */
export type TableShape = {
  readonly table: Table;
  readonly columns: readonly string[];
  /** Column -> SQL type without constraints. */
  readonly types: Readonly<Record<string, string>>;
};

export const shapeOf = (table: Table): TableShape => ({
  table,
  columns: Object.keys(table.columns),
  types: Object.fromEntries(Object.entries(table.columns).map(([name, definition]) => [name, sqlType(definition)])),
});

export const quote = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`;

export const quoteTable = (schema: string, table: string): string => `${quote(schema)}.${quote(table)}`;

/** The type at the head of a column definition: `double precision not null` -> `double precision`. */
export const sqlType = (definition: string): string =>
  definition
    .trim()
    .split(/\s+(?=(?:not|null|default|collate|check|references|unique|primary|generated|constraint)\b)/i)[0]!
    .toLowerCase();

const arrayItem = (item: string): string => `"${item.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/**
 * A value in Postgres's text form, from which a cast to the column's type restores it. Used alike for the arrays of the
 * set-based statements and for COPY, so that a live model and a rebuilt one get the same bytes.
 */
export const toText = (value: SqlValue | undefined, type: string): string | null => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return type.startsWith('json') ? JSON.stringify(value) : value;
  if (typeof value !== 'object') return String(value);
  if (value instanceof Date) return type.startsWith('json') ? JSON.stringify(value) : value.toISOString();
  if (Array.isArray(value) && type.endsWith('[]')) return `{${value.map(arrayItem).join(',')}}`;
  return JSON.stringify(value);
};

/** Comparable form of a value: two values are the same row key, or equal in `where`, when these texts are. */
export const identity = (value: SqlValue | undefined): string => {
  if (typeof value === 'string') return value;
  return toText(value, '') ?? '\u0000null';
};
