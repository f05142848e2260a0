import type pg from 'pg';
import type { ParkedEvent } from './fold.ts';
import { LIVE, NEXT, raiseParkedVersion, readLiveCheckpoint } from './model.ts';
import { LOCK, RebuildRunning } from './rebuild.ts';
import { type ParkedOptions, type Retried, requireCurrent, retryParked, type StreamRef } from './retry.ts';
import { insertSkip, skippedOffsets } from './skips.ts';
import { inTransaction, withClient } from './transaction.ts';

/** It is not what its stream stands still at: nothing of the stream is parked, or another event is the first. */
export class NotFirstParked extends Error {
  override readonly name = 'NotFirstParked';
}

export type Skipping = { readonly reason: string; readonly by: string };

/**
 * Leaves the first parked event of a stream out for good, and retries what stands behind it. Every later fold leaves it out too. Safe to
 * repeat: the event is named by its offset, and one that is skipped already stays so. Throws `NotFirstParked`, `RebuildRunning`, and
 * what `retryParked` throws; the event is skipped by then.
 */
export const skipParked = async (
  options: ParkedOptions,
  event: StreamRef & { readonly offset: number },
  skipping: Skipping,
): Promise<Retried> => {
  await requireCurrent(options);
  await withClient(options.pool, (client) => inTransaction(client, () => skipFirst(client, event, skipping)));
  const [retried] = await retryParked(options, event);
  const { topic, partition, stream } = event;
  return retried ?? { topic, partition, stream, outcome: 'drained', folded: 0, dropped: 0, left: 0, reason: null };
};

const skipFirst = async (
  client: pg.ClientBase,
  event: StreamRef & { readonly offset: number },
  skipping: Skipping,
): Promise<void> => {
  // The log does not hold it, so unlike rows it must be on the disk before anybody is told of it.
  await client.query('set local synchronous_commit = on');
  await keepRebuildsOut(client);
  await readLiveCheckpoint(client, event, { lock: true });
  if ((await skippedOffsets(client, event)).has(event.offset)) return;
  const first = await firstOf(client, event);
  if (first?.offset !== event.offset) throw new NotFirstParked(whyNot(event, first));
  await insertSkip(client, first, skipping);
  await client.query(`delete from ${LIVE}.parked where topic = $1 and partition = $2 and "offset" = $3`, [
    event.topic,
    event.partition,
    event.offset,
  ]);
  await raiseParkedVersion(client, event);
  // A rebuild that was interrupted may have parked it; it begins anew.
  await client.query(`drop schema if exists ${NEXT} cascade`);
};

const keepRebuildsOut = async (client: pg.ClientBase): Promise<void> => {
  const { rows } = await client.query<{ locked: boolean }>(`select pg_try_advisory_xact_lock(${LOCK}) as locked`);
  if (!rows[0]!.locked)
    throw new RebuildRunning('a rebuild or verification of this model is running; skip when it is done');
};

const firstOf = async (
  client: pg.ClientBase,
  { topic, partition, stream }: StreamRef,
): Promise<ParkedEvent | undefined> =>
  (
    await client.query<ParkedEvent>(
      `select topic, partition, "offset"::float8 as "offset", stream, type, error from ${LIVE}.parked
       where topic = $1 and partition = $2 and stream = $3 order by "offset" limit 1`,
      [topic, partition, stream],
    )
  ).rows[0];

const whyNot = ({ offset, stream }: { offset: number; stream: string }, first: ParkedEvent | undefined): string =>
  first === undefined
    ? `nothing of ${stream} is parked`
    : `the first parked event of ${stream} is at offset ${first.offset}, not ${offset}`;
