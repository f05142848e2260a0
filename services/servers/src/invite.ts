import { accept, commandRule, event, refuse, streamKind } from '@palaver/decider';
import {
  type CreateInvite,
  grantablePermissions,
  type InviteCreated,
  type InviteRevoked,
  type JoinServer,
  type MemberJoined,
  type MemberRole,
  type Permission,
  permissionsOf,
  type RevokeInvite,
  type ServersEvent,
} from '@palaver/schemas';
import { ban, live, member, missing, refusalOf, server, serverNotFound, standingIn } from './standing.ts';

/** Invites, and who joins by them: one owner decides both, so the last use admits one. */

// State: only what decisions read. Null also when it was revoked.

type InviteState = {
  readonly createdBy: string;
  readonly permissions: readonly Permission[];
  readonly expiresAtMs: number | null;
  readonly maxUses: number | null;
  readonly uses: number;
} | null;

// Evolve.

export const invite = streamKind<
  InviteState,
  | { type: 'InviteCreated'; data: InviteCreated }
  | { type: 'InviteRevoked'; data: InviteRevoked }
  | { type: 'MemberJoined'; data: MemberJoined }
>({
  kind: 'invite',
  initial: null,
  evolve: {
    InviteCreated: (_, { createdBy, permissions, expiresAt, maxUses }) => ({
      createdBy,
      permissions,
      expiresAtMs: expiresAt,
      maxUses,
      uses: 0,
    }),
    InviteRevoked: () => null,
    MemberJoined: (state) => state && { ...state, uses: state.uses + 1 },
  },
});

// Decisions.

export type InviteResult = { readonly serverId: string; readonly code: string; readonly createdAtMs: number };
export type MembershipResult = { readonly serverId: string; readonly profileId: string; readonly role: MemberRole };

export const createInvite = commandRule<CreateInvite, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, code, createdBy }) => ({
    server: server.of(serverId),
    invite: invite.of(serverId, code),
    creator: member.of(serverId, createdBy),
  }),
  decide: (states, command, { timeMs }) => {
    const { serverId, code, createdBy, permissions } = command;
    const asking = standingIn(states.server, states.creator, createdBy);
    const refused = refusalOf(asking, 'CREATE_INVITE', timeMs);
    if (refused) return refused;
    const own = permissionsOf(asking!, timeMs);
    if (permissions.length > 0 && !own.has('MANAGE_ROLES')) return missing('MANAGE_ROLES');
    const lacking = permissions.find(
      (one) => !own.has(one) || !(grantablePermissions as readonly Permission[]).includes(one),
    );
    if (lacking !== undefined) return missing(lacking);
    if (states.invite) return refuse('invite_exists', 'An invite with this code exists already.');
    return accept<ServersEvent>([event(invite.of(serverId, code), { type: 'InviteCreated', data: command })], {
      serverId,
      code,
      createdAtMs: timeMs,
    } satisfies InviteResult);
  },
});

export const revokeInvite = commandRule<RevokeInvite, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, code, by }) => ({
    server: server.of(serverId),
    invite: invite.of(serverId, code),
    by: member.of(serverId, by),
  }),
  decide: (states, { serverId, code, by }, { timeMs }) => {
    const asking = standingIn(states.server, states.by, by);
    if (!asking) return serverNotFound();
    if (states.invite?.createdBy !== by) {
      const refused = refusalOf(asking, 'MANAGE_SERVER', timeMs);
      if (refused) return refused;
    }
    if (!states.invite) return refuse('invite_not_found', 'There is no such invite.');
    const revoked = { type: 'InviteRevoked', data: { serverId, code } } as const;
    return accept<ServersEvent>([event(invite.of(serverId, code), revoked)], null);
  },
});

/** Changes nothing, and uses nothing up, for who is a member already. */
export const joinServer = commandRule<JoinServer, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, profileId, inviteCode }) => ({
    server: server.of(serverId),
    invite: invite.of(serverId, inviteCode),
    member: member.of(serverId, profileId),
    ban: ban.of(serverId, profileId),
  }),
  decide: (states, { serverId, profileId, inviteCode }, { timeMs }) => {
    const { membership, timedOutUntilMs } = states.member;
    if (!live(states.server)) return refuse('server_not_found', 'There is no such server.');
    if (!states.invite) return refuse('invite_not_found', 'There is no such invite.');
    if (membership) {
      return accept<ServersEvent>([], { serverId, profileId, role: membership.role } satisfies MembershipResult);
    }
    if (states.ban) return refuse('banned', 'You were banned from this server.');
    const { permissions, expiresAtMs, maxUses, uses } = states.invite;
    if (expiresAtMs !== null && expiresAtMs <= timeMs) return refuse('invite_expired', 'The invite has expired.');
    if (maxUses !== null && uses >= maxUses) return refuse('invite_exhausted', 'The invite is used up.');
    const role: MemberRole = 'GUEST';
    const timedOutUntil = timedOutUntilMs !== null && timedOutUntilMs > timeMs ? timedOutUntilMs : null;
    const data: MemberJoined = { serverId, profileId, role, permissions, inviteCode, timedOutUntil };
    return accept<ServersEvent>([event(member.of(serverId, profileId), { type: 'MemberJoined', data })], {
      serverId,
      profileId,
      role,
    } satisfies MembershipResult);
  },
});
