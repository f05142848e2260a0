import type { LogRecord, Message } from '@palaver/event-log';

/**
 * What a projection writes to say what it remembers. A handler is pure: it gets one event and returns changes of rows; the
 * worker merges a batch's changes per row and writes them, with the checkpoint, in one transaction.
 */

/** Values as they go to Postgres: `Date` for timestamptz, plain JSON for jsonb. */
export type SqlValue =
  | string
  | number
  | boolean
  | null
  | Date
  | readonly string[]
  | { readonly [key: string]: unknown };
export type Row = Readonly<Record<string, SqlValue>>;

/** A table of a read model. `columns` maps each column to its SQL type; the DDL is made of it. */
export type Table = {
  readonly name: string;
  /** Column name -> SQL type with its constraints, such as `text not null`. */
  readonly columns: Readonly<Record<string, string>>;
  readonly primaryKey: readonly string[];
  /** Index name -> what follows `on <table>`, such as `(channel_id, seq desc)`; `unique` may lead it. Built after a rebuild's COPY. */
  readonly indexes?: Readonly<Record<string, string>>;
};

/** A change of one row, found by its primary key. */
export type RowChange =
  /** The whole row; replaces what is there. */
  | { readonly kind: 'put'; readonly table: string; readonly row: Row }
  /** Some columns of a row that exists; nothing where it does not. `key` holds the primary key's columns. */
  | { readonly kind: 'patch'; readonly table: string; readonly key: Row; readonly set: Row }
  /** Adds to numeric columns of a row that exists. */
  | { readonly kind: 'add'; readonly table: string; readonly key: Row; readonly add: Readonly<Record<string, number>> }
  | { readonly kind: 'remove'; readonly table: string; readonly key: Row }
  /** Every row whose columns equal `where`; a prefix of the primary key or an indexed column. Kept in order with the others. */
  | { readonly kind: 'removeWhere'; readonly table: string; readonly where: Row };

export type RecordMeta = Pick<LogRecord, 'topic' | 'partition' | 'offset' | 'timestampMs' | 'headers'> & {
  readonly stream: string;
  readonly version: number;
};

export type Handlers<E extends Message> = {
  readonly [T in E['type']]: (data: Extract<E, { type: T }>['data'], meta: RecordMeta) => readonly RowChange[];
};

/** A read model: its tables and one handler per event type it reads. Types without a handler are passed over. */
export type Projection<E extends Message = Message> = {
  readonly name: string;
  /** Raised when handlers or tables change: the model is then rebuilt beside the live one. */
  readonly version: number;
  /** The event topics it reads; a checkpoint is kept per topic and partition. */
  readonly topics: readonly string[];
  readonly tables: readonly Table[];
  readonly handlers: Handlers<E>;
};

/** Checks a projection's parts against each other's types and widens it to what the worker takes. */
export const defineProjection = <E extends Message>(projection: Projection<E>): Projection =>
  projection as unknown as Projection;

/** A place in the log that a query can ask to have been passed: the text form is `servers:3@1042` (next offset to read). */
export type Position = { readonly service: string; readonly partition: number; readonly offset: number };

export const formatPosition = (position: Position): string =>
  `${position.service}:${position.partition}@${position.offset}`;

/** Parses one or several positions joined by commas; null when the text is none. */
export const parsePositions = (text: string): readonly Position[] | null => {
  const positions: Position[] = [];
  for (const part of text.split(',')) {
    const match = /^([a-z][a-z-]{0,30}):(\d{1,5})@(\d{1,15})$/.exec(part.trim());
    if (!match) return null;
    positions.push({ service: match[1]!, partition: Number(match[2]), offset: Number(match[3]) });
  }
  return positions.length > 32 ? null : positions;
};
