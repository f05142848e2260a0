import type { Codec, EventLog } from '@palaver/event-log';
import type pg from 'pg';
import { createModel, LIVE, ModelMismatch, modelState, readCheckpoints, VERIFY } from './model.ts';
import { type Progress, progressReporter } from './progress.ts';
import type { Projection, Table } from './projection.ts';
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

export type VerifyPhase = 'fold' | 'compare' | 'done';

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

const FIRST_DIFFERENCES = 20;

/**
 * Folds the log up to exactly where the live model stands and compares every row of every table. All of it is one transaction
 * that sees one snapshot of the live model and is rolled back at the end: workers and queries go on meanwhile, and nothing is
 * left over however it ends. Throws `RebuildRunning` and `ModelMismatch`.
 */
export const verify = async (options: VerifyOptions): Promise<Verification> =>
  withClient(options.pool, async (client) => {
    await lockModel(client, { wait: false });
    try {
      await client.query('begin isolation level repeatable read');
      return await verifyInSnapshot(client, options);
    } finally {
      await client.query('rollback').catch(() => undefined);
      await unlockModel(client);
    }
  });

const verifyInSnapshot = async (client: pg.ClientBase, options: VerifyOptions): Promise<Verification> => {
  const { projection, signal } = options;
  const report = progressReporter(options.onProgress);
  const state = await modelState(client, projection);
  if (state !== 'current') throw new ModelMismatch(`the live model of ${projection.name} is ${state}`);
  const ends = await readCheckpoints(client, LIVE);
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

  report({ phase: 'compare', events: total });
  await buildPrimaryKeys(client, VERIFY, projection.tables);
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
  report({ phase: 'done' });
  const parked = { live: await countRows(client, LIVE), fresh: await countRows(client, VERIFY) };
  return { events: total, tables, firstDifferences, parked };
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
