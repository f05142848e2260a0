import { accept, commandRule, event, refuse, streamKind } from '@palaver/decider';
import type {
  ChannelCreated,
  CreateInvite,
  CreateServer,
  InviteCreated,
  JoinServer,
  LeaveServer,
  MemberJoined,
  MemberLeft,
  MemberRole,
  Permission,
  ServerCreated,
  ServersEvent,
} from '@palaver/schemas';

/**
 * The server aggregate. Its root is the server's id; server, channels, members and invites are streams of their own within its
 * partition, so that a server with a million members is never one document.
 */

// State: only what decisions read.

type ServerState = { readonly ownerId: string } | null;
type ChannelState = { readonly name: string } | null;
type MemberState = { readonly role: MemberRole; readonly permissions: readonly Permission[] } | null;
type InviteState = { readonly permissions: readonly Permission[] } | null;

// Evolve.

export const server = streamKind<ServerState, { type: 'ServerCreated'; data: ServerCreated }>({
  kind: 'server',
  initial: null,
  evolve: { ServerCreated: (_, { ownerId }) => ({ ownerId }) },
});

export const channel = streamKind<ChannelState, { type: 'ChannelCreated'; data: ChannelCreated }>({
  kind: 'channel',
  initial: null,
  evolve: { ChannelCreated: (_, { name }) => ({ name }) },
});

export const member = streamKind<
  MemberState,
  { type: 'MemberJoined'; data: MemberJoined } | { type: 'MemberLeft'; data: MemberLeft }
>({
  kind: 'member',
  initial: null,
  evolve: { MemberJoined: (_, { role, permissions }) => ({ role, permissions }), MemberLeft: () => null },
});

export const invite = streamKind<InviteState, { type: 'InviteCreated'; data: InviteCreated }>({
  kind: 'invite',
  initial: null,
  evolve: { InviteCreated: (_, { permissions }) => ({ permissions }) },
});

// Decisions. What a decision gives to `accept` is told to the sender, again when it asks again.

export type ServerResult = {
  readonly serverId: string;
  readonly channelId: string;
  readonly channelName: string;
  readonly inviteCode: string;
  readonly createdAtMs: number;
};
export type InviteResult = { readonly serverId: string; readonly code: string; readonly createdAtMs: number };
export type MembershipResult = { readonly serverId: string; readonly profileId: string; readonly role: MemberRole };

const defaultChannelName = 'general';

export const createServer = commandRule<CreateServer, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId }) => ({ server: server.of(serverId) }),
  decide: (states, command, { timeMs }) => {
    const { serverId, ownerId, name, imageUrl, channelId, inviteCode } = command;
    if (states.server) return refuse('server_exists', 'A server with this id exists already.');
    return accept<ServersEvent>(
      [
        event(server.of(serverId), {
          type: 'ServerCreated',
          data: { serverId, ownerId, name, imageUrl, inviteCode },
        }),
        event(channel.of(serverId, channelId), {
          type: 'ChannelCreated',
          data: { serverId, channelId, name: defaultChannelName, type: 'TEXT', createdBy: ownerId },
        }),
        event(invite.of(serverId, inviteCode), {
          type: 'InviteCreated',
          data: { serverId, code: inviteCode, createdBy: ownerId, permissions: [] },
        }),
        event(member.of(serverId, ownerId), {
          type: 'MemberJoined',
          data: { serverId, profileId: ownerId, role: 'ADMIN', permissions: [], inviteCode: null },
        }),
      ],
      {
        serverId,
        channelId,
        channelName: defaultChannelName,
        inviteCode,
        createdAtMs: timeMs,
      } satisfies ServerResult,
    );
  },
});

export const createInvite = commandRule<CreateInvite, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, code, createdBy }) => ({
    server: server.of(serverId),
    invite: invite.of(serverId, code),
    creator: member.of(serverId, createdBy),
  }),
  decide: (states, { serverId, code, createdBy, permissions }, { timeMs }) => {
    // Who is no member is not told that the server exists.
    if (!states.server || !states.creator) return refuse('server_not_found', 'There is no such server among yours.');
    if (states.creator.role !== 'ADMIN') return refuse('missing_permission', 'Only an ADMIN may make invites.');
    if (states.invite) return refuse('invite_exists', 'An invite with this code exists already.');
    return accept<ServersEvent>(
      [
        event(invite.of(serverId, code), {
          type: 'InviteCreated',
          data: { serverId, code, createdBy, permissions },
        }),
      ],
      { serverId, code, createdAtMs: timeMs } satisfies InviteResult,
    );
  },
});

export const joinServer = commandRule<JoinServer, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, profileId, inviteCode }) => ({
    server: server.of(serverId),
    invite: invite.of(serverId, inviteCode),
    member: member.of(serverId, profileId),
  }),
  decide: (states, { serverId, profileId, inviteCode }) => {
    if (!states.server) return refuse('server_not_found', 'There is no such server.');
    if (!states.invite) return refuse('invite_not_found', 'There is no such invite.');
    if (states.member)
      return accept<ServersEvent>([], { serverId, profileId, role: states.member.role } satisfies MembershipResult);
    const role: MemberRole = 'GUEST';
    return accept<ServersEvent>(
      [
        event(member.of(serverId, profileId), {
          type: 'MemberJoined',
          data: { serverId, profileId, role, permissions: states.invite.permissions, inviteCode },
        }),
      ],
      { serverId, profileId, role } satisfies MembershipResult,
    );
  },
});

/** Whoever leaves, the owner too: a server goes on without the account that made it. Changes nothing for who is no member. */
export const leaveServer = commandRule<LeaveServer, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, profileId }) => ({ member: member.of(serverId, profileId) }),
  decide: (states, { serverId, profileId }) => {
    if (!states.member) return accept<ServersEvent>([], null);
    const left = { type: 'MemberLeft', data: { serverId, profileId } } as const;
    return accept<ServersEvent>([event(member.of(serverId, profileId), left)], null);
  },
});
