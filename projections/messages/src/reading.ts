import type { Handlers, Table } from '@palaver/projector';
import type { MessagesEvent } from '@palaver/schemas';
import type { Pool } from 'pg';

/**
 * How far who has read which channel, and what is unread there. Mentions are kept as running totals by the seq of their message, so that
 * those between two seqs are a difference, found by two look-ups, however many there are.
 */

// Rows.

export const readingTables: readonly Table[] = [
  {
    name: 'read_state',
    columns: { channel_id: 'uuid not null', profile_id: 'uuid not null', seq: 'bigint not null' },
    primaryKey: ['channel_id', 'profile_id'],
    // By profile: what is to go with an account.
    indexes: { read_state_by_profile: '(profile_id)' },
  },
  {
    name: 'mention',
    columns: {
      channel_id: 'uuid not null',
      profile_id: 'uuid not null',
      seq: 'bigint not null',
      total: 'bigint not null',
    },
    primaryKey: ['channel_id', 'profile_id', 'seq'],
  },
  {
    name: 'everyone_mention',
    columns: { channel_id: 'uuid not null', seq: 'bigint not null', total: 'bigint not null' },
    primaryKey: ['channel_id', 'seq'],
  },
];

// Fold.

type ReadingEvent = Extract<
  MessagesEvent,
  { type: 'ReadMarked' | 'ReaderForgotten' | 'MemberMentioned' | 'EveryoneMentioned' }
>;

export const readingHandlers: Handlers<ReadingEvent> = {
  ReadMarked: ({ channelId, profileId, seq }) => [
    { kind: 'put', table: 'read_state', row: { channel_id: channelId, profile_id: profileId, seq } },
  ],
  ReaderForgotten: ({ channelId, profileId }) => [
    { kind: 'remove', table: 'read_state', key: { channel_id: channelId, profile_id: profileId } },
  ],
  MemberMentioned: ({ channelId, profileId, seq, total }) => [
    { kind: 'put', table: 'mention', row: { channel_id: channelId, profile_id: profileId, seq, total } },
  ],
  EveryoneMentioned: ({ channelId, seq, total }) => [
    { kind: 'put', table: 'everyone_mention', row: { channel_id: channelId, seq, total } },
  ],
};

// Queries.

export type ReadState = {
  readonly channelId: string;
  /** Of the newest message that is there; 0 for none. */
  readonly lastSeq: number;
  /** Of the last message that was read; 0 for none. */
  readonly readSeq: number;
  /** Messages posted after that one, up to the newest that is there. */
  readonly unread: number;
  /** Those of them that name the profile, or everyone. */
  readonly mentions: number;
};

const totalUpTo = (table: string, seq: string, where = ''): string =>
  `coalesce((select t.total from ${table} t where t.channel_id = asked.id ${where} and t.seq <= ${seq}
             order by t.seq desc limit 1), 0)`;
const mentionsUpTo = (seq: string): string =>
  `${totalUpTo('mention', seq, 'and t.profile_id = $2')} + ${totalUpTo('everyone_mention', seq)}`;

/** Of these channels, in their order: a few look-ups for each, however much is unread. */
export const readStatesOf = async (
  pool: Pool,
  { channelIds, profileId }: { channelIds: readonly string[]; profileId: string },
): Promise<readonly ReadState[]> => {
  if (channelIds.length === 0) return [];
  const { rows } = await pool.query<{ id: string; last_seq: string; read_seq: string; mentions: string }>({
    name: 'read-states',
    text: `select asked.id, last.seq as last_seq, read.seq as read_seq,
                  case when last.seq > read.seq then (${mentionsUpTo('last.seq')}) - (${mentionsUpTo('read.seq')})
                       else 0 end as mentions
           from unnest($1::uuid[]) with ordinality as asked (id, place)
           cross join lateral (
             select coalesce((select m.seq from message m where m.channel_id = asked.id order by m.seq desc limit 1), 0) as seq
           ) as last
           cross join lateral (
             select coalesce((select r.seq from read_state r where r.channel_id = asked.id and r.profile_id = $2), 0) as seq
           ) as read
           order by asked.place`,
    values: [channelIds, profileId],
  });
  return rows.map((row) => {
    const [lastSeq, readSeq] = [Number(row.last_seq), Number(row.read_seq)];
    const unread = Math.max(0, lastSeq - readSeq);
    return { channelId: row.id, lastSeq, readSeq, unread, mentions: Number(row.mentions) };
  });
};
