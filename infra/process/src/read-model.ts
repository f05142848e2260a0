import type { EventLog } from '@palaver/event-log';
import { modelPool, type PositionWaiter, type Projection, positionWaiter } from '@palaver/projector';
import type { Scope } from '@palaver/runtime';
import type pg from 'pg';
import type { WatchPool } from './database.ts';

/** A live read model, and how far it is. */
export type ReadModel = { readonly pool: pg.Pool; readonly positions: PositionWaiter };

export type ReadModelOptions = {
  readonly projection: Pick<Projection, 'name' | 'topics'>;
  readonly postgresUrl: string;
  /** Postgres ends a query that takes longer; none when it is not given. */
  readonly queryTimeoutMs?: number;
};

/** Opens a read model for queries as soon as it is there: the projection's worker makes it, which may start later than this process. */
export const openReadModel = async (
  { scope, log, watchPool }: { readonly scope: Scope; readonly log: EventLog; readonly watchPool: WatchPool },
  { projection, postgresUrl, queryTimeoutMs }: ReadModelOptions,
): Promise<ReadModel> => {
  const { name, topics } = projection;
  const pool = watchPool(
    `read model ${name}`,
    modelPool({ connectionString: postgresUrl, max: 10, statement_timeout: queryTimeoutMs }),
  );
  scope.onStop(`read model ${name}`, () => pool.end());
  await scope.waitFor(`read model ${name}`, () => pool.query('select from projection'));
  const partitions = await scope.waitFor('log', () =>
    Promise.all(topics.map(async (topic) => [topic, await log.partitions(topic)] as const)),
  );
  const positions = positionWaiter({ connectionString: postgresUrl }, new Map(partitions));
  scope.onStop(`position waiter of ${name}`, () => positions.close());
  return { pool, positions };
};
