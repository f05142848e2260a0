import { defineDecider } from '@palaver/decider';
import type { ServersCommand, ServersEvent } from '@palaver/schemas';
import {
  changeChannel,
  channel,
  channels,
  createChannel,
  deleteChannel,
  removeChannelOverwrite,
  setChannelOverwrite,
} from './channel.ts';
import { createInvite, invite, joinServer, revokeInvite } from './invite.ts';
import {
  banMember,
  changeMemberRole,
  changeNickname,
  kickMember,
  leaveServer,
  nickname,
  timeOutMember,
  unbanMember,
} from './member.ts';
import { changeServer, createServer, deleteServer, transferOwnership } from './server.ts';
import { ban, member, server } from './standing.ts';

/** Streams whose states fold an event besides the one that it lies in. */
const touches = ({ type, data }: ServersEvent) => {
  switch (type) {
    case 'ChannelCreated':
    case 'ChannelChanged':
    case 'ChannelDeleted':
      return [channels.of(data.serverId)];
    case 'MemberJoined':
      return data.inviteCode === null ? [] : [invite.of(data.serverId, data.inviteCode)];
    case 'MemberBanned':
      return [member.of(data.serverId, data.profileId)];
    default:
      return [];
  }
};

/** What this service decides: the table of its commands. */
export const serversDecider = defineDecider<ServersCommand, ServersEvent>({
  name: 'servers',
  version: 4,
  kinds: [server, channel, channels, member, ban, nickname, invite],
  touches,
  // Only what somebody was called: the rest of a server's history is its audit log.
  ends: ({ type }) => type === 'NicknameCleared',
  rules: {
    CreateServer: createServer,
    ChangeServer: changeServer,
    TransferOwnership: transferOwnership,
    DeleteServer: deleteServer,
    CreateChannel: createChannel,
    ChangeChannel: changeChannel,
    DeleteChannel: deleteChannel,
    SetChannelOverwrite: setChannelOverwrite,
    RemoveChannelOverwrite: removeChannelOverwrite,
    CreateInvite: createInvite,
    RevokeInvite: revokeInvite,
    JoinServer: joinServer,
    LeaveServer: leaveServer,
    KickMember: kickMember,
    BanMember: banMember,
    UnbanMember: unbanMember,
    TimeOutMember: timeOutMember,
    ChangeMemberRole: changeMemberRole,
    ChangeNickname: changeNickname,
  },
});
