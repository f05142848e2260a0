import { defineProjection, type Table } from '@palaver/projector';
import type { AuthEvent, ChannelType, MemberRole, Permission, ServersEvent } from '@palaver/schemas';
import { type Kysely, sql } from 'kysely';

/** The view of servers: what a member sees of them. Rows, fold and queries stand side by side; only this file knows the columns. */

// Rows.

type ServerRow = {
  id: string;
  name: string;
  image_url: string | null;
  invite_code: string;
  owner_id: string;
  member_count: number;
  created_at: Date;
  updated_at: Date;
};
type ChannelRow = {
  id: string;
  server_id: string;
  name: string;
  type: ChannelType;
  created_by: string;
  created_at: Date;
  updated_at: Date;
};
type MemberRow = {
  server_id: string;
  profile_id: string;
  role: MemberRole;
  permissions: Permission[];
  joined_at: Date;
};
type InviteRow = {
  code: string;
  server_id: string;
  created_by: string;
  permissions: Permission[];
  created_at: Date;
};

/** A fact of another service: whose memberships are to end. */
type DeletedProfileRow = { id: string; deleted_at: Date };

export type ServersModel = {
  server: ServerRow;
  channel: ChannelRow;
  member: MemberRow;
  invite: InviteRow;
  deleted_profile: DeletedProfileRow;
};

const tables: readonly Table[] = [
  {
    name: 'server',
    columns: {
      id: 'uuid not null',
      name: 'text not null',
      image_url: 'text',
      invite_code: 'text not null',
      owner_id: 'uuid not null',
      member_count: 'integer not null',
      created_at: 'timestamptz not null',
      updated_at: 'timestamptz not null',
    },
    primaryKey: ['id'],
  },
  {
    name: 'channel',
    columns: {
      id: 'uuid not null',
      server_id: 'uuid not null',
      name: 'text not null',
      type: 'text not null',
      created_by: 'uuid not null',
      created_at: 'timestamptz not null',
      updated_at: 'timestamptz not null',
    },
    primaryKey: ['id'],
    indexes: { channel_by_server: '(server_id, created_at, id)' },
  },
  {
    name: 'member',
    columns: {
      server_id: 'uuid not null',
      profile_id: 'uuid not null',
      role: 'text not null',
      permissions: 'jsonb not null',
      joined_at: 'timestamptz not null',
    },
    primaryKey: ['server_id', 'profile_id'],
    indexes: { member_by_profile: '(profile_id, joined_at, server_id)' },
  },
  {
    name: 'invite',
    columns: {
      code: 'text not null',
      server_id: 'uuid not null',
      created_by: 'uuid not null',
      permissions: 'jsonb not null',
      created_at: 'timestamptz not null',
    },
    primaryKey: ['code'],
  },
  {
    name: 'deleted_profile',
    columns: { id: 'uuid not null', deleted_at: 'timestamptz not null' },
    primaryKey: ['id'],
  },
];

// Fold. Handlers of the two topics touch different tables, so that the order between topics does not matter.

type AuthFact = Extract<AuthEvent, { type: 'AccountDeleted' }>;

export const serversProjection = defineProjection<ServersEvent | AuthFact>({
  name: 'servers',
  version: 2,
  topics: ['servers.events', 'auth.events'],
  tables,
  handlers: {
    ServerCreated: (data, { timestampMs }) => [
      {
        kind: 'put',
        table: 'server',
        row: {
          id: data.serverId,
          name: data.name,
          image_url: data.imageUrl,
          invite_code: data.inviteCode,
          owner_id: data.ownerId,
          member_count: 0,
          created_at: new Date(timestampMs),
          updated_at: new Date(timestampMs),
        },
      },
    ],
    ChannelCreated: (data, { timestampMs }) => [
      {
        kind: 'put',
        table: 'channel',
        row: {
          id: data.channelId,
          server_id: data.serverId,
          name: data.name,
          type: data.type,
          created_by: data.createdBy,
          created_at: new Date(timestampMs),
          updated_at: new Date(timestampMs),
        },
      },
    ],
    InviteCreated: (data, { timestampMs }) => [
      {
        kind: 'put',
        table: 'invite',
        row: {
          code: data.code,
          server_id: data.serverId,
          created_by: data.createdBy,
          permissions: data.permissions,
          created_at: new Date(timestampMs),
        },
      },
    ],
    MemberJoined: (data, { timestampMs }) => [
      {
        kind: 'put',
        table: 'member',
        row: {
          server_id: data.serverId,
          profile_id: data.profileId,
          role: data.role,
          permissions: data.permissions,
          joined_at: new Date(timestampMs),
        },
      },
      { kind: 'add', table: 'server', key: { id: data.serverId }, add: { member_count: 1 } },
    ],
    MemberLeft: ({ serverId, profileId }) => [
      { kind: 'remove', table: 'member', key: { server_id: serverId, profile_id: profileId } },
      { kind: 'add', table: 'server', key: { id: serverId }, add: { member_count: -1 } },
    ],
    AccountDeleted: ({ profileId }, { timestampMs }) => [
      { kind: 'put', table: 'deleted_profile', row: { id: profileId, deleted_at: new Date(timestampMs) } },
    ],
  },
});

// Queries.

export type Database = Kysely<ServersModel>;

export type ServerView = {
  readonly id: string;
  readonly name: string;
  readonly imageUrl: string | null;
  readonly inviteCode: string;
  readonly profileId: string;
  readonly memberCount: number;
  readonly createdAt: string;
  readonly updatedAt: string;
};
export type ChannelView = {
  readonly id: string;
  readonly name: string;
  readonly type: ChannelType;
  readonly serverId: string;
  readonly profileId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
};
export type MemberView = {
  readonly profileId: string;
  readonly role: MemberRole;
  readonly permissions: readonly Permission[];
  readonly joinedAt: string;
};
export type InviteView = {
  readonly code: string;
  readonly server: Pick<ServerView, 'id' | 'name' | 'imageUrl' | 'memberCount'>;
};

const serverView = (row: ServerRow): ServerView => ({
  id: row.id,
  name: row.name,
  imageUrl: row.image_url,
  inviteCode: row.invite_code,
  profileId: row.owner_id,
  memberCount: row.member_count,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

const channelView = (row: ChannelRow): ChannelView => ({
  id: row.id,
  name: row.name,
  type: row.type,
  serverId: row.server_id,
  profileId: row.created_by,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

const memberView = (row: MemberRow): MemberView => ({
  profileId: row.profile_id,
  role: row.role,
  permissions: row.permissions,
  joinedAt: row.joined_at.toISOString(),
});

/** The server with its channels, for a member of it; null to anybody else, who is not told whether it exists. */
export const serverFor = async (
  db: Database,
  { serverId, profileId }: { serverId: string; profileId: string },
): Promise<(ServerView & { channels: readonly ChannelView[] }) | null> => {
  const row = await db
    .selectFrom('server')
    .innerJoin('member', 'member.server_id', 'server.id')
    .where('server.id', '=', serverId)
    .where('member.profile_id', '=', profileId)
    .selectAll('server')
    .executeTakeFirst();
  if (!row) return null;
  const channels = await db
    .selectFrom('channel')
    .where('server_id', '=', serverId)
    .orderBy('created_at')
    .orderBy('id')
    .selectAll()
    .execute();
  return { ...serverView(row), channels: channels.map(channelView) };
};

/** The servers that a profile is a member of, in the order of joining. */
export const serversOf = async (db: Database, profileId: string): Promise<readonly ServerView[]> => {
  const rows = await db
    .selectFrom('member')
    .innerJoin('server', 'server.id', 'member.server_id')
    .where('member.profile_id', '=', profileId)
    .orderBy('member.joined_at')
    .orderBy('server.id')
    .selectAll('server')
    .execute();
  return rows.map(serverView);
};

/** A page of a server's members by rising profile id, from the one after `after`. */
export const membersOf = async (
  db: Database,
  page: { serverId: string; limit: number; after?: string | undefined },
): Promise<{ items: readonly MemberView[]; hasMore: boolean }> => {
  const rows = await db
    .selectFrom('member')
    .where('server_id', '=', page.serverId)
    .$if(page.after !== undefined, (query) => query.where('profile_id', '>', page.after!))
    .orderBy('profile_id')
    .limit(page.limit + 1)
    .selectAll()
    .execute();
  return { items: rows.slice(0, page.limit).map(memberView), hasMore: rows.length > page.limit };
};

export const isMember = async (
  db: Database,
  { serverId, profileId }: { serverId: string; profileId: string },
): Promise<boolean> => {
  const row = await db
    .selectFrom('member')
    .where('server_id', '=', serverId)
    .where('profile_id', '=', profileId)
    .select(sql<number>`1`.as('found'))
    .executeTakeFirst();
  return row !== undefined;
};

/** What somebody who holds an invite's code may see of its server. */
export const inviteByCode = async (db: Database, code: string): Promise<InviteView | null> => {
  const row = await db
    .selectFrom('invite')
    .innerJoin('server', 'server.id', 'invite.server_id')
    .where('invite.code', '=', code)
    .selectAll('server')
    .executeTakeFirst();
  if (!row) return null;
  const { id, name, imageUrl, memberCount } = serverView(row);
  return { code, server: { id, name, imageUrl, memberCount } };
};

export type Membership = { readonly serverId: string; readonly profileId: string; readonly joinedAt: string };

/** Memberships of accounts that were deleted after `since`: what erasing has left to do. */
export const membershipsOfDeleted = async (
  db: Database,
  { since, limit }: { since: Date; limit: number },
): Promise<readonly Membership[]> => {
  const rows = await db
    .selectFrom('deleted_profile')
    .innerJoin('member', 'member.profile_id', 'deleted_profile.id')
    .where('deleted_profile.deleted_at', '>', since)
    .select(['member.server_id', 'member.profile_id', 'member.joined_at'])
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    serverId: row.server_id,
    profileId: row.profile_id,
    joinedAt: row.joined_at.toISOString(),
  }));
};
