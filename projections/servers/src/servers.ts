import { type PictureFact, pictureHandlers, pictureTable } from '@palaver/projection-shared';
import {
  defineProjection,
  type Handlers,
  type Page,
  pageOf,
  type RecordMeta,
  type Row,
  type RowChange,
  type Table,
} from '@palaver/projector';
import type { AuthEvent, ServersEvent } from '@palaver/schemas';
import { audited, auditTable } from './audit.ts';
import { type ChannelView, channelHandlers, channelsFor, channelTables } from './channels.ts';
import { inviteHandlers, inviteTable } from './invites.ts';
import { memberHandlers, memberTables, standingOf } from './members.ts';
import type { Database, ServerRow } from './rows.ts';

/**
 * The view of servers: what a member sees of them. Rows, fold and queries of a thing stand side by side in its file, and only that file knows its
 * columns.
 */

// Tables.

const serverTable: Table = {
  name: 'server',
  columns: {
    id: 'uuid not null',
    name: 'text not null',
    image_url: 'text',
    image_file_id: 'uuid',
    invite_code: 'text not null',
    owner_id: 'uuid not null',
    member_count: 'integer not null',
    created_at: 'timestamptz not null',
    updated_at: 'timestamptz not null',
    version: 'integer not null',
  },
  primaryKey: ['id'],
};

// Fold. Handlers of the three topics touch different tables, so that the order between topics does not matter.

type ServerEvent = Extract<ServersEvent, { type: `Server${string}` | 'OwnershipTransferred' }>;

const changed = (id: string, { timestampMs, version }: RecordMeta, set: Row): readonly RowChange[] => [
  { kind: 'patch', table: 'server', key: { id }, set: { ...set, updated_at: new Date(timestampMs), version } },
];

const serverHandlers: Handlers<ServerEvent> = {
  ServerCreated: (data, { timestampMs, version }) => [
    {
      kind: 'put',
      table: 'server',
      row: {
        id: data.serverId,
        name: data.name,
        image_url: data.imageUrl,
        image_file_id: data.imageFileId,
        invite_code: data.inviteCode,
        owner_id: data.ownerId,
        member_count: 0,
        created_at: new Date(timestampMs),
        updated_at: new Date(timestampMs),
        version,
      },
    },
  ],
  ServerChanged: ({ serverId, name, imageUrl, imageFileId }, meta) =>
    changed(serverId, meta, { name, image_url: imageUrl, image_file_id: imageFileId }),
  OwnershipTransferred: ({ serverId, ownerId }, meta) => changed(serverId, meta, { owner_id: ownerId }),
  // Its channels go by events of their own; its members leave, and are hidden until then, since they are found by way of the server.
  ServerDeleted: ({ serverId }, { timestampMs }) => [
    { kind: 'remove', table: 'server', key: { id: serverId } },
    { kind: 'removeWhere', table: 'invite', where: { server_id: serverId } },
    { kind: 'removeWhere', table: 'ban', where: { server_id: serverId } },
    { kind: 'put', table: 'deleted_server', row: { id: serverId, deleted_at: new Date(timestampMs) } },
  ],
};

const { AccountDeleted, ...ofMembers } = memberHandlers;

export const serversProjection = defineProjection<
  ServersEvent | Extract<AuthEvent, { type: 'AccountDeleted' }> | PictureFact
>({
  name: 'servers',
  version: 4,
  topics: ['servers.events', 'auth.events', 'files.events'],
  tables: [serverTable, ...channelTables, ...memberTables, inviteTable, auditTable, pictureTable],
  handlers: {
    ...audited({ ...serverHandlers, ...channelHandlers, ...ofMembers, ...inviteHandlers }),
    AccountDeleted,
    ...pictureHandlers('SERVER_IMAGE'),
  },
});

// Queries.

export type ServerView = {
  readonly id: string;
  readonly name: string;
  /** Of a picture elsewhere; null for one that is a file. */
  readonly imageUrl: string | null;
  readonly imageFileId: string | null;
  readonly inviteCode: string;
  readonly profileId: string;
  readonly memberCount: number;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
};

/** Its file, if that is still there. */
type Pictured = { readonly picture_id: string | null };

const serverView = (row: ServerRow & Pictured): ServerView => ({
  id: row.id,
  name: row.name,
  imageUrl: row.image_url,
  imageFileId: row.picture_id,
  inviteCode: row.invite_code,
  profileId: row.owner_id,
  memberCount: row.member_count,
  version: row.version,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

/** The server with those of its channels that a member of it may see; null to anybody else, who is not told whether it exists. */
export const serverFor = async (
  db: Database,
  { serverId, profileId, atMs }: { serverId: string; profileId: string; atMs: number },
): Promise<(ServerView & { readonly channels: readonly ChannelView[] }) | null> => {
  const who = await standingOf(db, { serverId, profileId });
  const row =
    who &&
    (await db
      .selectFrom('server')
      .leftJoin('picture', 'picture.file_id', 'server.image_file_id')
      .where('id', '=', serverId)
      .selectAll('server')
      .select('picture.file_id as picture_id')
      .executeTakeFirst());
  if (!row) return null;
  const channels = await channelsFor(db, { serverId, who, atMs });
  return { ...serverView(row), channels: channels.map(({ overwrites: _, ...channel }) => channel) };
};

/** A page of the servers that a profile is a member of, in the order of joining, from the one after the server `after`. */
export const serversOf = async (
  db: Database,
  { profileId, limit, after }: { profileId: string; limit: number; after?: string | undefined },
): Promise<Page<ServerView>> => {
  const rows = await db
    .selectFrom('member')
    .innerJoin('server', 'server.id', 'member.server_id')
    .leftJoin('picture', 'picture.file_id', 'server.image_file_id')
    .where('member.profile_id', '=', profileId)
    .$if(after !== undefined, (query) =>
      query.where(({ eb, refTuple, selectFrom }) =>
        eb(
          refTuple('member.joined_at', 'member.server_id'),
          '>',
          selectFrom('member as last')
            .where('last.profile_id', '=', profileId)
            .where('last.server_id', '=', after!)
            .select(['last.joined_at', 'last.server_id'])
            .$asTuple('joined_at', 'server_id'),
        ),
      ),
    )
    .orderBy('member.joined_at')
    .orderBy('member.server_id')
    .limit(limit + 1)
    .selectAll('server')
    .select('picture.file_id as picture_id')
    .execute();
  return pageOf(rows, limit, serverView);
};
