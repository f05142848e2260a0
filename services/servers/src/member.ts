import { accept, commandRule, event, type NewEvent, type Refused, refuse, streamKind } from '@palaver/decider';
import {
  type BanMember,
  type ChangeMemberRole,
  type ChangeNickname,
  type KickMember,
  type LeaveServer,
  type NicknameCleared,
  type NicknameSet,
  type Permission,
  rankOf,
  rankOfRole,
  type ServersEvent,
  type TimeOutMember,
  type UnbanMember,
} from '@palaver/schemas';
import { channels } from './channel.ts';
import { gone, handedOn } from './server.ts';
import {
  type Asking,
  ban,
  live,
  type MemberState,
  member,
  rankTooLow,
  refusalOf,
  type ServerState,
  server,
  serverNotFound,
  standingIn,
} from './standing.ts';

/** Members: how they leave, are put out or kept out, rise and fall, and are called. */

/** Whether there is one: what it is may be erased, so it decides nothing. */
type NicknameState = boolean;

/** A stream of its own, so that the text can be erased and the rest of the server's history stays. */
export const nickname = streamKind<
  NicknameState,
  { type: 'NicknameSet'; data: NicknameSet } | { type: 'NicknameCleared'; data: NicknameCleared }
>({
  kind: 'nickname',
  initial: false,
  evolve: { NicknameSet: () => true, NicknameCleared: () => false },
});

// Decisions.

type Concerning = { readonly serverId: string; readonly profileId: string; readonly by: string };

const readsOf = ({ serverId, profileId, by }: Concerning) => ({
  server: server.of(serverId),
  by: member.of(serverId, by),
  member: member.of(serverId, profileId),
  ban: ban.of(serverId, profileId),
  nickname: nickname.of(serverId, profileId),
});
type States = { readonly server: ServerState; readonly by: MemberState; readonly member: MemberState };

const memberNotFound = () => refuse('member_not_found', 'There is no such member.');

/** Who asks and whom it concerns, or why it is refused: nobody touches themselves, their like or those above them. */
const overMember = (
  states: States,
  { profileId, by }: Concerning,
  permission: Permission,
  timeMs: number,
): Refused | { readonly kind: 'may'; readonly asking: Asking; readonly target: Asking } => {
  const asking = standingIn(states.server, states.by, by);
  const refused = refusalOf(asking, permission, timeMs);
  if (refused) return refused;
  const target = standingIn(states.server, states.member, profileId);
  if (!target) return memberNotFound();
  return rankOf(target) < rankOf(asking!) ? { kind: 'may', asking: asking!, target } : rankTooLow();
};

/** With a membership goes the name that it had. */
const clearedIf = (
  has: NicknameState,
  data: { readonly serverId: string; readonly profileId: string },
): readonly NewEvent<ServersEvent>[] =>
  has ? [event(nickname.of(data.serverId, data.profileId), { type: 'NicknameCleared', data })] : [];

/** Changes nothing for who is no member. An owner leaves only as its account goes: the server goes on with the heir, or ends. */
export const leaveServer = commandRule<LeaveServer, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, profileId, heirId }) => ({
    server: server.of(serverId),
    member: member.of(serverId, profileId),
    nickname: nickname.of(serverId, profileId),
    heir: member.of(serverId, heirId ?? profileId),
    channels: channels.of(serverId),
  }),
  decide: (states, { serverId, profileId, heirId, accountDeleted }) => {
    if (!states.member.membership) return accept<ServersEvent>([], null);
    const data = { serverId, profileId };
    const leaving: readonly NewEvent<ServersEvent>[] = [
      event(member.of(serverId, profileId), { type: 'MemberLeft', data }),
      ...clearedIf(states.nickname, data),
    ];
    if (live(states.server)?.ownerId !== profileId) return accept<ServersEvent>(leaving, null);
    if (!accountDeleted) {
      return refuse('owner_must_transfer', 'You own the server: hand it on to another member, or delete it.');
    }
    if (heirId === null) return accept<ServersEvent>([...gone(serverId, states.channels), ...leaving], null);
    if (!states.heir.membership || heirId === profileId) {
      return refuse('heir_not_found', 'Who was to get the server is no member any more.');
    }
    const transferred = handedOn({ serverId, ownerId: heirId, previousOwnerId: profileId }, states.heir);
    return accept<ServersEvent>([...transferred, ...leaving], null);
  },
});

export const kickMember = commandRule<KickMember, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: readsOf,
  decide: (states, command, { timeMs }) => {
    const over = overMember(states, command, 'KICK_MEMBERS', timeMs);
    if (over.kind === 'refused') return over;
    const { serverId, profileId } = command;
    const data = { serverId, profileId };
    return accept<ServersEvent>(
      [event(member.of(serverId, profileId), { type: 'MemberKicked', data }), ...clearedIf(states.nickname, data)],
      null,
    );
  },
});

/** Whoever is no member can be banned as well. Changes nothing for who is banned already. */
export const banMember = commandRule<BanMember, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: readsOf,
  decide: (states, command, { timeMs }) => {
    const { serverId, profileId } = command;
    const over = overMember(states, command, 'BAN_MEMBERS', timeMs);
    if (over.kind === 'refused' && over.code !== 'member_not_found') return over;
    if (states.ban) return accept<ServersEvent>([], null);
    const data = { serverId, profileId };
    return accept<ServersEvent>(
      [
        event(ban.of(serverId, profileId), { type: 'MemberBanned', data: { ...data, wasMember: over.kind === 'may' } }),
        ...clearedIf(states.nickname, data),
      ],
      null,
    );
  },
});

export const unbanMember = commandRule<UnbanMember, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: readsOf,
  decide: (states, { serverId, profileId, by }, { timeMs }) => {
    const refused = refusalOf(standingIn(states.server, states.by, by), 'BAN_MEMBERS', timeMs);
    if (refused) return refused;
    if (!states.ban) return refuse('ban_not_found', 'The profile is not banned.');
    const unbanned = { type: 'MemberUnbanned', data: { serverId, profileId } } as const;
    return accept<ServersEvent>([event(ban.of(serverId, profileId), unbanned)], null);
  },
});

export const timeOutMember = commandRule<TimeOutMember, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: readsOf,
  decide: (states, command, { timeMs }) => {
    const over = overMember(states, command, 'KICK_MEMBERS', timeMs);
    if (over.kind === 'refused') return over;
    const { serverId, profileId, until } = command;
    const { timedOutUntilMs } = states.member;
    if (until === null && (timedOutUntilMs === null || timedOutUntilMs <= timeMs))
      return accept<ServersEvent>([], null);
    const timedOut = { type: 'MemberTimedOut', data: { serverId, profileId, until } } as const;
    return accept<ServersEvent>([event(member.of(serverId, profileId), timedOut)], null);
  },
});

export const changeMemberRole = commandRule<ChangeMemberRole, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: readsOf,
  decide: (states, command, { timeMs }) => {
    const over = overMember(states, command, 'MANAGE_ROLES', timeMs);
    if (over.kind === 'refused') return over;
    const { serverId, profileId, role } = command;
    if (rankOfRole(role) >= rankOf(over.asking)) return rankTooLow();
    const previousRole = over.target.role;
    if (role === previousRole) return accept<ServersEvent>([], null);
    const changed = { type: 'MemberRoleChanged', data: { serverId, profileId, role, previousRole } } as const;
    return accept<ServersEvent>([event(member.of(serverId, profileId), changed)], null);
  },
});

/** One's own, or that of somebody of a lower rank. */
export const changeNickname = commandRule<ChangeNickname, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: readsOf,
  decide: (states, command, { timeMs }) => {
    const { serverId, profileId, by } = command;
    if (by === profileId) {
      if (!standingIn(states.server, states.by, by)) return serverNotFound();
    } else {
      const over = overMember(states, command, 'MANAGE_ROLES', timeMs);
      if (over.kind === 'refused') return over;
    }
    const data = { serverId, profileId };
    if (command.nickname === null && !states.nickname) return accept<ServersEvent>([], null);
    const given =
      command.nickname === null
        ? clearedIf(true, data)
        : [
            event(nickname.of(serverId, profileId), {
              type: 'NicknameSet',
              data: { ...data, nickname: command.nickname },
            }),
          ];
    return accept<ServersEvent>(
      [event(member.of(serverId, profileId), { type: 'NicknameChanged', data }), ...given],
      null,
    );
  },
});
