import type { Codec, EventLog } from '@palaver/event-log';
import type pg from 'pg';
import {
  type Checkpoint,
  checkpointKey,
  createModel,
  LIVE,
  ModelMismatch,
  modelState,
  readCheckpoints,
  shapeHash,
  VERIFY,
  versionOf,
} from './model.ts';
import { eventTopic } from './positions.ts';
import { type Progress, progressReporter, type Reporter } from './progress.ts';
import { formatPosition, type Position, type Projection, type Table } from './projection.ts';
import { lockModel, positionsOf, unlockModel } from './rebuild.ts';
import { buildPrimaryKeys, foldInto } from './refold.ts';
import { quote, quoteTable, sqlType } from './sql.ts';
import { inSavepoint, withClient } from './transaction.ts';

export type VerifyOptions = {
  readonly log: EventLog;
  readonly projection: Projection;
  readonly codec: Codec;
  readonly pool: pg.Pool;
  readonly onProgress?: (progress: Progress<VerifyPhase>) => void;
  readonly signal?: AbortSignal;
};

export type VerifyPhase = 'fold' | 'compare' | 'digest' | 'done';

export type TableVerification = {
  readonly table: string;
  readonly liveRows: number;
  readonly freshRows: number;
  /** Rows that are on one side only, or differ in some column. */
  readonly differences: number;
};

/** `missing`: the log gives this row, the live model lacks it; `surplus`: the other way round. */
export type RowDifference = {
  readonly table: string;
  readonly kind: 'missing' | 'surplus' | 'changed';
  readonly key: Readonly<Record<string, string | null>>;
  /** The columns that differ, with both values as text; null also on the side that has no row. */
  readonly columns: readonly { readonly column: string; readonly live: string | null; readonly fresh: string | null }[];
};

export type Verification = {
  /** Log positions folded: the sum of the live model's checkpoints. */
  readonly events: number;
  readonly tables: readonly TableVerification[];
  /** At most 20, in order of table and key. */
  readonly firstDifferences: readonly RowDifference[];
  /** Events parked in the live model, and by the same fold now. */
  readonly parked: { readonly live: number; readonly fresh: number };
};

/** What a model holds that stands at given positions. Equal digests mean equal rows, on any database and at any time. */
export type ModelAt = {
  /** Log positions folded: the sum of the given ones. */
  readonly events: number;
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly digest: string }[];
  readonly parked: number;
  /** Against the live model, where that stands at exactly these positions; else null. */
  readonly verification: Verification | null;
};

/** The log does not reach to a position, or the projection does not read there. */
export class UnknownPosition extends Error {
  override readonly name = 'UnknownPosition';
}

const FIRST_DIFFERENCES = 20;

/**
 * Folds the log up to exactly where the live model stands and compares every row of every table. All of it is one transaction
 * that sees one snapshot of the live model and is rolled back at the end: workers and queries go on meanwhile, and nothing is
 * left over however it ends. Throws `RebuildRunning` and `ModelMismatch`.
 */
export const verify = (options: VerifyOptions): Promise<Verification> =>
  inSnapshot(options, async (client) => {
    const state = await modelState(client, options.projection);
    if (state !== 'current') throw new ModelMismatch(`the live model of ${options.projection.name} is ${state}`);
    const ends = await readCheckpoints(client, LIVE);
    const report = progressReporter(options.onProgress);
    await foldFresh(client, options, ends, report);
    const verification = await compareAll(client, options, positionsOf(ends), report);
    report({ phase: 'done' });
    return verification;
  });

/**
 * Folds the log up to given positions, and not at all where none is given; like `verify` it leaves nothing over. Throws
 * `UnknownPosition` and `RebuildRunning`.
 */
export const modelAt = (options: VerifyOptions & { readonly positions: readonly Position[] }): Promise<ModelAt> =>
  inSnapshot(options, async (client) => {
    const { projection, log, positions } = options;
    const ends = await endsAt(log, projection, positions);
    const report = progressReporter(options.onProgress);
    await foldFresh(client, options, ends, report);
    const events = positionsOf(ends);
    const comparable = await standsAt(client, projection, ends);
    const verification = comparable ? await compareAll(client, options, events, report) : null;
    report({ phase: 'digest', events });
    const tables: ModelAt['tables'][number][] = [];
    for (const table of projection.tables) tables.push(await digestOf(client, table));
    report({ phase: 'done' });
    return { events, tables, parked: await countRows(client, VERIFY), verification };
  });

const inSnapshot = <T>({ pool }: VerifyOptions, work: (client: pg.ClientBase) => Promise<T>): Promise<T> =>
  withClient(pool, async (client) => {
    await lockModel(client, { wait: false });
    try {
      await client.query('begin isolation level repeatable read');
      return await work(client);
    } finally {
      await client.query('rollback').catch(() => undefined);
      await unlockModel(client);
    }
  });

/** Makes `model_verify` of all that lies before these ends. */
const foldFresh = async (
  client: pg.ClientBase,
  options: VerifyOptions,
  ends: ReadonlyMap<string, Checkpoint>,
  report: Reporter<VerifyPhase>,
): Promise<void> => {
  const { projection } = options;
  const total = positionsOf(ends);
  report({ phase: 'fold', events: 0, total });
  await createModel(client, VERIFY, projection, { keys: 'later' });
  await foldInto(client, {
    ...options,
    schema: VERIFY,
    ends,
    atomically: (work) => inSavepoint(client, work),
    onFolded: (events) => report({ phase: 'fold', events, total }),
  });
  await buildPrimaryKeys(client, VERIFY, projection.tables);
};

const compareAll = async (
  client: pg.ClientBase,
  { projection, signal }: VerifyOptions,
  events: number,
  report: Reporter<VerifyPhase>,
): Promise<Verification> => {
  report({ phase: 'compare', events });
  const tables: TableVerification[] = [];
  const firstDifferences: RowDifference[] = [];
  for (const table of projection.tables) {
    signal?.throwIfAborted();
    await client.query(`analyze ${quoteTable(VERIFY, table.name)}`);
    const compared = await compareTable(client, table);
    tables.push(compared);
    const wanted = FIRST_DIFFERENCES - firstDifferences.length;
    if (compared.differences > 0 && wanted > 0) firstDifferences.push(...(await differences(client, table, wanted)));
  }
  const parked = { live: await countRows(client, LIVE), fresh: await countRows(client, VERIFY) };
  return { events, tables, firstDifferences, parked };
};

const endsAt = async (
  log: EventLog,
  projection: Projection,
  positions: readonly Position[],
): Promise<ReadonlyMap<string, Checkpoint>> => {
  const ends = new Map<string, Checkpoint>();
  for (const position of positions) {
    const { service, partition, offset } = position;
    const topic = eventTopic(service);
    if (!projection.topics.includes(topic)) throw new UnknownPosition(`${projection.name} does not read ${topic}`);
    const end = (await log.offsets(topic)).find((at) => at.partition === partition)?.end;
    if (end === undefined) throw new UnknownPosition(`${topic} has no partition ${partition}`);
    if (offset > end)
      throw new UnknownPosition(`${topic}:${partition} ends at ${end}, before ${formatPosition(position)}`);
    ends.set(checkpointKey({ topic, partition }), { topic, partition, nextOffset: offset, taken: null });
  }
  return ends;
};

/** Whether there is a live model of this code, and it has folded exactly what lies before these ends. */
const standsAt = async (
  client: pg.ClientBase,
  projection: Projection,
  ends: ReadonlyMap<string, Checkpoint>,
): Promise<boolean> => {
  const live = await versionOf(client, LIVE);
  if (live?.version !== projection.version || live.shape !== shapeHash(projection)) return false;
  const checkpoints = await readCheckpoints(client, LIVE);
  return [...new Set([...checkpoints.keys(), ...ends.keys()])].every(
    (key) => (checkpoints.get(key)?.nextOffset ?? 0) === (ends.get(key)?.nextOffset ?? 0),
  );
};

/** The sum of the rows' hashes does not depend on their order, nor the rows' texts on this session's settings. */
const digestOf = async (client: pg.ClientBase, table: Table): Promise<ModelAt['tables'][number]> => {
  await client.query(`set local timezone = 'UTC'; set local datestyle = 'ISO'; set local intervalstyle = 'postgres'`);
  const { rows } = await client.query<{ rows: number; sum: string }>(
    `select count(*)::int as rows, coalesce(sum(('x' || left(md5(fresh::text), 16))::bit(64)::bigint::numeric), 0) as sum
     from ${quoteTable(VERIFY, table.name)} fresh`,
  );
  const { rows: count, sum } = rows[0]!;
  return { table: table.name, rows: count, digest: BigInt.asUintN(64, BigInt(sum)).toString(16).padStart(16, '0') };
};

const countRows = async (client: pg.ClientBase, schema: string): Promise<number> =>
  Number((await client.query(`select count(*) as n from ${quoteTable(schema, 'parked')}`)).rows[0].n);

/** Live and fresh rows side by side; Postgres does the joining, and spills to disk what memory does not hold. */
const sideBySide = (table: Table): string => {
  const keys = table.primaryKey.map((column) => `live.${quote(column)} = fresh.${quote(column)}`);
  return `${quoteTable(LIVE, table.name)} live full join ${quoteTable(VERIFY, table.name)} fresh on ${keys.join(' and ')}`;
};

/** True for a pair that differs. A side without the row is all nulls, and its key column tells. */
const differs = (table: Table): string =>
  Object.entries(table.columns)
    .map(([column, definition]) => {
      // The type json has no equality; its text is what was stored.
      const as = sqlType(definition) === 'json' ? '::text' : '';
      return `live.${quote(column)}${as} is distinct from fresh.${quote(column)}${as}`;
    })
    .join(' or ');

const compareTable = async (client: pg.ClientBase, table: Table): Promise<TableVerification> => {
  const key = quote(table.primaryKey[0]!);
  const { rows } = await client.query(
    `select count(live.${key}) as live, count(fresh.${key}) as fresh, count(*) filter (where ${differs(table)}) as differences
     from ${sideBySide(table)}`,
  );
  const { live, fresh, differences } = rows[0];
  return {
    table: table.name,
    liveRows: Number(live),
    freshRows: Number(fresh),
    differences: Number(differences),
  };
};

type Texts = Readonly<Record<string, string | null>>;

/** A row as an object of its columns' texts: exact also where JSON numbers are not. */
const asTexts = (side: string): string =>
  `(select jsonb_object_agg(key, value) from jsonb_each_text(to_jsonb(${side})))`;

const differences = async (client: pg.ClientBase, table: Table, limit: number): Promise<RowDifference[]> => {
  const key = quote(table.primaryKey[0]!);
  const order = table.primaryKey.map((column) => `coalesce(live.${quote(column)}, fresh.${quote(column)})`);
  const { rows } = await client.query<{ live: Texts | null; fresh: Texts | null }>(
    `select case when live.${key} is not null then ${asTexts('live')} end as live,
            case when fresh.${key} is not null then ${asTexts('fresh')} end as fresh
     from ${sideBySide(table)} where ${differs(table)} order by ${order} limit $1`,
    [limit],
  );
  return rows.map(({ live, fresh }) => rowDifference(table, live, fresh));
};

const rowDifference = (table: Table, live: Texts | null, fresh: Texts | null): RowDifference => {
  const either = (live ?? fresh)!;
  const columns = Object.keys(table.columns)
    .map((column) => ({ column, live: live?.[column] ?? null, fresh: fresh?.[column] ?? null }))
    .filter((pair) => pair.live !== pair.fresh);
  return {
    table: table.name,
    kind: live === null ? 'missing' : fresh === null ? 'surplus' : 'changed',
    key: Object.fromEntries(table.primaryKey.map((column) => [column, either[column] ?? null])),
    columns,
  };
};
