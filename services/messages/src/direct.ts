import { accept, commandRule, event, refuse, streamKind } from '@palaver/decider';
import type {
  AddParticipant,
  BlockProfile,
  DirectChannelOpened,
  LeaveDirectChannel,
  MessagesEvent,
  OpenDirectChannel,
  ParticipantAdded,
  ParticipantLeft,
  ProfileBlocked,
  ProfileUnblocked,
  UnblockProfile,
} from '@palaver/schemas';

/**
 * Channels between profiles, outside servers: one of each two, and groups. A channel's root is its id, as that of a server's channel, so that
 * the same decisions post to it. Who has blocked whom is a stream of who blocks.
 */

export const maxParticipants = 10;

// State.

type DirectState = { readonly group: boolean; readonly profileIds: readonly string[] } | null;
type BlockState = boolean;

// Evolve.

type DirectEvent =
  | { type: 'DirectChannelOpened'; data: DirectChannelOpened }
  | { type: 'ParticipantAdded'; data: ParticipantAdded }
  | { type: 'ParticipantLeft'; data: ParticipantLeft };

export const direct = streamKind<DirectState, DirectEvent>({
  kind: 'direct',
  initial: null,
  evolve: {
    DirectChannelOpened: (_, { group, profileIds }) => ({ group, profileIds }),
    ParticipantAdded: (state, { profileId }) => state && { ...state, profileIds: [...state.profileIds, profileId] },
    ParticipantLeft: (state, { profileId }) =>
      state && { ...state, profileIds: state.profileIds.filter((one) => one !== profileId) },
  },
});

export const block = streamKind<
  BlockState,
  { type: 'ProfileBlocked'; data: ProfileBlocked } | { type: 'ProfileUnblocked'; data: ProfileUnblocked }
>({
  kind: 'block',
  initial: false,
  evolve: { ProfileBlocked: () => true, ProfileUnblocked: () => false },
});

// Decisions.

type InDirect = { readonly channelId: string };

const root = ({ channelId }: InDirect): string => channelId;
const reads = ({ channelId }: InDirect) => ({ direct: direct.of(channelId) });
const notFound = refuse('channel_not_found', 'There is no such channel among yours.');

/** Changes nothing when it is open already: that of two is always the same one. */
export const openDirectChannel = commandRule<OpenDirectChannel, MessagesEvent>()({
  root,
  reads,
  decide: (states, data) => {
    if (states.direct) return accept<MessagesEvent>([], null);
    return accept<MessagesEvent>([event(direct.of(data.channelId), { type: 'DirectChannelOpened', data })], null);
  },
});

export const addParticipant = commandRule<AddParticipant, MessagesEvent>()({
  root,
  reads,
  decide: (states, data) => {
    if (!states.direct?.profileIds.includes(data.by)) return notFound;
    const { group, profileIds } = states.direct;
    if (!group) return refuse('not_a_group', 'A channel of two stays one of two.');
    if (profileIds.includes(data.profileId)) return accept<MessagesEvent>([], null);
    if (profileIds.length >= maxParticipants) {
      return refuse('too_many_participants', `A group has at most ${maxParticipants} participants.`);
    }
    return accept<MessagesEvent>([event(direct.of(data.channelId), { type: 'ParticipantAdded', data })], null);
  },
});

/** Changes nothing for who has left. */
export const leaveDirectChannel = commandRule<LeaveDirectChannel, MessagesEvent>()({
  root,
  reads,
  decide: (states, { channelId, profileId, erased }) => {
    if (!states.direct?.profileIds.includes(profileId)) return accept<MessagesEvent>([], null);
    if (!states.direct.group && !erased) return refuse('not_a_group', 'Nobody leaves a channel of two.');
    const gone = { type: 'ParticipantLeft', data: { channelId, profileId } } as const;
    return accept<MessagesEvent>([event(direct.of(channelId), gone)], null);
  },
});

const ofBlock = ({ profileId, blockedId }: BlockProfile | UnblockProfile) => ({
  block: block.of(profileId, blockedId),
});

export const blockProfile = commandRule<BlockProfile, MessagesEvent>()({
  root: ({ profileId }) => profileId,
  reads: ofBlock,
  decide: (states, data) =>
    accept<MessagesEvent>(
      states.block ? [] : [event(block.of(data.profileId, data.blockedId), { type: 'ProfileBlocked', data })],
      null,
    ),
});

export const unblockProfile = commandRule<UnblockProfile, MessagesEvent>()({
  root: ({ profileId }) => profileId,
  reads: ofBlock,
  decide: (states, data) =>
    accept<MessagesEvent>(
      states.block ? [event(block.of(data.profileId, data.blockedId), { type: 'ProfileUnblocked', data })] : [],
      null,
    ),
});
