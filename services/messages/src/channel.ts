import {
  accept,
  commandRule,
  type Decision,
  event,
  type NewEvent,
  type Refused,
  refuse,
  streamKind,
} from '@palaver/decider';
import type {
  AddReaction,
  AnonymizeMessage,
  DeleteMessage,
  DeleteMessages,
  EditMessage,
  FileAttached,
  MessageAnonymized,
  MessageDeleted,
  MessageEdited,
  MessagePinned,
  MessagePosted,
  MessagesEvent,
  MessageUnpinned,
  PaceTaken,
  PinMessage,
  PostMessage,
  ReactionAdded,
  ReactionRemoved,
  RemoveReaction,
  UnpinMessage,
} from '@palaver/schemas';
import { direct } from './direct.ts';
import { everyoneMentions, mentions } from './mentions.ts';

/**
 * The channel aggregate. Its root is the channel's id. Each message is a stream of its own, so that it can be erased alone, and so is each
 * reaction; the channel's own state folds what is posted to it, and what is pinned.
 */

/** Of a channel. */
export const maxPins = 50;
/** Different emoji of a message. */
export const maxEmoji = 20;

// State: only what decisions read. What a message says is not kept: what may be erased decides nothing.

type ChannelState = { readonly lastSeq: number };
/** `authorId`: null when it is nobody's. */
type MessageState = {
  readonly is: 'posted' | 'deleted';
  readonly seq: number;
  readonly authorId: string | null;
  readonly attachments?: readonly string[];
} | null;
/** Of a message: how many react by each emoji. Folded from reactions alone, which outlive what the message said. */
type ReactionsState = Readonly<Record<string, number>>;
type PinsState = readonly string[];
/** Whether this profile reacts so. */
type ReactionState = boolean;
/** When this profile last posted while the channel was slow, ms since the epoch. */
type PaceState = { readonly postedAtMs: number } | null;

// Evolve.

type Posted = { type: 'MessagePosted'; data: MessagePosted };
type Deleted = { type: 'MessageDeleted'; data: MessageDeleted };
type Anonymized = { type: 'MessageAnonymized'; data: MessageAnonymized };
type Reacted = { type: 'ReactionAdded'; data: ReactionAdded } | { type: 'ReactionRemoved'; data: ReactionRemoved };
type Pinned = { type: 'MessagePinned'; data: MessagePinned } | { type: 'MessageUnpinned'; data: MessageUnpinned };

/** The last seq is also that of messages whose posting was erased: what came after it tells. */
const counted = ({ lastSeq }: ChannelState, { seq }: { readonly seq: number }): ChannelState => ({
  lastSeq: Math.max(lastSeq, seq),
});

export const channel = streamKind<ChannelState, Posted | Deleted | Anonymized>({
  kind: 'channel',
  initial: { lastSeq: 0 },
  evolve: { MessagePosted: counted, MessageDeleted: counted, MessageAnonymized: counted },
});

export const message = streamKind<
  MessageState,
  Posted | Deleted | Anonymized | { type: 'MessageEdited'; data: MessageEdited }
>({
  kind: 'message',
  initial: null,
  evolve: {
    MessagePosted: (_, { seq, authorId, attachments }) => ({
      is: 'posted',
      seq,
      authorId,
      ...(attachments.length > 0 ? { attachments } : {}),
    }),
    MessageEdited: (state) => state,
    MessageDeleted: (_, { seq }) => ({ is: 'deleted', seq, authorId: null }),
    MessageAnonymized: (_, { seq }) => ({ is: 'posted', seq, authorId: null }),
  },
});

export const pins = streamKind<PinsState, Pinned | Deleted>({
  kind: 'pins',
  initial: [],
  evolve: {
    MessagePinned: (state, { messageId }) => [...state, messageId],
    MessageUnpinned: (state, { messageId }) => state.filter((one) => one !== messageId),
    MessageDeleted: (state, { messageId }) => state.filter((one) => one !== messageId),
  },
});

const tallied = (state: ReactionsState, { emoji, count }: ReactionAdded | ReactionRemoved): ReactionsState => {
  const { [emoji]: _, ...others } = state;
  return count > 0 ? { ...others, [emoji]: count } : others;
};

export const reactions = streamKind<ReactionsState, Reacted>({
  kind: 'reactions',
  initial: {},
  evolve: { ReactionAdded: tallied, ReactionRemoved: tallied },
});

export const reaction = streamKind<ReactionState, Reacted>({
  kind: 'reaction',
  initial: false,
  evolve: { ReactionAdded: () => true, ReactionRemoved: () => false },
});

/** Which message a file hangs on: one, for ever. */
export const attachment = streamKind<string | null, { type: 'FileAttached'; data: FileAttached }>({
  kind: 'attachment',
  initial: null,
  evolve: { FileAttached: (_, { messageId }) => messageId },
});

export const pace = streamKind<PaceState, { type: 'PaceTaken'; data: PaceTaken }>({
  kind: 'pace',
  initial: null,
  evolve: { PaceTaken: (_, __, { timestampMs }) => ({ postedAtMs: timestampMs }) },
});

// Decisions. What a decision gives to `accept` is told to the sender, again when it asks again.

type Of = { readonly channelId: string; readonly messageId: string };

const reads = ({ channelId, messageId }: Of) => ({
  channel: channel.of(channelId),
  message: message.of(channelId, messageId),
});

const notFound = refuse('message_not_found', 'There is no such message in this channel.');

/** The message, where it is there and was not deleted. */
const live = (state: MessageState) => (state?.is === 'posted' ? state : null);

export type PostResult = { readonly messageId: string; readonly seq: number; readonly createdAtMs: number };

const allReadsOfPost = (command: PostMessage) => {
  const { channelId, messageId, authorId, replyToId } = command;
  return {
    ...reads(command),
    answered: message.of(channelId, replyToId ?? messageId),
    pace: pace.of(channelId, authorId),
    direct: direct.of(channelId),
    everyone: everyoneMentions.of(channelId),
  };
};

/** Direct channels belong to no server, and stand in its place themselves. */
const isDirect = ({ channelId, serverId }: PostMessage): boolean => serverId === channelId;

/** Most channels are not slow, most messages name nobody: what a post has no use for it does not read, and it is not there. */
const readsOfPost = (command: PostMessage) => {
  const { pace, direct, everyone, ...always } = allReadsOfPost(command);
  return {
    ...always,
    ...(command.slowModeSeconds > 0 ? { pace } : {}),
    ...(isDirect(command) ? { direct } : {}),
    ...(command.mentionsEveryone ? { everyone } : {}),
    ...Object.fromEntries(namedIn(command).map((id) => [id, mentions.of(command.channelId, id)])),
    ...Object.fromEntries(command.attachments.map((id) => [id, attachment.of(command.channelId, id)])),
  } as ReturnType<typeof allReadsOfPost>;
};

/** Whom a message names one by one: nobody themselves, and nobody twice, as one of everyone. */
const namedIn = ({ authorId, mentions, mentionsEveryone }: PostMessage): readonly string[] =>
  mentionsEveryone ? [] : mentions.filter((id) => id !== authorId);

/** Counted apart from the message, which may be erased; `before` holds how often each was named before. */
const mentioned = (
  command: PostMessage,
  seq: number,
  before: Readonly<Record<string, number>>,
): NewEvent<MessagesEvent>[] => {
  const { channelId, mentionsEveryone } = command;
  const ofMembers = namedIn(command).map((profileId) => {
    const data = { channelId, profileId, seq, total: (before[profileId] ?? 0) + 1 };
    return event(mentions.of(channelId, profileId), { type: 'MemberMentioned', data } as const);
  });
  if (!mentionsEveryone) return ofMembers;
  const data = { channelId, seq, total: (before.everyone ?? 0) + 1 };
  return [event(everyoneMentions.of(channelId), { type: 'EveryoneMentioned', data })];
};

export const postMessage = commandRule<PostMessage, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads: readsOfPost,
  decide: (states, command, { timeMs }) => {
    const { slowModeSeconds, ...said } = command;
    const { channelId, messageId, authorId, replyToId } = said;
    if (isDirect(command) && !states.direct?.profileIds.includes(authorId)) {
      return refuse('channel_not_found', 'There is no such channel among yours.');
    }
    if (states.message) return refuse('message_exists', 'A message with this id exists already.');
    if (replyToId !== null && !live(states.answered)) {
      return refuse('reply_not_found', 'The message that it answers is not in this channel, or not any more.');
    }
    if (slowModeSeconds > 0 && states.pace && timeMs < states.pace.postedAtMs + slowModeSeconds * 1_000) {
      return refuse('slow_mode', `The channel is slow: one message in ${slowModeSeconds} s.`);
    }
    const of = states as unknown as Readonly<Record<string, unknown>>;
    if (said.attachments.some((id) => of[id] !== null)) {
      return refuse('file_attached', 'A file hangs on another message already.');
    }
    const seq = states.channel.lastSeq + 1;
    const events = [event(message.of(channelId, messageId), { type: 'MessagePosted', data: { ...said, seq } })];
    const taken = { type: 'PaceTaken', data: { channelId, profileId: authorId } } as const;
    return accept<MessagesEvent>(
      [
        ...events,
        ...(slowModeSeconds > 0 ? [event(pace.of(channelId, authorId), taken)] : []),
        ...mentioned(command, seq, of as Readonly<Record<string, number>>),
        ...said.attachments.map((fileId) =>
          event(attachment.of(channelId, fileId), {
            type: 'FileAttached',
            data: { channelId, fileId, messageId },
          } as const),
        ),
      ],
      { messageId, seq, createdAtMs: timeMs } satisfies PostResult,
    );
  },
});

export type EditResult = { readonly seq: number; readonly editedAtMs: number };

export const editMessage = commandRule<EditMessage, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads,
  decide: (states, { by, ...said }, { timeMs }) => {
    const found = live(states.message);
    if (!found) return notFound;
    if (found.authorId !== by) return refuse('not_the_author', 'Only its author may edit a message.');
    const { seq } = found;
    const edited = { type: 'MessageEdited', data: { ...said, seq } } as const;
    return accept<MessagesEvent>([event(message.of(said.channelId, said.messageId), edited)], {
      seq,
      editedAtMs: timeMs,
    } satisfies EditResult);
  },
});

const deletion = (
  { channelId, messageId }: Of,
  { seq, attachments = [] }: NonNullable<MessageState>,
): NewEvent<MessagesEvent> =>
  event(message.of(channelId, messageId), { type: 'MessageDeleted', data: { messageId, channelId, seq, attachments } });

/** By its author, by who may manage messages, or by the erasure. Changes nothing when it was deleted before. */
export const deleteMessage = commandRule<DeleteMessage, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads: (command) => ({ ...reads(command), pins: pins.of(command.channelId) }),
  decide: (states, { by, manages, ...of }) => {
    if (!states.message) return notFound;
    const { is, authorId } = states.message;
    if (is === 'deleted') return accept<MessagesEvent>([], null);
    if (by !== null && by !== authorId && !manages) return missing;
    return accept<MessagesEvent>([deletion(of, states.message)], null);
  },
});

const missing = refuse('missing_permission', 'It needs the permission MANAGE_MESSAGES.');

export type DeletedResult = { readonly deleted: readonly string[] };

export const deleteMessages = commandRule<DeleteMessages, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads: ({ channelId, messageIds }) => ({
    channel: channel.of(channelId),
    pins: pins.of(channelId),
    ...Object.fromEntries(messageIds.map((id) => [id, message.of(channelId, id)])),
  }),
  decide: (states, { channelId, messageIds, manages }) => {
    if (!manages) return missing;
    const found = [...new Set(messageIds)].flatMap((messageId) => {
      const state = live((states as unknown as Readonly<Record<string, MessageState>>)[messageId] ?? null);
      return state ? [{ messageId, state }] : [];
    });
    return accept<MessagesEvent>(
      found.map(({ messageId, state }) => deletion({ channelId, messageId }, state)),
      { deleted: found.map(({ messageId }) => messageId) } satisfies DeletedResult,
    );
  },
});

/** Says it again without its author, as it is by now; changes nothing when it is nobody's already. */
export const anonymizeMessage = commandRule<AnonymizeMessage, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads,
  decide: (states, command) => {
    if (!states.message) return notFound;
    const { is, seq, authorId } = states.message;
    if (is !== 'posted' || authorId === null) return accept<MessagesEvent>([], null);
    const stream = message.of(command.channelId, command.messageId);
    return accept<MessagesEvent>([event(stream, { type: 'MessageAnonymized', data: { ...command, seq } })], null);
  },
});

// Reactions.

export type ReactionResult = { readonly count: number };

const readsOfReaction = ({ channelId, messageId, by, emoji }: AddReaction | RemoveReaction) => ({
  message: message.of(channelId, messageId),
  reactions: reactions.of(channelId, messageId),
  reaction: reaction.of(channelId, messageId, by, emoji),
});

/** Changes nothing for who reacts so already. */
export const addReaction = commandRule<AddReaction, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads: readsOfReaction,
  decide: (states, { channelId, messageId, by, emoji }): Decision<MessagesEvent> => {
    if (!live(states.message)) return notFound;
    const before = states.reactions[emoji] ?? 0;
    if (states.reaction) return accept<MessagesEvent>([], { count: before } satisfies ReactionResult);
    if (before === 0 && Object.keys(states.reactions).length >= maxEmoji) {
      return refuse('too_many_emoji', `A message has at most ${maxEmoji} different ones.`);
    }
    const count = before + 1;
    const data = { messageId, channelId, profileId: by, emoji, count };
    return accept<MessagesEvent>(
      [event(reaction.of(channelId, messageId, by, emoji), { type: 'ReactionAdded', data })],
      { count } satisfies ReactionResult,
    );
  },
});

/** Changes nothing for who does not react so. */
export const removeReaction = commandRule<RemoveReaction, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads: readsOfReaction,
  decide: (states, { channelId, messageId, by, emoji }): Decision<MessagesEvent> => {
    if (!live(states.message)) return notFound;
    const before = states.reactions[emoji] ?? 0;
    if (!states.reaction) return accept<MessagesEvent>([], { count: before } satisfies ReactionResult);
    const count = before - 1;
    const data = { messageId, channelId, profileId: by, emoji, count };
    return accept<MessagesEvent>(
      [event(reaction.of(channelId, messageId, by, emoji), { type: 'ReactionRemoved', data })],
      { count } satisfies ReactionResult,
    );
  },
});

// Pins.

const readsOfPin = ({ channelId, messageId }: Of) => ({
  message: message.of(channelId, messageId),
  pins: pins.of(channelId),
});

const refusalOfPin = (found: MessageState, manages: boolean): Refused | null => {
  if (!manages) return missing;
  return live(found) ? null : notFound;
};

/** Changes nothing when it is pinned already. */
export const pinMessage = commandRule<PinMessage, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads: readsOfPin,
  decide: (states, { channelId, messageId, by, manages }) => {
    const refused = refusalOfPin(states.message, manages);
    if (refused) return refused;
    if (states.pins.includes(messageId)) return accept<MessagesEvent>([], null);
    if (states.pins.length >= maxPins)
      return refuse('too_many_pins', `A channel has at most ${maxPins} pinned messages.`);
    const pinned = { type: 'MessagePinned', data: { messageId, channelId, pinnedBy: by } } as const;
    return accept<MessagesEvent>([event(pins.of(channelId), pinned)], null);
  },
});

/** Changes nothing when it is not pinned. */
export const unpinMessage = commandRule<UnpinMessage, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads: readsOfPin,
  decide: (states, { channelId, messageId, manages }) => {
    const refused = refusalOfPin(states.message, manages);
    if (refused) return refused;
    if (!states.pins.includes(messageId)) return accept<MessagesEvent>([], null);
    const unpinned = { type: 'MessageUnpinned', data: { messageId, channelId } } as const;
    return accept<MessagesEvent>([event(pins.of(channelId), unpinned)], null);
  },
});
