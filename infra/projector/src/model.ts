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

/**
 * Where the events are named that are left out for good: outside of what rebuilds replace, since every fold passes over them, the live one,
 * a rebuild's and a verification's, and so they give the same rows.
 */
export const SKIPS = 'projection_skips';

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
    await createSkips(client);
    await addMissingColumns(client, LIVE);
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
       parked_version bigint not null default 0,
       updated_at timestamptz not null default now(), primary key (topic, partition))`,
    `create table ${at}.parked (
       topic text not null, partition int not null, "offset" bigint not null, stream text not null, type text,
       error text not null, parked_at timestamptz not null default now(), primary key (topic, partition, "offset"))`,
    ...projection.tables.map((table) => tableDdl(schema, table)),
    ...(keys === 'now' ? projection.tables.map((table) => primaryKeyDdl(schema, table)) : []),
  ];
};

/** Does nothing where it was done; the caller sees to it that no other does it at the same time. */
const createSkips = async (client: pg.ClientBase): Promise<void> => {
  if (await haveSkips(client)) return;
  await client.query(
    `create schema ${SKIPS};
     create table ${SKIPS}.skipped (
       topic text not null, partition int not null, "offset" bigint not null, stream text not null, type text,
       error text not null, reason text not null, skipped_by text not null,
       skipped_at timestamptz not null default now(), primary key (topic, partition, "offset"))`,
  );
};

/** A database that no worker of this code has seen yet has none. */
export const haveSkips = async (client: pg.ClientBase | pg.Pool): Promise<boolean> =>
  (await client.query(`select to_regclass('${SKIPS}.skipped') is not null as there`)).rows[0].there;

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

/**
 * A live partition's checkpoint. Whatever takes events out of `parked` raises `parkedVersion`, and a worker's commit is conditional on it: so a
 * worker never goes on by parked streams that are none any more.
 */
export type LiveCheckpoint = { readonly checkpoint: Checkpoint; readonly parkedVersion: number };

/** Reads one partition's checkpoint, and makes it, at offset 0, where there is none. */
export const openCheckpoint = async (client: pg.ClientBase | pg.Pool, at: PartitionRef): Promise<LiveCheckpoint> => {
  await client.query(
    `insert into ${LIVE}.checkpoint (topic, partition, next_offset) values ($1, $2, 0) on conflict do nothing`,
    [at.topic, at.partition],
  );
  return (await readLiveCheckpoint(client, at))!;
};

/** Null where nothing of the partition was folded yet. `lock` keeps workers from moving it until the end of the transaction. */
export const readLiveCheckpoint = async (
  client: pg.ClientBase | pg.Pool,
  at: PartitionRef,
  { lock = false } = {},
): Promise<LiveCheckpoint | null> => {
  const { rows } = await client.query<CheckpointRow & { parked_version: string }>(
    `select topic, partition, next_offset, command_offset, epoch, "index", parked_version from ${LIVE}.checkpoint
     where topic = $1 and partition = $2 ${lock ? 'for update' : ''}`,
    [at.topic, at.partition],
  );
  const [row] = rows;
  return row ? { checkpoint: checkpointOf(row), parkedVersion: Number(row.parked_version) } : null;
};

export const raiseParkedVersion = async (client: pg.ClientBase, at: PartitionRef): Promise<void> => {
  await client.query(
    `update ${LIVE}.checkpoint set parked_version = parked_version + 1 where topic = $1 and partition = $2`,
    [at.topic, at.partition],
  );
};

/**
 * Gives a schema that an older Palaver made what it lacks. Looks first: `alter table` would wait for whoever reads the table, such as a
 * verification, and everybody else behind it.
 */
export const addMissingColumns = async (client: pg.ClientBase, schema: string): Promise<void> => {
  const { rows } = await client.query<{ missing: boolean }>(
    `select exists (select from information_schema.tables where table_schema = $1 and table_name = 'checkpoint')
       and not exists (select from information_schema.columns
         where table_schema = $1 and table_name = 'checkpoint' and column_name = 'parked_version') as missing`,
    [schema],
  );
  if (!rows[0]!.missing) return;
  await client.query(
    `alter table ${quote(schema)}.checkpoint add column if not exists parked_version bigint not null default 0`,
  );
};
