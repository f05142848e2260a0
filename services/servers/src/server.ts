import { accept, commandRule, event, type NewEvent, refuse } from '@palaver/decider';
import type {
  ChangeServer,
  CreateServer,
  DeleteServer,
  OwnershipTransferred,
  ServerChanged,
  ServersEvent,
  TransferOwnership,
} from '@palaver/schemas';
import { type ChannelsState, channel, channels, newChannel } from './channel.ts';
import { invite } from './invite.ts';
import {
  live,
  type MemberState,
  member,
  ownerOnly,
  refusalOf,
  server,
  serverNotFound,
  standingIn,
  versionChanged,
} from './standing.ts';

/** Servers: how they come, change, change hands and go. */

// Decisions. What a decision gives to `accept` is told to the sender, again when it asks again.

/** Times in ms since the epoch. */
export type ServerResult = {
  readonly serverId: string;
  readonly channelId: string;
  readonly channelName: string;
  readonly inviteCode: string;
  readonly createdAtMs: number;
  readonly version: number;
};
export type ServerChangedResult = {
  readonly serverId: string;
  readonly name: string;
  readonly imageUrl: string | null;
  readonly imageFileId: string | null;
  readonly ownerId: string;
  readonly version: number;
  readonly updatedAtMs: number;
};

const defaultChannelName = 'general';

export const createServer = commandRule<CreateServer, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId }) => ({ server: server.of(serverId) }),
  decide: (states, command, { timeMs }) => {
    const { serverId, ownerId, name, imageUrl, imageFileId, channelId, inviteCode } = command;
    if (states.server) return refuse('server_exists', 'A server with this id exists already, or did.');
    return accept<ServersEvent>(
      [
        event(server.of(serverId), {
          type: 'ServerCreated',
          data: { serverId, ownerId, name, imageUrl, imageFileId, inviteCode },
        }),
        event(channel.of(serverId, channelId), {
          type: 'ChannelCreated',
          data: newChannel({ serverId, channelId, name: defaultChannelName, createdBy: ownerId }),
        }),
        event(invite.of(serverId, inviteCode), {
          type: 'InviteCreated',
          data: { serverId, code: inviteCode, createdBy: ownerId, permissions: [], expiresAt: null, maxUses: null },
        }),
        event(member.of(serverId, ownerId), {
          type: 'MemberJoined',
          data: {
            serverId,
            profileId: ownerId,
            role: 'ADMIN',
            permissions: [],
            inviteCode: null,
            timedOutUntil: null,
          },
        }),
      ],
      {
        serverId,
        channelId,
        channelName: defaultChannelName,
        inviteCode,
        createdAtMs: timeMs,
        version: 1,
      } satisfies ServerResult,
    );
  },
});

type Picture = Pick<ServerChanged, 'imageUrl' | 'imageFileId'>;

/** A picture is an address or a file: whichever is named takes the place of either; an empty one takes it away. */
const pictured = (before: Picture, { imageUrl, imageFileId }: Picture): Picture => {
  if (imageFileId !== null) return { imageUrl: null, imageFileId: imageFileId || null };
  if (imageUrl !== null) return { imageUrl: imageUrl || null, imageFileId: null };
  return { imageUrl: before.imageUrl, imageFileId: before.imageFileId };
};

export const changeServer = commandRule<ChangeServer, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, by }) => ({ server: server.of(serverId), by: member.of(serverId, by) }),
  decide: (states, { serverId, by, name, expectedVersion, ...picture }, { timeMs }) => {
    const refused = refusalOf(standingIn(states.server, states.by, by), 'MANAGE_SERVER', timeMs);
    if (refused) return refused;
    const before = live(states.server)!;
    if (expectedVersion !== null && expectedVersion !== before.version) return versionChanged();
    const data: ServerChanged = { serverId, name: name ?? before.name, ...pictured(before, picture) };
    const changes =
      data.name !== before.name || data.imageUrl !== before.imageUrl || data.imageFileId !== before.imageFileId;
    const { ownerId } = before;
    return accept<ServersEvent>(changes ? [event(server.of(serverId), { type: 'ServerChanged', data })] : [], {
      ...data,
      ownerId,
      version: before.version + (changes ? 1 : 0),
      updatedAtMs: changes ? timeMs : before.updatedAtMs,
    } satisfies ServerChangedResult);
  },
});

export const transferOwnership = commandRule<TransferOwnership, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, by, ownerId }) => ({
    server: server.of(serverId),
    by: member.of(serverId, by),
    heir: member.of(serverId, ownerId),
  }),
  decide: (states, { serverId, by, ownerId }) => {
    const asking = standingIn(states.server, states.by, by);
    if (!asking) return serverNotFound();
    if (!asking.owner) return ownerOnly();
    if (ownerId === by) return accept<ServersEvent>([], null);
    if (!states.heir.membership) return refuse('member_not_found', 'Only a member can become the owner.');
    return accept<ServersEvent>(handedOn({ serverId, ownerId, previousOwnerId: by }, states.heir), null);
  },
});

/** The events that make a member the owner: an ADMIN too, so that it stays one when it hands the server on in its turn. */
export const handedOn = (data: OwnershipTransferred, heir: MemberState): readonly NewEvent<ServersEvent>[] => {
  const { serverId, ownerId: profileId } = data;
  const previousRole = heir.membership!.role;
  const raised = { type: 'MemberRoleChanged', data: { serverId, profileId, role: 'ADMIN', previousRole } } as const;
  return [
    event(server.of(serverId), { type: 'OwnershipTransferred', data }),
    ...(previousRole === 'ADMIN' ? [] : [event(member.of(serverId, profileId), raised)]),
  ];
};

export const deleteServer = commandRule<DeleteServer, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, by }) => ({
    server: server.of(serverId),
    by: member.of(serverId, by),
    channels: channels.of(serverId),
  }),
  decide: (states, { serverId, by }) => {
    const asking = standingIn(states.server, states.by, by);
    if (!asking) return serverNotFound();
    if (!asking.owner) return ownerOnly();
    return accept<ServersEvent>(gone(serverId, states.channels), null);
  },
});

/** The events that end a server and its channels. Its members leave one by one, since no decision reads them all (`erasure.ts`). */
export const gone = (serverId: string, { names }: ChannelsState): readonly NewEvent<ServersEvent>[] => [
  ...Object.keys(names).map((channelId) =>
    event(channel.of(serverId, channelId), { type: 'ChannelDeleted', data: { serverId, channelId } }),
  ),
  event(server.of(serverId), { type: 'ServerDeleted', data: { serverId } }),
];
