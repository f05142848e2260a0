import { batched, type Handlers, type RowChange, type Table } from '@palaver/projector';
import {
  type ChannelType,
  isTimedOut,
  type MemberRole,
  type MessagesEvent,
  type Overwrite,
  type Permission,
  permissionsIn,
  permissionsOf,
  type ServersEvent,
  type Standing,
} from '@palaver/schemas';
import type { Pool } from 'pg';

/**
 * Who may do what in which channel: a part of every model whose service has to know. Each model folds it for itself, into rows of its own,
 * from `servers.events` (servers, channels, what these give and take, members) and `messages.events` (direct channels, blocks).
 */

// Rows.

export const accessTables: readonly Table[] = [
  {
    name: 'channel',
    columns: {
      id: 'uuid not null',
      server_id: 'uuid not null',
      type: 'text not null',
      slow_mode_seconds: 'integer not null',
    },
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
    name: 'direct_channel',
    columns: { id: 'uuid not null', is_group: 'boolean not null', opened_at: 'timestamptz not null' },
    primaryKey: ['id'],
  },
  {
    name: 'participant',
    columns: { channel_id: 'uuid not null', profile_id: 'uuid not null' },
    primaryKey: ['channel_id', 'profile_id'],
    indexes: { participant_by_profile: '(profile_id, channel_id)' },
  },
  {
    name: 'block',
    columns: { profile_id: 'uuid not null', blocked_id: 'uuid not null' },
    primaryKey: ['profile_id', 'blocked_id'],
    // By who is blocked: what is to go with an account.
    indexes: { block_by_blocked: '(blocked_id)' },
  },
];

// Fold.

/** Of all that happens to servers, what decides who may read and post. */
export type ServersFact = Extract<
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
export type DirectEvent = Extract<
  MessagesEvent,
  { type: 'DirectChannelOpened' | `Participant${string}` | 'ProfileBlocked' | 'ProfileUnblocked' }
>;
type MemberOf = { readonly serverId: string; readonly profileId: string };

const memberKey = ({ serverId, profileId }: MemberOf) => ({ server_id: serverId, profile_id: profileId });
const left = (data: MemberOf): readonly RowChange[] => [{ kind: 'remove', table: 'member', key: memberKey(data) }];
const targetOf = ({ role, profileId }: Pick<Overwrite, 'role' | 'profileId'>): string => role ?? profileId ?? '';

const participant = (channelId: string, profileId: string) => ({ channel_id: channelId, profile_id: profileId });
const blockKey = ({ profileId, blockedId }: { profileId: string; blockedId: string }) => ({
  profile_id: profileId,
  blocked_id: blockedId,
});

const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

export const accessHandlers: Handlers<ServersFact | DirectEvent> = {
  ChannelCreated: ({ channelId, serverId, type, slowModeSeconds }) => [
    {
      kind: 'put',
      table: 'channel',
      row: { id: channelId, server_id: serverId, type, slow_mode_seconds: slowModeSeconds },
    },
  ],
  ChannelChanged: ({ channelId, type, slowModeSeconds }) => [
    {
      kind: 'patch',
      table: 'channel',
      key: { id: channelId },
      set: { type, slow_mode_seconds: slowModeSeconds },
    },
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
  DirectChannelOpened: ({ channelId, profileIds, group }, { timestampMs }) => [
    { kind: 'put', table: 'direct_channel', row: { id: channelId, is_group: group, opened_at: new Date(timestampMs) } },
    ...profileIds.map((id) => ({ kind: 'put', table: 'participant', row: participant(channelId, id) }) as const),
  ],
  ParticipantAdded: ({ channelId, profileId }) => [
    { kind: 'put', table: 'participant', row: participant(channelId, profileId) },
  ],
  ParticipantLeft: ({ channelId, profileId }) => [
    { kind: 'remove', table: 'participant', key: participant(channelId, profileId) },
  ],
  ProfileBlocked: (data) => [{ kind: 'put', table: 'block', row: blockKey(data) }],
  ProfileUnblocked: (data) => [{ kind: 'remove', table: 'block', key: blockKey(data) }],
};

// Queries: plain named statements, which are among the hottest that Palaver has.

/** What every participant may do; to pin, which is no permission of its own, all of them may. */
const directPermissions: ReadonlySet<Permission> = new Set<Permission>([
  'VIEW_CHANNEL',
  'SEND_MESSAGES',
  'ATTACH_FILES',
  'MENTION_EVERYONE',
]);

type DirectAccess = {
  readonly group: boolean;
  /** Of a channel of two: whether one of them has blocked the other. */
  readonly blocked: boolean;
};

type Asked = { readonly channelId: string; readonly profileId: string };

/** For each of these: what the profile is to the channel; null when it is no direct channel, or not the profile's. */
const directAccessTo = async (pool: Pool, asked: readonly Asked[]): Promise<readonly (DirectAccess | null)[]> => {
  const { rows } = await pool.query<{ place: string; is_group: boolean; blocked: boolean }>({
    name: 'direct-access',
    text: `select asked.place, d.is_group,
                  not d.is_group and exists (
                    select from participant other join block b
                      on (b.profile_id = other.profile_id and b.blocked_id = asked.profile_id)
                      or (b.profile_id = asked.profile_id and b.blocked_id = other.profile_id)
                    where other.channel_id = d.id) as blocked
           from unnest($1::uuid[], $2::uuid[]) with ordinality as asked (channel_id, profile_id, place)
           join direct_channel d on d.id = asked.channel_id
           join participant p on p.channel_id = d.id and p.profile_id = asked.profile_id`,
    values: [asked.map(({ channelId }) => channelId), asked.map(({ profileId }) => profileId)],
  });
  const found = new Array<DirectAccess | null>(asked.length).fill(null);
  for (const { place, is_group, blocked } of rows) found[Number(place) - 1] = { group: is_group, blocked };
  return found;
};

/** What a profile is to a channel; null when there is no such channel, or the profile may not see it. */
export type Access = {
  /** Null for a direct channel. */
  readonly serverId: string | null;
  readonly type: ChannelType | 'DIRECT';
  /** What it may do there now. */
  readonly permissions: ReadonlySet<Permission>;
  readonly timedOut: boolean;
  /** In a direct channel of two: whether one has blocked the other. */
  readonly blocked: boolean;
  /** Pause between two of its messages, s; 0 for none, and for who may manage messages. */
  readonly slowModeSeconds: number;
};

/** `atMs`: of the question, ms since the epoch. */
export type AccessTo = (asked: { channelId: string; profileId: string; atMs: number }) => Promise<Access | null>;

type Sets = Pick<Overwrite, 'allow' | 'deny'>;
type StandingRow = {
  readonly owner_id: string;
  readonly role: MemberRole;
  readonly permissions: readonly Permission[];
  readonly timed_out_until: Date | null;
};
type AccessRow = StandingRow & {
  readonly server_id: string;
  readonly type: ChannelType;
  readonly slow_mode_seconds: number;
  readonly of_role: Sets | null;
  readonly of_member: Sets | null;
};

const standingOf = (row: StandingRow, profileId: string): Standing & { readonly profileId: string } => ({
  profileId,
  owner: row.owner_id === profileId,
  role: row.role,
  permissions: row.permissions,
  timedOutUntilMs: row.timed_out_until?.getTime() ?? null,
});

const accessOf = (row: AccessRow, { profileId, atMs }: { profileId: string; atMs: number }): Access | null => {
  const { role } = row;
  const overwrites: Overwrite[] = [];
  if (row.of_role) overwrites.push({ role, profileId: null, ...row.of_role });
  if (row.of_member) overwrites.push({ role: null, profileId, ...row.of_member });
  const who = standingOf(row, profileId);
  const permissions = permissionsIn(overwrites, who, atMs);
  if (!permissions.has('VIEW_CHANNEL')) return null;
  const slowModeSeconds = permissions.has('MANAGE_MESSAGES') ? 0 : row.slow_mode_seconds;
  const timedOut = isTimedOut(who, atMs);
  return { serverId: row.server_id, type: row.type, permissions, timedOut, blocked: false, slowModeSeconds };
};

const directAccess = (blocked: boolean): Access => ({
  serverId: null,
  type: 'DIRECT',
  permissions: directPermissions,
  timedOut: false,
  blocked,
  slowModeSeconds: 0,
});

const accessColumns = `c.server_id, c.type, c.slow_mode_seconds, s.owner_id, m.role, m.permissions, m.timed_out_until,
  case when r.deny is not null then jsonb_build_object('allow', r.allow, 'deny', r.deny) end as of_role,
  case when o.deny is not null then jsonb_build_object('allow', o.allow, 'deny', o.deny) end as of_member`;
const joinOverwrites = `left join overwrite r on r.channel_id = c.id and r.target = m.role
  left join overwrite o on o.channel_id = c.id and o.target = m.profile_id::text`;

/** Every post and every page asks for it, so those who ask at the same time share a query. */
export const accessReader = (pool: Pool): AccessTo =>
  batched(async (asked) => {
    const { rows } = await pool.query<AccessRow & { place: string }>({
      name: 'channel-access',
      text: `select asked.place, ${accessColumns}
             from unnest($1::uuid[], $2::uuid[]) with ordinality as asked (channel_id, profile_id, place)
             join channel c on c.id = asked.channel_id
             join server s on s.id = c.server_id
             join member m on m.server_id = c.server_id and m.profile_id = asked.profile_id
             ${joinOverwrites}`,
      values: [asked.map(({ channelId }) => channelId), asked.map(({ profileId }) => profileId)],
    });
    const found = new Array<Access | null>(asked.length).fill(null);
    for (const row of rows) {
      const index = Number(row.place) - 1;
      found[index] = accessOf(row, asked[index]!);
    }
    const elsewhere = asked.flatMap((one, index) => (found[index] === null ? [{ ...one, index }] : []));
    if (elsewhere.length === 0) return found;
    for (const [place, access] of (await directAccessTo(pool, elsewhere)).entries()) {
      if (access) found[elsewhere[place]!.index] = directAccess(access.blocked);
    }
    return found;
  });

export type InServer = { readonly serverId: string; readonly profileId: string; readonly atMs: number };

/** The channels of a server that a profile may see; null when it is not a member, or there is no such server. */
export const channelsFor = async (pool: Pool, asked: InServer): Promise<readonly string[] | null> => {
  const { rows } = await pool.query<AccessRow & { id: string | null }>({
    name: 'channels-for',
    text: `select c.id, ${accessColumns}
           from member m join server s on s.id = m.server_id left join channel c on c.server_id = m.server_id
           ${joinOverwrites}
           where m.server_id = $1 and m.profile_id = $2
           order by c.id`,
    values: [asked.serverId, asked.profileId],
  });
  if (rows.length === 0) return null;
  return rows.flatMap((row) => (row.id !== null && accessOf(row, asked) ? [row.id] : []));
};

/** What a profile may do in a server; null when it is not a member, or there is no such server. */
export const permissionsInServer = async (pool: Pool, asked: InServer): Promise<ReadonlySet<Permission> | null> => {
  const { rows } = await pool.query<StandingRow>({
    name: 'permissions-in-server',
    text: `select s.owner_id, m.role, m.permissions, m.timed_out_until
           from member m join server s on s.id = m.server_id
           where m.server_id = $1 and m.profile_id = $2`,
    values: [asked.serverId, asked.profileId],
  });
  const [row] = rows;
  return row ? permissionsOf(standingOf(row, asked.profileId), asked.atMs) : null;
};
