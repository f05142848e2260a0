import { batched, defineProjection, type RowChange, type Table } from '@palaver/projector';
import {
  type AuthEvent,
  type ChannelType,
  type MemberRole,
  type MessagesEvent,
  type MessagesLeft,
  type Overwrite,
  type Permission,
  permissionsIn,
  type ServersEvent,
} from '@palaver/schemas';
import type { Pool } from 'pg';

/**
 * The view of messages: a channel's history, and the facts of other services that posting and reading need (servers, channels, what these
 * give and take, members), or that erasing does (deleted authors and channels).
 * Rows, fold and queries stand side by side; only this file knows the columns.
 */

// Rows.

const tables: readonly Table[] = [
  {
    name: 'message',
    columns: {
      channel_id: 'uuid not null',
      seq: 'bigint not null',
      id: 'uuid not null',
      server_id: 'uuid not null',
      // Null when the author's account is gone, and its messages stayed.
      author_id: 'uuid',
      content: 'text not null',
      imported_at: 'timestamptz',
      created_at: 'timestamptz not null',
    },
    // Pages are ranges of this key, read backwards.
    primaryKey: ['channel_id', 'seq'],
    // By author: what is to be erased with an account.
    indexes: { message_by_id: 'unique (id)', message_by_author: '(author_id)' },
  },
  {
    name: 'channel',
    columns: { id: 'uuid not null', server_id: 'uuid not null', type: 'text not null' },
    primaryKey: ['id'],
  },
  {
    name: 'member',
    columns: {
      server_id: 'uuid not null',
      profile_id: 'uuid not null',
      role: 'text not null',
      permissions: 'jsonb not null',
      timed_out_until: 'timestamptz',
    },
    primaryKey: ['server_id', 'profile_id'],
  },
  {
    name: 'server',
    columns: { id: 'uuid not null', owner_id: 'uuid not null' },
    primaryKey: ['id'],
  },
  {
    name: 'overwrite',
    // `target`: a role, or a member's profile id.
    columns: {
      channel_id: 'uuid not null',
      target: 'text not null',
      allow: 'jsonb not null',
      deny: 'jsonb not null',
    },
    primaryKey: ['channel_id', 'target'],
  },
  {
    name: 'deleted_channel',
    columns: { id: 'uuid not null', deleted_at: 'timestamptz not null' },
    primaryKey: ['id'],
  },
  {
    name: 'deleted_author',
    columns: { id: 'uuid not null', messages: 'text not null', deleted_at: 'timestamptz not null' },
    primaryKey: ['id'],
  },
];

// Fold. Handlers of the three topics touch different tables, so that the order between topics does not matter.

/** Of all that happens to servers, what decides who may read and post. */
type ServersFact = Extract<
  ServersEvent,
  {
    type:
      | 'ServerCreated'
      | 'OwnershipTransferred'
      | 'ServerDeleted'
      | `Channel${string}`
      | 'MemberJoined'
      | 'MemberLeft'
      | 'MemberKicked'
      | 'MemberBanned'
      | 'MemberTimedOut'
      | 'MemberRoleChanged';
  }
>;
type AuthFact = Extract<AuthEvent, { type: 'AccountDeleted' }>;

type MemberOf = { readonly serverId: string; readonly profileId: string };

const memberKey = ({ serverId, profileId }: MemberOf) => ({ server_id: serverId, profile_id: profileId });
const left = (data: MemberOf): readonly RowChange[] => [{ kind: 'remove', table: 'member', key: memberKey(data) }];
const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
const targetOf = ({ role, profileId }: Pick<Overwrite, 'role' | 'profileId'>): string => role ?? profileId ?? '';

export const messagesProjection = defineProjection<MessagesEvent | ServersFact | AuthFact>({
  name: 'messages',
  version: 3,
  topics: ['messages.events', 'servers.events', 'auth.events'],
  tables,
  handlers: {
    MessagePosted: (data, { timestampMs }) => [
      {
        kind: 'put',
        table: 'message',
        row: {
          channel_id: data.channelId,
          seq: data.seq,
          id: data.messageId,
          server_id: data.serverId,
          author_id: data.authorId,
          content: data.content,
          imported_at: data.importedAt === null ? null : new Date(data.importedAt),
          created_at: new Date(timestampMs),
        },
      },
    ],
    MessageDeleted: ({ channelId, seq }) => [{ kind: 'remove', table: 'message', key: { channel_id: channelId, seq } }],
    // The whole row: what was posted may be gone from the log.
    MessageAnonymized: (data) => [
      {
        kind: 'put',
        table: 'message',
        row: {
          channel_id: data.channelId,
          seq: data.seq,
          id: data.messageId,
          server_id: data.serverId,
          author_id: null,
          content: data.content,
          imported_at: data.importedAt === null ? null : new Date(data.importedAt),
          created_at: new Date(data.postedAt),
        },
      },
    ],
    ChannelCreated: ({ channelId, serverId, type }) => [
      { kind: 'put', table: 'channel', row: { id: channelId, server_id: serverId, type } },
    ],
    ChannelChanged: ({ channelId, type }) => [
      { kind: 'patch', table: 'channel', key: { id: channelId }, set: { type } },
    ],
    ChannelDeleted: ({ channelId }, { timestampMs }) => [
      { kind: 'remove', table: 'channel', key: { id: channelId } },
      { kind: 'removeWhere', table: 'overwrite', where: { channel_id: channelId } },
      { kind: 'put', table: 'deleted_channel', row: { id: channelId, deleted_at: new Date(timestampMs) } },
    ],
    ChannelOverwriteSet: (data) => [
      {
        kind: 'put',
        table: 'overwrite',
        row: { channel_id: data.channelId, target: targetOf(data), allow: data.allow, deny: data.deny },
      },
    ],
    ChannelOverwriteRemoved: (data) => [
      { kind: 'remove', table: 'overwrite', key: { channel_id: data.channelId, target: targetOf(data) } },
    ],
    ServerCreated: ({ serverId, ownerId }) => [
      { kind: 'put', table: 'server', row: { id: serverId, owner_id: ownerId } },
    ],
    OwnershipTransferred: ({ serverId, ownerId }) => [
      { kind: 'patch', table: 'server', key: { id: serverId }, set: { owner_id: ownerId } },
    ],
    // Its channels go by events of their own.
    ServerDeleted: ({ serverId }) => [
      { kind: 'remove', table: 'server', key: { id: serverId } },
      { kind: 'removeWhere', table: 'member', where: { server_id: serverId } },
    ],
    MemberJoined: ({ role, permissions, timedOutUntil, ...data }) => [
      {
        kind: 'put',
        table: 'member',
        row: { ...memberKey(data), role, permissions, timed_out_until: dateOf(timedOutUntil) },
      },
    ],
    MemberLeft: left,
    MemberKicked: left,
    MemberBanned: left,
    MemberTimedOut: (data) => [
      { kind: 'patch', table: 'member', key: memberKey(data), set: { timed_out_until: dateOf(data.until) } },
    ],
    MemberRoleChanged: (data) => [{ kind: 'patch', table: 'member', key: memberKey(data), set: { role: data.role } }],
    AccountDeleted: ({ profileId, messages }, { timestampMs }) => [
      { kind: 'put', table: 'deleted_author', row: { id: profileId, messages, deleted_at: new Date(timestampMs) } },
    ],
  },
});

// Queries: plain named statements, which are the hottest that Palaver has.

export type MessageView = {
  readonly id: string;
  readonly channelId: string;
  readonly serverId: string;
  /** Null when the author's account is gone. */
  readonly authorId: string | null;
  readonly seq: number;
  readonly content: string;
  readonly importedAt: string | null;
  readonly createdAt: string;
};

/** What a profile is to a channel; null when there is no such channel, or the profile may not see it. */
export type Access = {
  readonly serverId: string;
  readonly type: ChannelType;
  /** What it may do there now. */
  readonly permissions: ReadonlySet<Permission>;
  readonly timedOut: boolean;
};

/** `atMs`: of the question, ms since the epoch. */
export type AccessTo = (asked: { channelId: string; profileId: string; atMs: number }) => Promise<Access | null>;

type Sets = Pick<Overwrite, 'allow' | 'deny'>;
type AccessRow = {
  readonly place: string;
  readonly server_id: string;
  readonly type: ChannelType;
  readonly owner_id: string;
  readonly role: MemberRole;
  readonly permissions: readonly Permission[];
  readonly timed_out_until: Date | null;
  readonly of_role: Sets | null;
  readonly of_member: Sets | null;
};

const accessOf = (row: AccessRow, { profileId, atMs }: { profileId: string; atMs: number }): Access | null => {
  const timedOutUntilMs = row.timed_out_until?.getTime() ?? null;
  const owner = row.owner_id === profileId;
  const { role } = row;
  const overwrites: Overwrite[] = [];
  if (row.of_role) overwrites.push({ role, profileId: null, ...row.of_role });
  if (row.of_member) overwrites.push({ role: null, profileId, ...row.of_member });
  const who = { profileId, owner, role, permissions: row.permissions, timedOutUntilMs };
  const permissions = permissionsIn(overwrites, who, atMs);
  if (!permissions.has('VIEW_CHANNEL')) return null;
  const timedOut = !owner && timedOutUntilMs !== null && atMs < timedOutUntilMs;
  return { serverId: row.server_id, type: row.type, permissions, timedOut };
};

/** Every post and every page asks for it, so those who ask at the same time share a query. */
const accessReader = (pool: Pool): AccessTo =>
  batched(async (asked) => {
    const { rows } = await pool.query<AccessRow>({
      name: 'channel-access',
      text: `select asked.place, c.server_id, c.type, s.owner_id, m.role, m.permissions, m.timed_out_until,
                    case when r.deny is not null then jsonb_build_object('allow', r.allow, 'deny', r.deny) end as of_role,
                    case when o.deny is not null then jsonb_build_object('allow', o.allow, 'deny', o.deny) end as of_member
             from unnest($1::uuid[], $2::uuid[]) with ordinality as asked (channel_id, profile_id, place)
             join channel c on c.id = asked.channel_id
             join server s on s.id = c.server_id
             join member m on m.server_id = c.server_id and m.profile_id = asked.profile_id
             left join overwrite r on r.channel_id = c.id and r.target = m.role
             left join overwrite o on o.channel_id = c.id and o.target = m.profile_id::text`,
      values: [asked.map(({ channelId }) => channelId), asked.map(({ profileId }) => profileId)],
    });
    const found = new Array<Access | null>(asked.length).fill(null);
    for (const row of rows) {
      const index = Number(row.place) - 1;
      found[index] = accessOf(row, asked[index]!);
    }
    return found;
  });

/** A place in a channel: a message's id, or its seq. */
export type Place = string | number;

/** At most one of `before`, `after` and `around`; none means the newest. */
export type HistoryPage = {
  readonly channelId: string;
  readonly limit: number;
  readonly before?: Place | undefined;
  readonly after?: Place | undefined;
  readonly around?: Place | undefined;
};

type MessageRow = {
  id: string;
  channel_id: string;
  server_id: string;
  author_id: string | null;
  seq: string;
  content: string;
  imported_at: Date | null;
  created_at: Date;
};

const messageView = (row: MessageRow): MessageView => ({
  id: row.id,
  channelId: row.channel_id,
  serverId: row.server_id,
  authorId: row.author_id,
  seq: Number(row.seq),
  content: row.content,
  importedAt: row.imported_at?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
});

const columns = 'id, channel_id, server_id, author_id, seq, content, imported_at, created_at';

const older = async (pool: Pool, channelId: string, belowSeq: number | null, limit: number): Promise<MessageView[]> => {
  const { rows } = await pool.query<MessageRow>({
    name: 'history-older',
    text: `select ${columns} from message where channel_id = $1 and seq < $2 order by seq desc limit $3`,
    values: [channelId, belowSeq ?? Number.MAX_SAFE_INTEGER, limit],
  });
  return rows.map(messageView);
};

const newer = async (pool: Pool, channelId: string, aboveSeq: number, limit: number): Promise<MessageView[]> => {
  const { rows } = await pool.query<MessageRow>({
    name: 'history-newer',
    text: `select ${columns} from message where channel_id = $1 and seq > $2 order by seq limit $3`,
    values: [channelId, aboveSeq, limit],
  });
  return rows.map(messageView).reverse();
};

const seqOf = async (pool: Pool, channelId: string, place: Place): Promise<number | null> => {
  if (typeof place === 'number') return place;
  const { rows } = await pool.query<{ seq: string }>({
    name: 'seq-of-message',
    text: 'select seq from message where id = $1 and channel_id = $2',
    values: [place, channelId],
  });
  return rows[0] ? Number(rows[0].seq) : null;
};

export type History = { readonly items: readonly MessageView[]; readonly hasMore: boolean };

/**
 * A page of a channel's history, newest first. `hasMore` tells whether there are more beyond the page in the direction it was
 * asked for (for `around`: in either). Null when the message that the page is asked around of is not in the channel.
 */
const history = async (pool: Pool, page: HistoryPage): Promise<History | null> => {
  const { channelId, limit } = page;
  const place = page.before ?? page.after ?? page.around;
  const seq = place === undefined ? null : await seqOf(pool, channelId, place);
  if (place !== undefined && seq === null) return null;
  if (seq !== null && page.after !== undefined) {
    const rows = await newer(pool, channelId, seq, limit + 1);
    return { items: rows.slice(-limit), hasMore: rows.length > limit };
  }
  if (seq !== null && page.around !== undefined) {
    // The message itself counts to the older half, which has the middle where the limit is odd.
    const half = Math.floor(limit / 2);
    const [above, below] = await Promise.all([
      newer(pool, channelId, seq, half + 1),
      older(pool, channelId, seq + 1, limit - half + 1),
    ]);
    return {
      items: [...above.slice(Math.max(0, above.length - half)), ...below.slice(0, limit - half)],
      hasMore: above.length > half || below.length > limit - half,
    };
  }
  const rows = await older(pool, channelId, seq, limit + 1);
  return { items: rows.slice(0, limit), hasMore: rows.length > limit };
};

/** What the messages service asks its read model. */
export type MessagesQueries = {
  readonly accessTo: AccessTo;
  readonly history: (page: HistoryPage) => Promise<History | null>;
};

export const messagesQueries = (pool: Pool): MessagesQueries => ({
  accessTo: accessReader(pool),
  history: (page) => history(pool, page),
});

/** A message of a deleted account or channel that is still there, and what is to become of it. */
export type LeftMessage = { readonly message: MessageView; readonly messages: MessagesLeft };

/** Messages, oldest of a channel first, of accounts and channels that were deleted after `since`: what erasing has left to do. */
export const leftByDeleted = async (
  pool: Pool,
  { since, limit }: { since: Date; limit: number },
): Promise<readonly LeftMessage[]> => {
  const { rows } = await pool.query<MessageRow & { messages: MessagesLeft }>({
    name: 'left-by-deleted',
    text: `(select m.*, d.messages from deleted_author d join message m on m.author_id = d.id
            where d.deleted_at > $1 and not exists (select from deleted_channel gone where gone.id = m.channel_id)
            order by m.channel_id, m.seq limit $2)
           union all
           (select m.*, 'DELETE' from deleted_channel d join message m on m.channel_id = d.id
            where d.deleted_at > $1 order by m.channel_id, m.seq limit $2)
           limit $2`,
    values: [since, limit],
  });
  return rows.map(({ messages, ...row }) => ({ message: messageView(row), messages }));
};
