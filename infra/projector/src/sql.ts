import type { SqlValue, Table } from './projection.ts';

/** A table as the writers need it: its columns in one fixed order, with their bare types. */
export type TableShape = {
  readonly table: Table;
  readonly columns: readonly string[];
  /** Column -> SQL type without constraints. */
  readonly types: Readonly<Record<string, string>>;
  /** Columns that may not be null. */
  readonly required: readonly string[];
};

export const shapeOf = (table: Table): TableShape => ({
  table,
  columns: Object.keys(table.columns),
  types: Object.fromEntries(Object.entries(table.columns).map(([name, definition]) => [name, sqlType(definition)])),
  required: Object.keys(table.columns).filter((name) => /\bnot\s+null\b/i.test(table.columns[name]!)),
});

const uuid = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const integerTypes = new Set(['smallint', 'int', 'integer', 'bigint', 'int2', 'int4', 'int8']);

/** Why Postgres would refuse a value whatever else is in the table; null when nothing is known against it. */
export const faultOf = (value: SqlValue | undefined, type: string): string | null => {
  if (value === undefined) return 'is undefined';
  if (typeof value === 'string') {
    if (value.includes('\u0000')) return 'holds a NUL character';
    return type === 'uuid' && !uuid.test(value) ? 'is no uuid' : null;
  }
  if (typeof value === 'number') return integerTypes.has(type) && !Number.isSafeInteger(value) ? 'is no integer' : null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'is no date' : null;
  return typeof value === 'object' && value !== null && holdsNul(value) ? 'holds a NUL character' : null;
};

const holdsNul = (json: unknown): boolean => {
  if (typeof json === 'string') return json.includes('\u0000');
  if (typeof json !== 'object' || json === null) return false;
  for (const [key, value] of Object.entries(json)) if (key.includes('\u0000') || holdsNul(value)) return true;
  return false;
};

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
  if (value instanceof Date) return type.startsWith('json') ? JSON.stringify(value) : isoText(value);
  if (Array.isArray(value) && type.endsWith('[]')) return `{${value.map(arrayItem).join(',')}}`;
  return JSON.stringify(value);
};

const dayMs = 86_400_000;
let lastDay = Number.NaN;
let lastDayText = '';
const twoDigits = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'));

/** As `toISOString`, which takes ten times as long; most dates are of the same day as the one before. */
export const isoText = (date: Date): string => {
  const day = Math.floor(date.getTime() / dayMs);
  if (day !== lastDay) {
    lastDayText = date.toISOString().slice(0, -'00:00:00.000Z'.length);
    lastDay = day;
  }
  const ms = date.getTime() - day * dayMs;
  const [hours, minutes, seconds] = [
    Math.floor(ms / 3_600_000),
    Math.floor(ms / 60_000) % 60,
    Math.floor(ms / 1_000) % 60,
  ];
  const thousandths = String((ms % 1_000) + 1_000).slice(1);
  return `${lastDayText}${twoDigits[hours]}:${twoDigits[minutes]}:${twoDigits[seconds]}.${thousandths}Z`;
};

/** Comparable form of a value: two values are the same row key, or equal in `where`, when these texts are. */
export const identity = (value: SqlValue | undefined): string => {
  if (typeof value === 'string') return value;
  return toText(value, '') ?? '\u0000null';
};
