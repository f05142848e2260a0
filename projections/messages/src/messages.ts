import {
  type AccessTo,
  accessHandlers,
  accessReader,
  accessTables,
  channelsFor,
  type InServer,
  type ServersFact,
} from '@palaver/projection-shared';
import { defineProjection, type Page, pageOf, type RowChange, type Table } from '@palaver/projector';
import type {
  AuthEvent,
  FilesEvent,
  MessagePosted,
  MessagesEvent,
  MessagesLeft,
  ReactionAdded,
} from '@palaver/schemas';
import type { Pool } from 'pg';
import { type DirectQueries, directQueries, participantsAmong, profileHandlers, profileTables } from './direct.ts';
import { type ReadState, readingHandlers, readingTables, readStatesOf } from './reading.ts';

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
      // Null for a direct channel.
      server_id: 'uuid',
      // Null when the author's account is gone, and its messages stayed.
      author_id: 'uuid',
      content: 'text not null',
      // What it says since it was edited; the first content stays beside it.
      edited_content: 'text',
      edited_at: 'timestamptz',
      reply_to_id: 'uuid',
      // Whom it names: profiles, and perhaps `everyone`; null for nobody.
      mentions: 'jsonb',
      // Ids of files; null for none.
      attachments: 'jsonb',
      imported_at: 'timestamptz',
      created_at: 'timestamptz not null',
    },
    // Pages are ranges of this key, read backwards.
    primaryKey: ['channel_id', 'seq'],
    // By author: what is to be erased with an account.
    indexes: { message_by_id: 'unique (id)', message_by_author: '(author_id)' },
  },
  {
    // What a message said from each edit on.
    name: 'message_edit',
    columns: {
      channel_id: 'uuid not null',
      seq: 'bigint not null',
      version: 'integer not null',
      content: 'text not null',
      edited_at: 'timestamptz not null',
    },
    primaryKey: ['channel_id', 'seq', 'version'],
  },
  {
    name: 'reaction',
    columns: { message_id: 'uuid not null', emoji: 'text not null', profile_id: 'uuid not null' },
    primaryKey: ['message_id', 'emoji', 'profile_id'],
    // By profile: what is to go with an account.
    indexes: { reaction_by_profile: '(profile_id)' },
  },
  {
    name: 'reaction_count',
    columns: {
      message_id: 'uuid not null',
      emoji: 'text not null',
      channel_id: 'uuid not null',
      count: 'integer not null',
    },
    primaryKey: ['message_id', 'emoji'],
  },
  {
    name: 'pin',
    columns: {
      channel_id: 'uuid not null',
      message_id: 'uuid not null',
      pinned_by: 'uuid not null',
      pinned_at: 'timestamptz not null',
    },
    primaryKey: ['channel_id', 'message_id'],
  },
  {
    name: 'deleted_author',
    columns: { id: 'uuid not null', messages: 'text not null', deleted_at: 'timestamptz not null' },
    primaryKey: ['id'],
  },
  {
    // What hangs on messages, or may.
    name: 'file',
    columns: {
      id: 'uuid not null',
      owner_id: 'uuid not null',
      channel_id: 'uuid not null',
      name: 'text not null',
      type: 'text not null',
      size: 'bigint not null',
      width: 'integer',
      height: 'integer',
      has_thumbnail: 'boolean not null',
    },
    primaryKey: ['id'],
  },
  ...accessTables,
  ...readingTables,
  ...profileTables,
];

// Fold. Handlers of the four topics touch different tables, so that the order between topics does not matter.

type FilesFact = Extract<FilesEvent, { type: 'FileStored' | 'ThumbnailAdded' | 'FileDeleted' }>;
type AuthFact = Extract<AuthEvent, { type: 'ProfileCreated' | 'AccountDeleted' }>;

/** Among those whom a message names. */
const everyone = 'everyone';

type Said = Pick<
  MessagePosted,
  | 'channelId'
  | 'seq'
  | 'messageId'
  | 'serverId'
  | 'content'
  | 'replyToId'
  | 'importedAt'
  | 'mentions'
  | 'mentionsEveryone'
>;
const mentionsOf = ({ mentions, mentionsEveryone }: Pick<Said, 'mentions' | 'mentionsEveryone'>) => {
  const all = mentionsEveryone ? [...mentions, everyone] : mentions;
  return all.length > 0 ? all : null;
};
const posted = (data: Said) => ({
  channel_id: data.channelId,
  seq: data.seq,
  id: data.messageId,
  // A direct channel stands in the place of its server.
  server_id: data.serverId === data.channelId ? null : data.serverId,
  content: data.content,
  edited_content: null,
  reply_to_id: data.replyToId,
  mentions: mentionsOf(data),
  imported_at: dateOf(data.importedAt),
});
const tally = ({ channelId, messageId, emoji, count }: Omit<ReactionAdded, 'profileId'>): RowChange =>
  count > 0
    ? { kind: 'put', table: 'reaction_count', row: { message_id: messageId, emoji, channel_id: channelId, count } }
    : { kind: 'remove', table: 'reaction_count', key: { message_id: messageId, emoji } };
const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
export const messagesProjection = defineProjection<MessagesEvent | ServersFact | FilesFact | AuthFact>({
  name: 'messages',
  version: 6,
  topics: ['messages.events', 'servers.events', 'files.events', 'auth.events'],
  tables,
  handlers: {
    ...accessHandlers,
    ...readingHandlers,
    ...profileHandlers,
    MessagePosted: (data, { timestampMs }) => [
      {
        kind: 'put',
        table: 'message',
        row: {
          ...posted(data),
          attachments: data.attachments.length > 0 ? data.attachments : null,
          author_id: data.authorId,
          edited_at: null,
          created_at: new Date(timestampMs),
        },
      },
    ],
    MessageEdited: (data, { timestampMs, version }) => [
      {
        kind: 'patch',
        table: 'message',
        key: { channel_id: data.channelId, seq: data.seq },
        set: {
          edited_content: data.content,
          edited_at: new Date(timestampMs),
          mentions: mentionsOf(data),
        },
      },
      {
        kind: 'put',
        table: 'message_edit',
        row: {
          channel_id: data.channelId,
          seq: data.seq,
          version,
          content: data.content,
          edited_at: new Date(timestampMs),
        },
      },
    ],
    MessageDeleted: ({ channelId, messageId, seq }) => [
      { kind: 'remove', table: 'message', key: { channel_id: channelId, seq } },
      { kind: 'removeWhere', table: 'message_edit', where: { channel_id: channelId, seq } },
      { kind: 'removeWhere', table: 'reaction', where: { message_id: messageId } },
      { kind: 'removeWhere', table: 'reaction_count', where: { message_id: messageId } },
      { kind: 'remove', table: 'pin', key: { channel_id: channelId, message_id: messageId } },
    ],
    // The whole row: what was posted may be gone from the log. Whom it named, its files and what it said before go with its author.
    MessageAnonymized: (data) => [
      {
        kind: 'put',
        table: 'message',
        row: {
          ...posted({ ...data, mentions: [], mentionsEveryone: false }),
          attachments: null,
          author_id: null,
          edited_at: dateOf(data.editedAt),
          created_at: new Date(data.postedAt),
        },
      },
      { kind: 'removeWhere', table: 'message_edit', where: { channel_id: data.channelId, seq: data.seq } },
    ],
    ReactionAdded: ({ channelId, messageId, profileId, emoji, count }) => [
      { kind: 'put', table: 'reaction', row: { message_id: messageId, emoji, profile_id: profileId } },
      tally({ channelId, messageId, emoji, count }),
    ],
    ReactionRemoved: ({ channelId, messageId, profileId, emoji, count }) => [
      { kind: 'remove', table: 'reaction', key: { message_id: messageId, emoji, profile_id: profileId } },
      tally({ channelId, messageId, emoji, count }),
    ],
    MessagePinned: ({ channelId, messageId, pinnedBy }, { timestampMs }) => [
      {
        kind: 'put',
        table: 'pin',
        row: {
          channel_id: channelId,
          message_id: messageId,
          pinned_by: pinnedBy,
          pinned_at: new Date(timestampMs),
        },
      },
    ],
    MessageUnpinned: ({ channelId, messageId }) => [
      { kind: 'remove', table: 'pin', key: { channel_id: channelId, message_id: messageId } },
    ],
    PaceTaken: () => [],
    FileAttached: () => [],
    // Pictures of profiles and servers hang on no message.
    FileStored: ({ purpose, fileId, ownerId, channelId, name, type, size, width, height }) =>
      purpose !== 'ATTACHMENT'
        ? []
        : [
            {
              kind: 'put',
              table: 'file',
              row: {
                id: fileId,
                owner_id: ownerId,
                channel_id: channelId,
                name,
                type,
                size,
                width,
                height,
                has_thumbnail: false,
              },
            },
          ],
    ThumbnailAdded: ({ fileId }) => [
      { kind: 'patch', table: 'file', key: { id: fileId }, set: { has_thumbnail: true } },
    ],
    FileDeleted: ({ fileId }) => [{ kind: 'remove', table: 'file', key: { id: fileId } }],
    AccountDeleted: ({ profileId, messages }, { timestampMs }) => [
      { kind: 'put', table: 'deleted_author', row: { id: profileId, messages, deleted_at: new Date(timestampMs) } },
      { kind: 'remove', table: 'profile', key: { id: profileId } },
    ],
  },
});

// Queries: plain named statements, which are the hottest that Palaver has.

export type MessageView = {
  readonly id: string;
  readonly channelId: string;
  /** Null in a direct channel. */
  readonly serverId: string | null;
  /** Null when the author's account is gone. */
  readonly authorId: string | null;
  readonly seq: number;
  /** What it says now. */
  readonly content: string;
  readonly editedAt: string | null;
  /** Of the same channel; it may be gone. */
  readonly replyToId: string | null;
  readonly mentions: readonly string[];
  readonly mentionsEveryone: boolean;
  readonly importedAt: string | null;
  readonly createdAt: string;
  /** Of what hangs on it. */
  readonly fileIds: readonly string[];
};

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
  server_id: string | null;
  author_id: string | null;
  seq: string;
  content: string;
  edited_at: Date | null;
  reply_to_id: string | null;
  mentions: readonly string[] | null;
  imported_at: Date | null;
  created_at: Date;
  attachments: readonly string[] | null;
};

const messageView = (row: MessageRow): MessageView => ({
  id: row.id,
  channelId: row.channel_id,
  serverId: row.server_id,
  authorId: row.author_id,
  seq: Number(row.seq),
  content: row.content,
  editedAt: row.edited_at?.toISOString() ?? null,
  replyToId: row.reply_to_id,
  mentions: (row.mentions ?? []).filter((one) => one !== everyone),
  mentionsEveryone: row.mentions?.includes(everyone) ?? false,
  importedAt: row.imported_at?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
  fileIds: row.attachments ?? [],
});

const columns = `m.id, m.channel_id, m.server_id, m.author_id, m.seq, coalesce(m.edited_content, m.content) as content, m.edited_at,
  m.reply_to_id, m.mentions, m.imported_at, m.created_at, m.attachments`;

const older = async (pool: Pool, channelId: string, belowSeq: number | null, limit: number): Promise<MessageView[]> => {
  const { rows } = await pool.query<MessageRow>({
    name: 'history-older',
    text: `select ${columns} from message m where m.channel_id = $1 and m.seq < $2 order by m.seq desc limit $3`,
    values: [channelId, belowSeq ?? Number.MAX_SAFE_INTEGER, limit],
  });
  return rows.map(messageView);
};

const newer = async (pool: Pool, channelId: string, aboveSeq: number, limit: number): Promise<MessageView[]> => {
  const { rows } = await pool.query<MessageRow>({
    name: 'history-newer',
    text: `select ${columns} from message m where m.channel_id = $1 and m.seq > $2 order by m.seq limit $3`,
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

/**
 * A page of a channel's history, newest first. `hasMore` tells whether there are more beyond the page in the direction it was
 * asked for (for `around`: in either). Null when the message that the page is asked around of is not in the channel.
 */
const history = async (pool: Pool, page: HistoryPage): Promise<Page<MessageView> | null> => {
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

/** How a message is reacted to, by each emoji: how often, and whether by who asks. */
export type ReactionView = { readonly emoji: string; readonly count: number; readonly me: boolean };
/** A file that hangs on a message; it is downloaded from the files service. */
export type AttachmentView = {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** Of an image, pixels. */
  readonly width: number | null;
  readonly height: number | null;
  readonly hasThumbnail: boolean;
};
/** A message as it is shown: with what surrounds it. */
export type MessageDetail = Omit<MessageView, 'fileIds'> & {
  readonly attachments: readonly AttachmentView[];
  readonly reactions: readonly ReactionView[];
  readonly pinned: boolean;
};

/** One query for a whole page. */
const detailed = async (
  pool: Pool,
  messages: readonly MessageView[],
  profileId: string,
): Promise<readonly MessageDetail[]> => {
  if (messages.length === 0) return [];
  const { rows } = await pool.query<{ id: string; reactions: ReactionView[] | null; pinned: boolean }>({
    name: 'message-details',
    text: `select asked.id,
                  (select jsonb_agg(jsonb_build_object(
                     'emoji', c.emoji, 'count', c.count,
                     'me', exists (select from reaction r
                                   where r.message_id = c.message_id and r.emoji = c.emoji and r.profile_id = $2)
                   ) order by c.count desc, c.emoji)
                   from reaction_count c where c.message_id = asked.id) as reactions,
                  exists (select from pin p where p.channel_id = asked.channel_id and p.message_id = asked.id) as pinned
           from unnest($1::uuid[], $3::uuid[]) as asked (id, channel_id)`,
    values: [messages.map(({ id }) => id), profileId, messages.map(({ channelId }) => channelId)],
  });
  const details = new Map(rows.map((row) => [row.id, row]));
  const files = await filesAmong(
    pool,
    messages.flatMap(({ fileIds }) => fileIds),
  );
  return messages.map(({ fileIds, ...one }) => {
    const { reactions = null, pinned = false } = details.get(one.id) ?? {};
    const attachments = fileIds.flatMap((id) => files.get(id)?.view ?? []);
    return { ...one, attachments, reactions: reactions ?? [], pinned };
  });
};

type KnownFile = { readonly ownerId: string; readonly channelId: string; readonly view: AttachmentView };

/** Most pages hold no files, and ask nothing. */
const filesAmong = async (pool: Pool, ids: readonly string[]): Promise<ReadonlyMap<string, KnownFile>> => {
  if (ids.length === 0) return new Map();
  const { rows } = await pool.query<
    Omit<AttachmentView, 'size' | 'hasThumbnail'> & {
      owner_id: string;
      channel_id: string;
      size: string;
      has_thumbnail: boolean;
    }
  >({
    name: 'files-among',
    text: `select id, owner_id, channel_id, name, type, size, width, height, has_thumbnail from file
           where id = any($1::uuid[])`,
    values: [ids],
  });
  return new Map(
    rows.map(({ owner_id, channel_id, size, has_thumbnail, ...row }) => [
      row.id,
      {
        ownerId: owner_id,
        channelId: channel_id,
        view: { ...row, size: Number(size), hasThumbnail: has_thumbnail },
      },
    ]),
  );
};

/** Files in the order of these ids, if all of them are this owner's and were sent for this channel; else null. */
const attachable = async (
  pool: Pool,
  { fileIds, ownerId, channelId }: { fileIds: readonly string[]; ownerId: string; channelId: string },
): Promise<readonly AttachmentView[] | null> => {
  const files = await filesAmong(pool, fileIds);
  const found = fileIds.map((id) => files.get(id));
  const views = found.flatMap((one) => (one?.ownerId === ownerId && one.channelId === channelId ? [one.view] : []));
  return views.length === fileIds.length ? views : null;
};

const messageById = async (pool: Pool, { channelId, messageId }: OfMessage): Promise<MessageView | null> => {
  const { rows } = await pool.query<MessageRow>({
    name: 'message-by-id',
    text: `select ${columns} from message m where m.id = $1 and m.channel_id = $2`,
    values: [messageId, channelId],
  });
  return rows[0] ? messageView(rows[0]) : null;
};

type OfMessage = { readonly channelId: string; readonly messageId: string };

/** In the order in which they were asked for; those that are not there are left out. */
const messagesAt = async (
  pool: Pool,
  places: readonly { channelId: string; seq: number }[],
): Promise<MessageView[]> => {
  const { rows } = await pool.query<MessageRow>({
    name: 'messages-at',
    text: `select ${columns} from unnest($1::uuid[], $2::bigint[]) with ordinality as asked (channel_id, seq, place)
           join message m on m.channel_id = asked.channel_id and m.seq = asked.seq
           order by asked.place`,
    values: [places.map(({ channelId }) => channelId), places.map(({ seq }) => seq)],
  });
  return rows.map(messageView);
};

/** What a message said at first, and from each edit on, oldest first. */
export type MessageVersion = { readonly content: string; readonly since: string };

const versionsOf = async (pool: Pool, of: OfMessage): Promise<readonly MessageVersion[] | null> => {
  const { rows } = await pool.query<{ content: string; since: Date }>({
    name: 'message-versions',
    text: `select m.content, m.created_at as since, 0 as version from message m where m.id = $1 and m.channel_id = $2
           union all
           select e.content, e.edited_at, e.version from message m
           join message_edit e on e.channel_id = m.channel_id and e.seq = m.seq
           where m.id = $1 and m.channel_id = $2
           order by version`,
    values: [of.messageId, of.channelId],
  });
  if (rows.length === 0) return null;
  return rows.map(({ content, since }) => ({ content, since: since.toISOString() }));
};

export type ReactorsPage = OfMessage & {
  readonly emoji: string;
  readonly limit: number;
  readonly after?: string | undefined;
};

/** Who reacts so, by rising profile id. */
const reactorsOf = async (pool: Pool, { messageId, emoji, limit, after }: ReactorsPage): Promise<Page<string>> => {
  const { rows } = await pool.query<{ profile_id: string }>({
    name: 'reactors',
    text: `select profile_id from reaction where message_id = $1 and emoji = $2 and ($3::uuid is null or profile_id > $3)
           order by profile_id limit $4`,
    values: [messageId, emoji, after ?? null, limit + 1],
  });
  return pageOf(rows, limit, (row) => row.profile_id);
};

/** The pinned messages of a channel, the last pinned first; there are few. */
const pinsOf = async (pool: Pool, channelId: string): Promise<readonly MessageView[]> => {
  const { rows } = await pool.query<MessageRow>({
    name: 'pins',
    text: `select ${columns} from pin p join message m on m.id = p.message_id
           where p.channel_id = $1 order by p.pinned_at desc, m.seq desc`,
    values: [channelId],
  });
  return rows.map(messageView);
};

type Audience = { readonly channelId: string; readonly serverId: string | null };

/** Those of these profiles that are members of the channel's server, or take part in the direct channel. */
const audienceAmong = async (
  pool: Pool,
  { channelId, serverId, profileIds }: Audience & { profileIds: readonly string[] },
): Promise<readonly string[]> => {
  if (profileIds.length === 0) return [];
  if (serverId === null) return participantsAmong(pool, { channelId, profileIds });
  const { rows } = await pool.query<{ profile_id: string }>({
    name: 'members-among',
    text: 'select profile_id from member where server_id = $1 and profile_id = any($2::uuid[]) order by profile_id',
    values: [serverId, profileIds],
  });
  return rows.map((row) => row.profile_id);
};

/** What the messages service asks its read model. */
export type MessagesQueries = DirectQueries & {
  readonly accessTo: AccessTo;
  readonly channelsFor: (asked: InServer) => Promise<readonly string[] | null>;
  /** As `profileId` sees it. */
  readonly history: (page: HistoryPage & { readonly profileId: string }) => Promise<Page<MessageDetail> | null>;
  readonly messageFor: (of: OfMessage & { readonly profileId: string }) => Promise<MessageDetail | null>;
  /** Of any channels, in the order in which they were asked for; those that are not there are left out. */
  readonly messagesOf: (of: {
    readonly places: readonly { readonly channelId: string; readonly seq: number }[];
    readonly profileId: string;
  }) => Promise<readonly MessageDetail[]>;
  readonly versionsOf: (of: OfMessage) => Promise<readonly MessageVersion[] | null>;
  readonly reactorsOf: (page: ReactorsPage) => Promise<Page<string>>;
  readonly pinsFor: (of: { channelId: string; profileId: string }) => Promise<readonly MessageDetail[]>;
  readonly audienceAmong: (of: Audience & { profileIds: readonly string[] }) => Promise<readonly string[]>;
  readonly attachable: (of: {
    fileIds: readonly string[];
    ownerId: string;
    channelId: string;
  }) => Promise<readonly AttachmentView[] | null>;
  readonly readStatesOf: (of: { channelIds: readonly string[]; profileId: string }) => Promise<readonly ReadState[]>;
};

export const messagesQueries = (pool: Pool): MessagesQueries => ({
  accessTo: accessReader(pool),
  channelsFor: (asked) => channelsFor(pool, asked),
  async history({ profileId, ...page }) {
    const found = await history(pool, page);
    return found && { items: await detailed(pool, found.items, profileId), hasMore: found.hasMore };
  },
  async messageFor({ profileId, ...of }) {
    const found = await messageById(pool, of);
    return found && (await detailed(pool, [found], profileId))[0]!;
  },
  messagesOf: async ({ places, profileId }) => detailed(pool, await messagesAt(pool, places), profileId),
  versionsOf: (of) => versionsOf(pool, of),
  reactorsOf: (page) => reactorsOf(pool, page),
  pinsFor: async ({ channelId, profileId }) => detailed(pool, await pinsOf(pool, channelId), profileId),
  audienceAmong: (of) => audienceAmong(pool, of),
  attachable: (of) => attachable(pool, of),
  readStatesOf: (of) => readStatesOf(pool, of),
  ...directQueries(pool),
});

/** What is left of a deleted account or channel: a message, and what is to become of it, or something else of the account's. */
export type Left =
  | { readonly kind: 'message'; readonly message: MessageView; readonly messages: MessagesLeft }
  | ({ readonly kind: 'reaction'; readonly profileId: string; readonly emoji: string } & OfMessage)
  | { readonly kind: 'reader' | 'participant'; readonly channelId: string; readonly profileId: string }
  | { readonly kind: 'block'; readonly profileId: string; readonly blockedId: string };
export type LeftMessage = Extract<Left, { kind: 'message' }>;

/** Of accounts and channels that were deleted after `since`, messages oldest of a channel first: what erasing has left to do. */
export const leftByDeleted = async (
  pool: Pool,
  { since, limit }: { since: Date; limit: number },
): Promise<readonly Left[]> => {
  const { rows } = await pool.query<MessageRow & { messages: MessagesLeft }>({
    name: 'left-by-deleted',
    text: `(select ${columns}, d.messages from deleted_author d join message m on m.author_id = d.id
            where d.deleted_at > $1 and not exists (select from deleted_channel gone where gone.id = m.channel_id)
            order by m.channel_id, m.seq limit $2)
           union all
           (select ${columns}, 'DELETE' from deleted_channel d join message m on m.channel_id = d.id
            where d.deleted_at > $1 order by m.channel_id, m.seq limit $2)
           limit $2`,
    values: [since, limit],
  });
  const messages = rows.map(({ messages, ...row }): Left => ({ kind: 'message', message: messageView(row), messages }));
  if (messages.length === limit) return messages;
  const others = await leftByAccounts(pool, { since, limit: limit - messages.length });
  return [...messages, ...others];
};

type LeftRow = {
  kind: Exclude<Left['kind'], 'message'>;
  profile_id: string;
  channel_id: string;
  message_id: string;
  emoji: string;
  blocked_id: string;
};

/** All but messages. Of messages that stay, the reactions: with a message they go by themselves. */
const leftByAccounts = async (
  pool: Pool,
  { since, limit }: { since: Date; limit: number },
): Promise<readonly Left[]> => {
  const { rows } = await pool.query<LeftRow>({
    name: 'left-by-accounts',
    text: `with gone as (select id from deleted_author where deleted_at > $1)
           select 'reaction' as kind, r.profile_id, c.channel_id, r.message_id, r.emoji, null::uuid as blocked_id
           from gone join reaction r on r.profile_id = gone.id
           join reaction_count c on c.message_id = r.message_id and c.emoji = r.emoji
           where not exists (select from deleted_channel d where d.id = c.channel_id)
           union all
           select 'reader', r.profile_id, r.channel_id, null, null, null from gone join read_state r on r.profile_id = gone.id
           union all
           select 'participant', p.profile_id, p.channel_id, null, null, null
           from gone join participant p on p.profile_id = gone.id
           union all
           select 'block', b.profile_id, null, null, null, b.blocked_id
           from gone join block b on b.profile_id = gone.id or b.blocked_id = gone.id
           limit $2`,
    values: [since, limit],
  });
  return rows.map(leftOf);
};

const leftOf = (row: LeftRow): Left => {
  const { kind, profile_id: profileId, channel_id: channelId } = row;
  switch (kind) {
    case 'reaction':
      return { kind, profileId, channelId, messageId: row.message_id, emoji: row.emoji };
    case 'block':
      return { kind, profileId, blockedId: row.blocked_id };
    default:
      return { kind, profileId, channelId };
  }
};
