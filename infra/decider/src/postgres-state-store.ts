import type { Pool, PoolClient } from 'pg';
import type { Outcome } from './outcome.ts';
import { type Claim, ClaimLost, type Remembered, type StateStore, type StreamState } from './state-store.ts';

/** States and outcomes are JSON as text: they are only ever read whole, and text may hold what jsonb refuses (`\u0000`). */
const tables = (schema: string): string => `
  create schema if not exists ${schema};
  create table if not exists ${schema}.checkpoint (
    partition int primary key,
    owner text not null,
    version int not null,
    event_offset bigint,
    taken_command_offset bigint,
    taken_epoch text,
    taken_index int,
    latest_made_ms bigint
  );
  alter table ${schema}.checkpoint add column if not exists latest_made_ms bigint;
  create table if not exists ${schema}.stream (
    partition int not null,
    name text not null,
    version bigint not null,
    state text not null,
    primary key (partition, name)
  );
  create table if not exists ${schema}.command (
    partition int not null,
    id text not null,
    time_ms bigint not null,
    fingerprint text not null,
    outcome text not null,
    primary key (partition, id)
  );
  create index if not exists command_time on ${schema}.command (partition, time_ms);
`;

type CheckpointRow = {
  version: number;
  event_offset: string | null;
  taken_command_offset: string | null;
  taken_epoch: string | null;
  taken_index: number | null;
  latest_made_ms: string | null;
};
type StreamRow = { name: string | null; version: string; state: string };
type CommandRow = { id: string | null; time_ms: string; fingerprint: string; outcome: string };

const checkpointOf = (row: CheckpointRow) =>
  row.event_offset === null
    ? null
    : {
        offset: Number(row.event_offset),
        taken:
          row.taken_command_offset === null || row.taken_epoch === null || row.taken_index === null
            ? null
            : { commandOffset: Number(row.taken_command_offset), epoch: row.taken_epoch, index: row.taken_index },
      };

/** States kept before this was noted may be of any age. */
const latestMadeMsOf = ({ event_offset, latest_made_ms }: CheckpointRow): number =>
  event_offset === null ? 0 : latest_made_ms === null ? Number.MAX_SAFE_INTEGER : Number(latest_made_ms);

const streamsOf = (rows: readonly StreamRow[]): Map<string, StreamState> => {
  const found = new Map<string, StreamState>();
  for (const { name, version, state } of rows)
    if (name !== null) found.set(name, { version: Number(version), state: JSON.parse(state) as StreamState['state'] });
  return found;
};

const commandsOf = (rows: readonly CommandRow[]): Map<string, Remembered> => {
  const found = new Map<string, Remembered>();
  for (const { id, time_ms, fingerprint, outcome } of rows)
    if (id !== null) found.set(id, { timeMs: Number(time_ms), fingerprint, outcome: JSON.parse(outcome) as Outcome });
  return found;
};

export type PostgresStateStore = StateStore & {
  /** Creates the schema and its tables where they are missing. Safe at every start, and from several processes at once. */
  migrate(): Promise<void>;
};

/**
 * Keeps an owner's folds in tables of its service's own database. Who owns a partition stands in its checkpoint's row, which
 * every statement asks for, so that an owner that has been replaced reads and writes nothing.
 */
export const postgresStateStore = (pool: Pool, { schema = 'decider' } = {}): PostgresStateStore => {
  if (!/^[a-z_][a-z0-9_]*$/.test(schema)) throw new TypeError(`${schema} is no plain name of a schema`);

  const transaction = async <T>(run: (client: PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    let failure: Error | undefined;
    try {
      await client.query('begin');
      // What a crash of the database may lose here, the log still has.
      await client.query('set local synchronous_commit = off');
      const result = await run(client);
      await client.query('commit');
      return result;
    } catch (error) {
      failure = await client.query('rollback').then(
        () => undefined,
        (rollbackError: Error) => rollbackError,
      );
      throw error;
    } finally {
      // A connection that could not even roll back is thrown away.
      client.release(failure);
    }
  };

  const forgetAll = async (client: PoolClient, partition: number): Promise<void> => {
    await client.query(`delete from ${schema}.stream where partition = $1`, [partition]);
    await client.query(`delete from ${schema}.command where partition = $1`, [partition]);
    await client.query(
      `update ${schema}.checkpoint set event_offset = null, taken_command_offset = null, taken_epoch = null,
         taken_index = null, latest_made_ms = null where partition = $1`,
      [partition],
    );
  };

  const warmUp = async (client: PoolClient, partition: number, most: number) => {
    // One row more than wanted tells whether that was all.
    const streams = await client.query<StreamRow>(
      `select name, version, state from ${schema}.stream where partition = $1 limit $2`,
      [partition, most + 1],
    );
    const commands = await client.query<CommandRow>(
      `select id, time_ms, fingerprint, outcome from ${schema}.command where partition = $1
       order by time_ms desc limit $2`,
      [partition, most + 1],
    );
    return {
      streams: streamsOf(streams.rows.slice(0, most)),
      commands: commandsOf(commands.rows.slice(0, most).reverse()),
      whole: { streams: streams.rows.length <= most, commands: commands.rows.length <= most },
    };
  };

  /** Rows of one table with the given names, or nothing at all when the claim is lost. */
  const find = async <Row extends StreamRow | CommandRow>(options: {
    claim: Claim;
    names: readonly string[];
    table: 'stream' | 'command';
    columns: string;
    name: 'name' | 'id';
  }): Promise<Row[]> => {
    const { claim, names, table, columns, name } = options;
    const { rows } = await pool.query<Row>({
      name: `${schema}-find-${table}`,
      text: `select ${columns} from ${schema}.checkpoint c
             left join ${schema}.${table} t on t.partition = c.partition and t.${name} = any($3)
             where c.partition = $1 and c.owner = $2`,
      values: [claim.partition, claim.epoch, names],
    });
    if (rows.length === 0) throw new ClaimLost(claim);
    return rows;
  };

  return {
    migrate: () =>
      transaction(async (client) => {
        await client.query('select pg_advisory_xact_lock(hashtext($1))', [`palaver-decider-${schema}`]);
        await client.query(tables(schema));
      }),

    claim: ({ partition, epoch }, { version, warm }) =>
      transaction(async (client) => {
        await client.query(
          `insert into ${schema}.checkpoint (partition, owner, version) values ($1, $2, $3) on conflict do nothing`,
          [partition, epoch, version],
        );
        const locked = `select version, event_offset, taken_command_offset, taken_epoch, taken_index, latest_made_ms
                        from ${schema}.checkpoint where partition = $1 for update`;
        const before = (await client.query<CheckpointRow>(locked, [partition])).rows[0]!;
        if (before.version !== version) await forgetAll(client, partition);
        await client.query(`update ${schema}.checkpoint set owner = $2, version = $3 where partition = $1`, [
          partition,
          epoch,
          version,
        ]);
        const kept = (await client.query<CheckpointRow>(locked, [partition])).rows[0]!;
        return {
          checkpoint: checkpointOf(kept),
          latestMadeMs: latestMadeMsOf(kept),
          ...(await warmUp(client, partition, warm)),
        };
      }),

    reset: (claim) =>
      transaction(async (client) => {
        const held = await client.query(
          `select from ${schema}.checkpoint where partition = $1 and owner = $2 for update`,
          [claim.partition, claim.epoch],
        );
        if (held.rowCount === 0) throw new ClaimLost(claim);
        await forgetAll(client, claim.partition);
      }),

    streams: async (claim, names) =>
      streamsOf(
        await find<StreamRow>({ claim, names, table: 'stream', columns: 't.name, t.version, t.state', name: 'name' }),
      ),

    commands: async (claim, names) =>
      commandsOf(
        await find<CommandRow>({
          claim,
          names,
          table: 'command',
          columns: 't.id, t.time_ms, t.fingerprint, t.outcome',
          name: 'id',
        }),
      ),

    keep: (claim, { checkpoint, streams, commands, latestMadeMs, forgetBeforeMs }) =>
      transaction(async (client) => {
        const { partition, epoch } = claim;
        const { offset, taken } = checkpoint;
        const moved = await client.query({
          name: `${schema}-keep-checkpoint`,
          text: `update ${schema}.checkpoint set event_offset = $3, taken_command_offset = $4, taken_epoch = $5,
                   taken_index = $6, latest_made_ms = $7 where partition = $1 and owner = $2`,
          values: [partition, epoch, offset, taken?.commandOffset, taken?.epoch, taken?.index, latestMadeMs],
        });
        if (moved.rowCount === 0) throw new ClaimLost(claim);
        const states = [...streams.values()];
        await client.query({
          name: `${schema}-keep-streams`,
          text: `insert into ${schema}.stream (partition, name, version, state)
                 select $1, * from unnest($2::text[], $3::bigint[], $4::text[])
                 on conflict (partition, name) do update set version = excluded.version, state = excluded.state`,
          values: [
            partition,
            [...streams.keys()],
            states.map(({ version }) => version),
            states.map(({ state }) => JSON.stringify(state)),
          ],
        });
        const remembered = [...commands.values()];
        await client.query({
          name: `${schema}-keep-commands`,
          text: `insert into ${schema}.command (partition, id, time_ms, fingerprint, outcome)
                 select $1, * from unnest($2::text[], $3::bigint[], $4::text[], $5::text[])
                 on conflict (partition, id) do update set time_ms = excluded.time_ms,
                   fingerprint = excluded.fingerprint, outcome = excluded.outcome`,
          values: [
            partition,
            [...commands.keys()],
            remembered.map(({ timeMs }) => timeMs),
            remembered.map(({ fingerprint }) => fingerprint),
            remembered.map(({ outcome }) => JSON.stringify(outcome)),
          ],
        });
        await client.query(`delete from ${schema}.command where partition = $1 and time_ms < $2`, [
          partition,
          forgetBeforeMs,
        ]);
      }),
  };
};
