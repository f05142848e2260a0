import { createHash } from 'node:crypto';
import type { Taken } from '@palaver/event-log';
import pg from 'pg';
import type { Projection, Table } from './projection.ts';
import { quote, quoteTable } from './sql.ts';
import { outliveConnections } from './transaction.ts';

/**
 * Where a read model lies: in the schema `model` of its service's own database. A rebuild works in `model_next`, a
 * verification in `model_verify`, and a model that has been replaced is `model_old` until it is dropped.
 */
export const LIVE = 'model';
export const NEXT = 'model_next';
export const OLD = 'model_old';
export const VERIFY = 'model_verify';

/** Channel of the NOTIFY that says how far the live model has come; its payload is a `Checkpoint[]` of topic, partition, nextOffset. */
export const CHANNEL = 'projection';

export type PartitionRef = { readonly topic: string; readonly partition: number };
/** How far a model has folded a partition: the next offset to read, and who wrote the last record taken (rule 4). */
export type Checkpoint = PartitionRef & { readonly nextOffset: number; readonly taken: Taken | null };

/** A pool whose queries find the live model's tables by their bare names, and which survives a restart of Postgres. */
export const modelPool = (config: pg.PoolConfig): pg.Pool => {
  const pool = new pg.Pool({ ...config, options: `${config.options ?? ''} -c search_path=${LIVE}`.trim() });
  outliveConnections(pool);
  return pool;
};

/** The live model is of another version than the code, or of other tables. */
export class ModelMismatch extends Error {
  override readonly name = 'ModelMismatch';
}

/** `absent`: there is none. `outdated`: the live model's version is below the code's, so a rebuild is due. */
export type ModelState = 'absent' | 'current' | 'outdated';

/**
 * Makes the live schema where there is none (the first start), else says whether it fits the code. Throws `ModelMismatch` when the
 * live model is newer than the code, or when tables changed without a new version: neither mends itself.
 */
export const migrate = async (pool: pg.Pool, projection: Projection): Promise<Exclude<ModelState, 'absent'>> => {
  const client = await pool.connect();
  try {
    await client.query('begin');
    // Several workers may start at once; `create schema if not exists` alone would let them collide.
    await client.query(`select pg_advisory_xact_lock(hashtext('palaver model'))`);
    let state = await modelState(client, projection);
    if (state === 'absent') {
      await createModel(client, LIVE, projection);
      await createIndexes(client, LIVE, projection);
      state = 'current';
    }
    await client.query('commit');
    return state;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
};

/** Compares the live model with the code. Throws `ModelMismatch` as `migrate` does. */
export const modelState = async (client: pg.ClientBase | pg.Pool, projection: Projection): Promise<ModelState> => {
  const live = await versionOf(client, LIVE);
  if (live === null) return 'absent';
  if (live.name !== projection.name)
    throw new ModelMismatch(`this database holds the model of ${live.name}, not of ${projection.name}`);
  if (live.version < projection.version) return 'outdated';
  if (live.version > projection.version)
    throw new ModelMismatch(
      `the live model of ${projection.name} has version ${live.version}, this code has ${projection.version}; ` +
        'to go back, rebuild it with this code',
    );
  if (live.shape !== shapeHash(projection))
    throw new ModelMismatch(
      `the tables of ${projection.name} changed but its version is still ${projection.version}; raise the version`,
    );
  return 'current';
};

/** What a schema says that it holds; null when there is no such schema. */
export const versionOf = async (
  client: pg.ClientBase | pg.Pool,
  schema: string,
): Promise<{ name: string; version: number; shape: string } | null> => {
  const found = await client.query<{ there: boolean }>(`select to_regclass($1) is not null as there`, [
    `${schema}.projection`,
  ]);
  if (!found.rows[0]!.there) return null;
  const { rows } = await client.query(`select name, version, shape from ${quote(schema)}.projection`);
  return rows[0] ?? null;
};

/** Changes with every table, column, key and index, and with nothing else. */
export const shapeHash = (projection: Projection): string =>
  createHash('sha256').update(JSON.stringify(projection.tables)).digest('hex').slice(0, 16);

/**
 * Creates a schema with the model's tables and the worker's own. `keys: 'later'` leaves the primary keys out, for COPY.
 * The caller holds the transaction.
 */
export const createModel = async (
  client: pg.ClientBase,
  schema: string,
  projection: Projection,
  options: { readonly keys: 'now' | 'later' } = { keys: 'now' },
): Promise<void> => {
  await client.query(modelDdl(schema, projection, options.keys).join(';\n'));
  await client.query(`insert into ${quote(schema)}.projection (name, version, shape) values ($1, $2, $3)`, [
    projection.name,
    projection.version,
    shapeHash(projection),
  ]);
};

/** The statements that make a model's schema, without indexes. */
export const modelDdl = (schema: string, projection: Projection, keys: 'now' | 'later'): readonly string[] => {
  const at = quote(schema);
  return [
    `create schema ${at}`,
    `create table ${at}.projection (name text not null, version int not null, shape text not null)`,
    `create table ${at}.checkpoint (
       topic text not null, partition int not null, next_offset bigint not null,
       command_offset bigint, epoch text, "index" int,
       updated_at timestamptz not null default now(), primary key (topic, partition))`,
    `create table ${at}.parked (
       topic text not null, partition int not null, "offset" bigint not null, stream text not null, type text,
       error text not null, parked_at timestamptz not null default now(), primary key (topic, partition, "offset"))`,
    ...projection.tables.map((table) => tableDdl(schema, table)),
    ...(keys === 'now' ? projection.tables.map((table) => primaryKeyDdl(schema, table)) : []),
  ];
};

const tableDdl = (schema: string, table: Table): string => {
  const columns = Object.entries(table.columns).map(([name, definition]) => `${quote(name)} ${definition}`);
  return `create table ${quoteTable(schema, table.name)} (${columns.join(', ')})`;
};

export const primaryKeyDdl = (schema: string, table: Table): string =>
  `alter table ${quoteTable(schema, table.name)} add primary key (${table.primaryKey.map(quote)})`;

/** Creates the indexes that are not there yet. */
export const createIndexes = async (client: pg.ClientBase, schema: string, projection: Projection): Promise<void> => {
  for (const table of projection.tables) {
    for (const [name, definition] of Object.entries(table.indexes ?? {})) {
      const [, unique = '', rest] = /^\s*(unique\s+)?(.*)$/is.exec(definition)!;
      await client.query(
        `create ${unique}index if not exists ${quote(name)} on ${quoteTable(schema, table.name)} ${rest}`,
      );
    }
  }
};

/** The checkpoints of a model, by `checkpointKey`. */
export const readCheckpoints = async (
  client: pg.ClientBase | pg.Pool,
  schema: string,
): Promise<Map<string, Checkpoint>> => {
  const { rows } = await client.query<CheckpointRow>(
    `select topic, partition, next_offset, command_offset, epoch, "index" from ${quote(schema)}.checkpoint`,
  );
  return new Map(rows.map((row) => [checkpointKey(row), checkpointOf(row)]));
};

export const checkpointKey = ({ topic, partition }: PartitionRef): string => `${topic}:${partition}`;

type CheckpointRow = {
  topic: string;
  partition: number;
  next_offset: string;
  command_offset: string | null;
  epoch: string | null;
  index: number | null;
};

const checkpointOf = (row: CheckpointRow): Checkpoint => ({
  topic: row.topic,
  partition: row.partition,
  nextOffset: Number(row.next_offset),
  taken:
    row.command_offset === null
      ? null
      : { commandOffset: Number(row.command_offset), epoch: row.epoch!, index: row.index! },
});

/** Reads one partition's checkpoint, and makes it, at offset 0, where there is none. */
export const openCheckpoint = async (client: pg.ClientBase | pg.Pool, at: PartitionRef): Promise<Checkpoint> => {
  await client.query(
    `insert into ${LIVE}.checkpoint (topic, partition, next_offset) values ($1, $2, 0) on conflict do nothing`,
    [at.topic, at.partition],
  );
  const { rows } = await client.query<CheckpointRow>(
    `select topic, partition, next_offset, command_offset, epoch, "index" from ${LIVE}.checkpoint
     where topic = $1 and partition = $2`,
    [at.topic, at.partition],
  );
  return checkpointOf(rows[0]!);
};

/** Streams of a partition with a parked event: what follows in them is parked too. */
export const parkedStreams = async (
  client: pg.ClientBase | pg.Pool,
  schema: string,
  at: PartitionRef,
): Promise<Set<string>> => {
  const { rows } = await client.query<{ stream: string }>(
    `select distinct stream from ${quote(schema)}.parked where topic = $1 and partition = $2`,
    [at.topic, at.partition],
  );
  return new Set(rows.map((row) => row.stream));
};
