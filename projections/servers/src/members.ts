import { type Handlers, type Page, pageOf, type RowChange, type Table } from '@palaver/projector';
import type { AuthEvent, MemberRole, Permission, ServersEvent, Standing } from '@palaver/schemas';
import { sql } from 'kysely';
import type { Database, MemberRow } from './rows.ts';

/** The view of members, of who is kept out, and of memberships that are to end. */

// Tables.

const deleted = (name: string): Table => ({
  name,
  columns: { id: 'uuid not null', deleted_at: 'timestamptz not null' },
  primaryKey: ['id'],
});

export const memberTables: readonly Table[] = [
  {
    name: 'member',
    columns: {
      server_id: 'uuid not null',
      profile_id: 'uuid not null',
      role: 'text not null',
      permissions: 'jsonb not null',
      nickname: 'text',
      timed_out_until: 'timestamptz',
      joined_at: 'timestamptz not null',
    },
    primaryKey: ['server_id', 'profile_id'],
    indexes: { member_by_profile: '(profile_id, joined_at, server_id)' },
  },
  {
    name: 'ban',
    columns: {
      server_id: 'uuid not null',
      profile_id: 'uuid not null',
      banned_by: 'text not null',
      reason: 'text',
      banned_at: 'timestamptz not null',
    },
    primaryKey: ['server_id', 'profile_id'],
  },
  deleted('deleted_profile'),
  deleted('deleted_server'),
];

// Fold.

type MemberEvent = Extract<ServersEvent, { type: `Member${string}` | `Nickname${string}` }>;
type AccountDeleted = Extract<AuthEvent, { type: 'AccountDeleted' }>;
type Of = { readonly serverId: string; readonly profileId: string };

const keyOf = ({ serverId, profileId }: Of) => ({ server_id: serverId, profile_id: profileId });
const counted = (serverId: string, by: number): RowChange => ({
  kind: 'add',
  table: 'server',
  key: { id: serverId },
  add: { member_count: by },
});
const left = (data: Of): readonly RowChange[] => [
  { kind: 'remove', table: 'member', key: keyOf(data) },
  counted(data.serverId, -1),
];
const patched = (data: Of, set: Extract<RowChange, { kind: 'patch' }>['set']): readonly RowChange[] => [
  { kind: 'patch', table: 'member', key: keyOf(data), set },
];
const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

export const memberHandlers: Handlers<MemberEvent | AccountDeleted> = {
  MemberJoined: (data, { timestampMs }) => [
    {
      kind: 'put',
      table: 'member',
      row: {
        ...keyOf(data),
        role: data.role,
        permissions: data.permissions,
        nickname: null,
        timed_out_until: dateOf(data.timedOutUntil),
        joined_at: new Date(timestampMs),
      },
    },
    counted(data.serverId, 1),
    ...(data.inviteCode === null
      ? []
      : [{ kind: 'add', table: 'invite', key: { code: data.inviteCode }, add: { uses: 1 } } as const]),
  ],
  MemberLeft: left,
  MemberKicked: left,
  MemberBanned: ({ wasMember, ...data }, { timestampMs, headers }) => [
    {
      kind: 'put',
      table: 'ban',
      row: {
        ...keyOf(data),
        banned_by: headers.actor ?? '',
        reason: headers.reason ?? null,
        banned_at: new Date(timestampMs),
      },
    },
    ...(wasMember ? left(data) : []),
  ],
  MemberUnbanned: (data) => [{ kind: 'remove', table: 'ban', key: keyOf(data) }],
  MemberTimedOut: (data) => patched(data, { timed_out_until: dateOf(data.until) }),
  MemberRoleChanged: (data) => patched(data, { role: data.role }),
  NicknameChanged: () => [],
  NicknameSet: (data) => patched(data, { nickname: data.nickname }),
  NicknameCleared: (data) => patched(data, { nickname: null }),
  AccountDeleted: ({ profileId }, { timestampMs }) => [
    { kind: 'put', table: 'deleted_profile', row: { id: profileId, deleted_at: new Date(timestampMs) } },
  ],
};

// Queries.

export type MemberView = {
  readonly profileId: string;
  readonly role: MemberRole;
  readonly permissions: readonly Permission[];
  readonly nickname: string | null;
  readonly timedOutUntil: string | null;
  readonly joinedAt: string;
};
export type BanView = {
  readonly profileId: string;
  readonly bannedBy: string;
  readonly reason: string | null;
  readonly createdAt: string;
};
export type StandingView = Standing & { readonly profileId: string };

const memberView = (row: MemberRow): MemberView => ({
  profileId: row.profile_id,
  role: row.role,
  permissions: row.permissions,
  nickname: row.nickname,
  timedOutUntil: row.timed_out_until?.toISOString() ?? null,
  joinedAt: row.joined_at.toISOString(),
});

/** What a profile is in a server; null to who is no member of it, and when there is no such server. */
export const standingOf = async (
  db: Database,
  { serverId, profileId }: { serverId: string; profileId: string },
): Promise<StandingView | null> => {
  const row = await db
    .selectFrom('member')
    .innerJoin('server', 'server.id', 'member.server_id')
    .where('member.server_id', '=', serverId)
    .where('member.profile_id', '=', profileId)
    .select(['server.owner_id', 'member.role', 'member.permissions', 'member.timed_out_until'])
    .executeTakeFirst();
  if (!row) return null;
  return {
    profileId,
    owner: row.owner_id === profileId,
    role: row.role,
    permissions: row.permissions,
    timedOutUntilMs: row.timed_out_until?.getTime() ?? null,
  };
};

export const memberFor = async (
  db: Database,
  { serverId, profileId }: { serverId: string; profileId: string },
): Promise<MemberView | null> => {
  const row = await db
    .selectFrom('member')
    .where('server_id', '=', serverId)
    .where('profile_id', '=', profileId)
    .selectAll()
    .executeTakeFirst();
  return row ? memberView(row) : null;
};

type ByProfile = { readonly serverId: string; readonly limit: number; readonly after?: string | undefined };

/** A page of a server's members by rising profile id, from the one after `after`. */
export const membersOf = async (db: Database, { serverId, limit, after }: ByProfile): Promise<Page<MemberView>> => {
  const rows = await db
    .selectFrom('member')
    .where('server_id', '=', serverId)
    .$if(after !== undefined, (query) => query.where('profile_id', '>', after!))
    .orderBy('profile_id')
    .limit(limit + 1)
    .selectAll()
    .execute();
  return pageOf(rows, limit, memberView);
};

/** A page of those who are kept out, by rising profile id, from the one after `after`. */
export const bansOf = async (db: Database, { serverId, limit, after }: ByProfile): Promise<Page<BanView>> => {
  const rows = await db
    .selectFrom('ban')
    .where('server_id', '=', serverId)
    .$if(after !== undefined, (query) => query.where('profile_id', '>', after!))
    .orderBy('profile_id')
    .limit(limit + 1)
    .selectAll()
    .execute();
  return pageOf(rows, limit, (row) => ({
    profileId: row.profile_id,
    bannedBy: row.banned_by,
    reason: row.reason,
    createdAt: row.banned_at.toISOString(),
  }));
};

/** A membership that is to end, since its account or its server is gone. */
export type Membership = {
  readonly serverId: string;
  readonly profileId: string;
  readonly joinedAt: string;
  readonly accountDeleted: boolean;
  /** Where it is the owner's: the member of highest role, and among these the first, that gets the server; null when nobody is left. */
  readonly heirId: string | null;
};

/** Memberships of accounts and servers that were deleted after `since`: what erasing has left to do. */
export const membershipsOfDeleted = async (
  db: Database,
  { since, limit }: { since: Date; limit: number },
): Promise<readonly Membership[]> => {
  const { rows } = await sql<{
    server_id: string;
    profile_id: string;
    joined_at: Date;
    account_deleted: boolean;
    heir_id: string | null;
  }>`
    select m.server_id, m.profile_id, m.joined_at, true as account_deleted,
           case when s.owner_id = m.profile_id then (
             select h.profile_id from member h
             where h.server_id = m.server_id
               and not exists (select from deleted_profile gone where gone.id = h.profile_id)
             order by array_position(array['ADMIN', 'MODERATOR', 'GUEST'], h.role), h.joined_at, h.profile_id
             limit 1
           ) end as heir_id
    from deleted_profile d
    join member m on m.profile_id = d.id
    left join server s on s.id = m.server_id
    where d.deleted_at > ${since}
    union all
    select m.server_id, m.profile_id, m.joined_at, false, null
    from deleted_server d
    join member m on m.server_id = d.id
    where d.deleted_at > ${since} and not exists (select from deleted_profile gone where gone.id = m.profile_id)
    limit ${limit}`.execute(db);
  return rows.map((row) => ({
    serverId: row.server_id,
    profileId: row.profile_id,
    joinedAt: row.joined_at.toISOString(),
    accountDeleted: row.account_deleted,
    heirId: row.heir_id,
  }));
};
