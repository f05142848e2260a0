import { type Refused, refuse, streamKind } from '@palaver/decider';
import {
  type MemberBanned,
  type MemberJoined,
  type MemberKicked,
  type MemberLeft,
  type MemberRole,
  type MemberRoleChanged,
  type MemberTimedOut,
  type MemberUnbanned,
  type NicknameChanged,
  type OwnershipTransferred,
  type Permission,
  permissionsOf,
  type ServerChanged,
  type ServerCreated,
  type ServerDeleted,
  type Standing,
} from '@palaver/schemas';

/**
 * Who somebody is in a server: what every decision here begins with. The root is the server's id; server, channels, members and invites are
 * streams of their own within its partition, so that a server with a million members is never one document.
 */

// State: only what decisions read and answers say.

type Server = {
  readonly ownerId: string;
  readonly name: string;
  readonly imageUrl: string | null;
  readonly imageFileId: string | null;
  readonly version: number;
  readonly updatedAtMs: number;
};
export type ServerState = Server | 'deleted' | null;

/** A time-out outlives the membership, or leaving and joining again would end it. Ms since the epoch. */
export type MemberState = {
  readonly membership: { readonly role: MemberRole; readonly permissions: readonly Permission[] } | null;
  readonly timedOutUntilMs: number | null;
};
/** Whether the profile is kept out. */
type BanState = boolean;

// Evolve.

type ServerEvent =
  | { type: 'ServerCreated'; data: ServerCreated }
  | { type: 'ServerChanged'; data: ServerChanged }
  | { type: 'OwnershipTransferred'; data: OwnershipTransferred }
  | { type: 'ServerDeleted'; data: ServerDeleted };

export const server = streamKind<ServerState, ServerEvent>({
  kind: 'server',
  initial: null,
  evolve: {
    ServerCreated: (_, { ownerId, name, imageUrl, imageFileId }, { version, timestampMs }) => ({
      ownerId,
      name,
      imageUrl,
      imageFileId,
      version,
      updatedAtMs: timestampMs,
    }),
    ServerChanged: (state, { name, imageUrl, imageFileId }, { version, timestampMs }) =>
      changed(state, { name, imageUrl, imageFileId, version, updatedAtMs: timestampMs }),
    OwnershipTransferred: (state, { ownerId }, { version, timestampMs }) =>
      changed(state, { ownerId, version, updatedAtMs: timestampMs }),
    ServerDeleted: () => 'deleted',
  },
});

/** Null for what never was and for what is gone. */
export const live = (state: ServerState): Server | null => (state === 'deleted' ? null : state);

const changed = (state: ServerState, to: Partial<Server>): ServerState => {
  const before = live(state);
  return before && { ...before, ...to };
};

const left = ({ timedOutUntilMs }: MemberState): MemberState => ({ membership: null, timedOutUntilMs });

export const member = streamKind<
  MemberState,
  | { type: 'MemberJoined'; data: MemberJoined }
  | { type: 'MemberLeft'; data: MemberLeft }
  | { type: 'MemberKicked'; data: MemberKicked }
  | { type: 'MemberBanned'; data: MemberBanned }
  | { type: 'MemberTimedOut'; data: MemberTimedOut }
  | { type: 'MemberRoleChanged'; data: MemberRoleChanged }
  | { type: 'NicknameChanged'; data: NicknameChanged }
>({
  kind: 'member',
  initial: { membership: null, timedOutUntilMs: null },
  evolve: {
    MemberJoined: (_, { role, permissions, timedOutUntil }) => ({
      membership: { role, permissions },
      timedOutUntilMs: timedOutUntil,
    }),
    MemberLeft: left,
    MemberKicked: left,
    MemberBanned: left,
    MemberTimedOut: (state, { until }) => ({ ...state, timedOutUntilMs: until }),
    MemberRoleChanged: (state, { role }) => ({
      ...state,
      membership: state.membership && { ...state.membership, role },
    }),
    NicknameChanged: (state) => state,
  },
});

export const ban = streamKind<
  BanState,
  { type: 'MemberBanned'; data: MemberBanned } | { type: 'MemberUnbanned'; data: MemberUnbanned }
>({
  kind: 'ban',
  initial: false,
  evolve: { MemberBanned: () => true, MemberUnbanned: () => false },
});

// Who asks.

export type Asking = Standing & { readonly profileId: string };

/** What a profile is in a server; null for who is no member of it, or when there is no such server. */
export const standingIn = (
  state: ServerState,
  { membership, timedOutUntilMs }: MemberState,
  profileId: string,
): Asking | null => {
  const found = live(state);
  if (!found || !membership) return null;
  return { ...membership, profileId, owner: found.ownerId === profileId, timedOutUntilMs };
};

/** Who is no member is not told that the server exists. */
export const serverNotFound = () => refuse('server_not_found', 'There is no such server among yours.');
export const missing = (permission: Permission) =>
  refuse('missing_permission', `It needs the permission ${permission}.`);
export const ownerOnly = () => refuse('missing_permission', 'Only the owner may do that.');
export const rankTooLow = () => refuse('rank_too_low', 'It concerns somebody of your rank or above, or yourself.');
export const versionChanged = () => refuse('precondition_failed', 'It was changed since you read it.');

/** The refusal of who is no member, or has not this permission in the server; null for who may. */
export const refusalOf = (asking: Asking | null, permission: Permission, timeMs: number): Refused | null => {
  if (!asking) return serverNotFound();
  return permissionsOf(asking, timeMs).has(permission) ? null : missing(permission);
};
