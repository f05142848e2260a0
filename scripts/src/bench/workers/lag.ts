import { type CommandClient, commandClient, createReplies, newId } from '@palaver/decider';
import { avroCodec, kafkaLog } from '@palaver/event-log';
import { CHANNEL, eventTopic, LIVE, modelPool, type PositionWaiter, positionWaiter } from '@palaver/projector';
import { commandSchemas } from '@palaver/schemas';
import { messagesDecider, type PostResult } from '@palaver/service-messages';
import type pg from 'pg';
import { newChannels, postCommand, realContents } from '../messages.ts';
import { atRate, type Rate } from '../rate.ts';
import { serveCalls } from '../worker.ts';

/**
 * How long a message that was acknowledged is not yet to be seen, asked as a service asks: wait for the position, then query. And the
 * limit of that: a row that Postgres is given, a NOTIFY of it, the same query.
 *
 *   ours   command ──▶ acknowledged ──▶ worker ──▶ Postgres ──NOTIFY──▶ query
 *   limit                      insert ───────────▶ Postgres ──NOTIFY──▶ query
 */

export type LagStart = {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly postgresUrl: string;
};
export type LagResult = {
  /** Acknowledged, or given to Postgres. */
  readonly accepted: number;
  /** Of those: the query did not find them. */
  readonly unseen: number;
  /** From there until the query had answered. */
  readonly lagsMs: Float64Array;
};

const timeoutMs = 30_000;
const limitTable = 'public.lag_limit';
const limitService = 'lag-limit';
const channels = newChannels(64);
const nextContent = realContents();
let client: CommandClient;
let pool: pg.Pool;
let positions: PositionWaiter;

type Row = { readonly channelId: string; readonly seq: number };

const isThere = async (table: string, { channelId, seq }: Row): Promise<boolean> => {
  const { rowCount } = await pool.query({
    name: `in ${table}`,
    text: `select content from ${table} where channel_id = $1 and seq = $2`,
    values: [channelId, seq],
  });
  return rowCount === 1;
};

/** Measures each from when `begin` is done. */
const measure = async (
  rate: Rate,
  { table, begin }: { table: string; begin: () => Promise<{ row: Row; visible: () => Promise<unknown> }> },
): Promise<LagResult> => {
  const lagsMs: number[] = [];
  let unseen = 0;
  await atRate(rate, async () => {
    const { row, visible } = await begin();
    const sinceMs = performance.now();
    await visible();
    if (!(await isThere(table, row))) unseen += 1;
    lagsMs.push(performance.now() - sinceMs);
  });
  return { accepted: lagsMs.length, unseen, lagsMs: Float64Array.from(lagsMs) };
};

const insert = (client: pg.ClientBase, row: Row & { readonly told: string }) =>
  client.query({
    name: 'limit',
    text: `with put as (insert into ${limitTable} (channel_id, seq, id, content, created_at) values ($1, $2, $3, $4, now()))
           select pg_notify('${CHANNEL}', $5)`,
    values: [row.channelId, row.seq, newId(), nextContent(), row.told],
  });

let given = 0;

const calls = {
  start: async ({ brokers, registryUrl, postgresUrl }: LagStart): Promise<void> => {
    const log = kafkaLog({ brokers, clientId: 'bench-lag' });
    const codec = await avroCodec({ registryUrl, schemas: commandSchemas.messages });
    client = await commandClient({ log, decider: messagesDecider, codec, replies: createReplies(newId()) });
    pool = modelPool({ connectionString: postgresUrl, max: 10 });
    const topic = eventTopic(messagesDecider.name);
    const topics = new Map([
      [topic, await log.partitions(topic)],
      [eventTopic(limitService), Number.POSITIVE_INFINITY],
    ]);
    positions = positionWaiter({ connectionString: postgresUrl }, topics);
    await pool.query(`create table ${limitTable} (like ${LIVE}.message including indexes)`);
  },
  /** Throws when a command is refused: then there is nothing to see. */
  run: (rate: Rate): Promise<LagResult> =>
    measure(rate, {
      table: `${LIVE}.message`,
      begin: async () => {
        const channel = channels[given++ % channels.length]!;
        const { outcome, position } = await client.submit(postCommand(channel, nextContent()), { timeoutMs });
        if (outcome.kind === 'refused') throw new Error(`refused: ${outcome.code}`);
        const { seq } = outcome.result as PostResult;
        const visible = () => positions.waitFor([{ service: messagesDecider.name, ...position }], timeoutMs);
        return { row: { channelId: channel.channelId, seq }, visible };
      },
    }),
  /** Each row is a partition of its own to those who wait. */
  limit: (rate: Rate): Promise<LagResult> =>
    measure(rate, {
      table: limitTable,
      begin: async () => {
        const seq = ++given;
        const { channelId } = channels[seq % channels.length]!;
        const told = { topic: eventTopic(limitService), partition: seq, nextOffset: 1 };
        // Waiting for a connection is no part of it, as waiting for the acknowledgement is none of ours.
        const connection = await pool.connect();
        const visible = async (): Promise<void> => {
          const heard = positions.waitFor([{ service: limitService, partition: seq, offset: 1 }], timeoutMs);
          await insert(connection, { channelId, seq, told: JSON.stringify([told]) });
          connection.release();
          await heard;
        };
        return { row: { channelId, seq }, visible };
      },
    }),
};
export type LagCalls = typeof calls;

serveCalls(calls);
