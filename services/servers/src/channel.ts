import { createHash } from 'node:crypto';
import { accept, commandRule, event, type Refused, refuse, streamKind } from '@palaver/decider';
import {
  type ChangeChannel,
  type ChannelChanged,
  type ChannelCreated,
  type ChannelDeleted,
  type ChannelOverwriteRemoved,
  type ChannelOverwriteSet,
  type ChannelType,
  type CreateChannel,
  channelPermissions,
  type DeleteChannel,
  type MemberRole,
  type Overwrite,
  type Permission,
  permissionsIn,
  permissionsOf,
  type RemoveChannelOverwrite,
  rankOf,
  rankOfRole,
  type ServersEvent,
  type SetChannelOverwrite,
} from '@palaver/schemas';
import {
  type Asking,
  type MemberState,
  member,
  missing,
  rankTooLow,
  refusalOf,
  type ServerState,
  server,
  serverNotFound,
  standingIn,
  versionChanged,
} from './standing.ts';

/** The channels of a server: each a stream of its own, and one that knows all their names. */

export const maxChannels = 500;
export const maxOverwrites = 100;

// State: only what decisions read and answers say.

type Channel = Omit<ChannelCreated, 'serverId' | 'channelId'> & {
  readonly overwrites: readonly Overwrite[];
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};
type ChannelState = Channel | null;
/** `names`: of each channel the `nameKey`, since up to 500 are read together. */
export type ChannelsState = { readonly names: Readonly<Record<string, string>>; readonly nextPosition: number };

/** The same for names that differ in case or in the spelling of their characters alone. */
const nameKey = (name: string): string =>
  createHash('sha256').update(name.normalize('NFKC').toLowerCase()).digest('base64url').slice(0, 12);

// Evolve.

type ChannelEvent =
  | { type: 'ChannelCreated'; data: ChannelCreated }
  | { type: 'ChannelChanged'; data: ChannelChanged }
  | { type: 'ChannelDeleted'; data: ChannelDeleted };

const sameTarget =
  ({ role, profileId }: Pick<Overwrite, 'role' | 'profileId'>) =>
  (one: Overwrite): boolean =>
    one.role === role && one.profileId === profileId;

export const channel = streamKind<
  ChannelState,
  | ChannelEvent
  | { type: 'ChannelOverwriteSet'; data: ChannelOverwriteSet }
  | { type: 'ChannelOverwriteRemoved'; data: ChannelOverwriteRemoved }
>({
  kind: 'channel',
  initial: null,
  evolve: {
    ChannelCreated: (_, { serverId, channelId, ...data }, { version, timestampMs }) => ({
      ...data,
      overwrites: [],
      version,
      createdAtMs: timestampMs,
      updatedAtMs: timestampMs,
    }),
    ChannelChanged: (state, { serverId, channelId, ...data }, { version, timestampMs }) =>
      state && { ...state, ...data, version, updatedAtMs: timestampMs },
    ChannelDeleted: () => null,
    ChannelOverwriteSet: (state, { role, profileId, allow, deny }, { version, timestampMs }) => {
      if (!state) return null;
      const others = state.overwrites.filter((one) => !sameTarget({ role, profileId })(one));
      const overwrites = [...others, { role, profileId, allow, deny }];
      return { ...state, overwrites, version, updatedAtMs: timestampMs };
    },
    ChannelOverwriteRemoved: (state, target, { version, timestampMs }) =>
      state && {
        ...state,
        overwrites: state.overwrites.filter((one) => !sameTarget(target)(one)),
        version,
        updatedAtMs: timestampMs,
      },
  },
});

const named = (
  { names, nextPosition }: ChannelsState,
  { channelId, name, position }: Pick<ChannelCreated, 'channelId' | 'name' | 'position'>,
): ChannelsState => ({
  names: { ...names, [channelId]: nameKey(name) },
  nextPosition: Math.max(nextPosition, position + 1),
});

export const channels = streamKind<ChannelsState, ChannelEvent>({
  kind: 'channels',
  initial: { names: {}, nextPosition: 0 },
  evolve: {
    ChannelCreated: named,
    ChannelChanged: named,
    ChannelDeleted: ({ names, nextPosition }, { channelId }) => {
      const { [channelId]: _, ...rest } = names;
      return { names: rest, nextPosition };
    },
  },
});

/** What a channel is when nothing else was said. */
export const newChannel = (
  given: Pick<ChannelCreated, 'serverId' | 'channelId' | 'name' | 'createdBy'>,
): ChannelCreated => ({
  ...given,
  type: 'TEXT',
  topic: null,
  categoryId: null,
  position: 0,
  slowModeSeconds: 0,
});

// Decisions.

/** Times in ms since the epoch. */
export type ChannelResult = Omit<ChannelCreated, 'serverId'> & {
  readonly serverId: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

const channelNotFound = () => refuse('channel_not_found', 'There is no such channel among those that you may see.');

/** The refusal of who may not manage channels, or may not see this one; null for who may. */
const refusalFor = (asking: Asking | null, state: ChannelState, timeMs: number): Refused | null => {
  const refused = refusalOf(asking, 'MANAGE_CHANNELS', timeMs);
  if (refused) return refused;
  return sees(asking!, state, timeMs) ? null : channelNotFound();
};

const sees = (asking: Asking, state: ChannelState, timeMs: number): state is Channel =>
  state !== null && permissionsIn(state.overwrites, asking, timeMs).has('VIEW_CHANNEL');

type Wanted = {
  readonly channelId: string;
  readonly name: string;
  readonly type: ChannelType;
  readonly categoryId: string | null;
};

/** What stands in the way of a channel like this: its name, or the category that it is to stand in. */
const obstacle = (
  { channelId, name, type, categoryId }: Wanted,
  states: { readonly channels: ChannelsState; readonly category: ChannelState },
  sees: (state: ChannelState) => boolean,
): Refused | null => {
  const key = nameKey(name);
  if (Object.entries(states.channels.names).some(([id, other]) => other === key && id !== channelId)) {
    return refuse('channel_name_taken', 'Another channel of the server has this name.');
  }
  if (categoryId === null) return null;
  if (type === 'CATEGORY') return refuse('channel_type_fixed', 'A category stands in no other one.');
  if (states.category?.type !== 'CATEGORY' || !sees(states.category)) {
    return refuse('category_not_found', 'There is no such category among those that you may see.');
  }
  return null;
};

export const createChannel = commandRule<CreateChannel, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, channelId, categoryId, by }) => ({
    server: server.of(serverId),
    by: member.of(serverId, by),
    channel: channel.of(serverId, channelId),
    channels: channels.of(serverId),
    category: channel.of(serverId, categoryId ?? channelId),
  }),
  decide: (states, { by, ...wanted }, { timeMs }) => {
    const { serverId, channelId, position } = wanted;
    const asking = standingIn(states.server, states.by, by);
    const refused = refusalOf(asking, 'MANAGE_CHANNELS', timeMs);
    if (refused) return refused;
    if (states.channel) return refuse('channel_exists', 'A channel with this id exists already.');
    const blocked = obstacle(wanted, states, (state) => sees(asking!, state, timeMs));
    if (blocked) return blocked;
    if (Object.keys(states.channels.names).length >= maxChannels) {
      return refuse('too_many_channels', `A server has at most ${maxChannels} channels, categories among them.`);
    }
    const data: ChannelCreated = { ...wanted, position: position ?? states.channels.nextPosition, createdBy: by };
    return accept<ServersEvent>([event(channel.of(serverId, channelId), { type: 'ChannelCreated', data })], {
      ...data,
      version: 1,
      createdAtMs: timeMs,
      updatedAtMs: timeMs,
    } satisfies ChannelResult);
  },
});

export const changeChannel = commandRule<ChangeChannel, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, channelId, categoryId, by }) => ({
    server: server.of(serverId),
    by: member.of(serverId, by),
    channel: channel.of(serverId, channelId),
    channels: channels.of(serverId),
    category: channel.of(serverId, categoryId || channelId),
  }),
  decide: (states, command, { timeMs }) => {
    const { serverId, channelId, by, expectedVersion } = command;
    const asking = standingIn(states.server, states.by, by);
    const refused = refusalFor(asking, states.channel, timeMs);
    if (refused) return refused;
    const { overwrites: _, ...before } = states.channel!;
    if (expectedVersion !== null && expectedVersion !== before.version) return versionChanged();
    const data: ChannelChanged = {
      serverId,
      channelId,
      name: command.name ?? before.name,
      type: command.type ?? before.type,
      topic: command.topic === null ? before.topic : command.topic || null,
      categoryId: command.categoryId === null ? before.categoryId : command.categoryId || null,
      position: command.position ?? before.position,
      slowModeSeconds: command.slowModeSeconds ?? before.slowModeSeconds,
    };
    if (data.type !== before.type && (data.type === 'CATEGORY' || before.type === 'CATEGORY')) {
      return refuse('channel_type_fixed', 'A category stays one, and a channel becomes none.');
    }
    // A category that it stands in already may be gone, or hidden from who asks.
    const moved = data.categoryId === before.categoryId ? { ...data, categoryId: null } : data;
    const blocked = obstacle(moved, states, (state) => sees(asking!, state, timeMs));
    if (blocked) return blocked;
    const changes = (Object.keys(data) as (keyof ChannelChanged)[]).some(
      (field) => field in before && data[field] !== before[field as keyof typeof before],
    );
    return accept<ServersEvent>(
      changes ? [event(channel.of(serverId, channelId), { type: 'ChannelChanged', data })] : [],
      {
        ...before,
        ...data,
        version: before.version + (changes ? 1 : 0),
        updatedAtMs: changes ? timeMs : before.updatedAtMs,
      } satisfies ChannelResult,
    );
  },
});

export const deleteChannel = commandRule<DeleteChannel, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: ({ serverId, channelId, by }) => ({
    server: server.of(serverId),
    by: member.of(serverId, by),
    channel: channel.of(serverId, channelId),
    channels: channels.of(serverId),
  }),
  decide: (states, { serverId, channelId, by }, { timeMs }) => {
    const refused = refusalFor(standingIn(states.server, states.by, by), states.channel, timeMs);
    if (refused) return refused;
    const deleted = { type: 'ChannelDeleted', data: { serverId, channelId } } as const;
    return accept<ServersEvent>([event(channel.of(serverId, channelId), deleted)], null);
  },
});

type OverwriteStates = {
  readonly server: ServerState;
  readonly by: MemberState;
  readonly channel: ChannelState;
  readonly target: MemberState;
};
type Target = {
  readonly by: string;
  readonly role: MemberRole | null;
  readonly profileId: string | null;
};

const readsOfOverwrite = (data: Target & { readonly serverId: string; readonly channelId: string }) => ({
  server: server.of(data.serverId),
  by: member.of(data.serverId, data.by),
  channel: channel.of(data.serverId, data.channelId),
  target: member.of(data.serverId, data.profileId ?? data.by),
});

/**
 * The refusal of who may not set what a channel gives to or takes from this role or member; null for who may. Only what one may do
 * oneself in the channel can be given, taken, or given back, so that no way round leads to more.
 */
const refusalOfOverwrite = (
  states: OverwriteStates,
  { by, role, profileId }: Target,
  named: readonly Permission[],
  timeMs: number,
): Refused | null => {
  const asking = standingIn(states.server, states.by, by);
  if (!asking) return serverNotFound();
  if (!permissionsOf(asking, timeMs).has('MANAGE_ROLES')) return missing('MANAGE_ROLES');
  if (!sees(asking, states.channel, timeMs)) return channelNotFound();
  if ((role === null) === (profileId === null)) {
    return refuse('overwrite_of_nobody', 'It must concern one role or one member.');
  }
  const target = profileId === null ? null : standingIn(states.server, states.target, profileId);
  const rank = role === null ? target && rankOf(target) : rankOfRole(role);
  // Of who has left, what was set can be removed by whoever may do so to a guest.
  if ((rank ?? 0) >= rankOf(asking)) return rankTooLow();
  const own = permissionsIn(states.channel.overwrites, asking, timeMs);
  const lacking = named.find((one) => !own.has(one) || !(channelPermissions as readonly Permission[]).includes(one));
  return lacking === undefined ? null : missing(lacking);
};

export const setChannelOverwrite = commandRule<SetChannelOverwrite, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: readsOfOverwrite,
  decide: (states, { by, ...data }, { timeMs }) => {
    const overwrites = states.channel?.overwrites ?? [];
    const before = overwrites.find(sameTarget(data));
    const named = [...data.allow, ...data.deny, ...(before?.allow ?? []), ...(before?.deny ?? [])];
    const refused = refusalOfOverwrite(states, { ...data, by }, named, timeMs);
    if (refused) return refused;
    if (data.profileId !== null && !states.target.membership) {
      return refuse('member_not_found', 'There is no such member.');
    }
    if (!before && overwrites.length >= maxOverwrites) {
      return refuse('too_many_overwrites', `A channel has at most ${maxOverwrites} of them.`);
    }
    const { serverId, channelId } = data;
    return accept<ServersEvent>([event(channel.of(serverId, channelId), { type: 'ChannelOverwriteSet', data })], null);
  },
});

export const removeChannelOverwrite = commandRule<RemoveChannelOverwrite, ServersEvent>()({
  root: ({ serverId }) => serverId,
  reads: readsOfOverwrite,
  decide: (states, { by, ...data }, { timeMs }) => {
    const before = states.channel?.overwrites.find(sameTarget(data));
    const named = [...(before?.allow ?? []), ...(before?.deny ?? [])];
    const refused = refusalOfOverwrite(states, { ...data, by }, named, timeMs);
    if (refused) return refused;
    if (!before) return refuse('overwrite_not_found', 'The channel does as the server does already.');
    const { serverId, channelId } = data;
    return accept<ServersEvent>(
      [event(channel.of(serverId, channelId), { type: 'ChannelOverwriteRemoved', data })],
      null,
    );
  },
});
