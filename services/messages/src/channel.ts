import { accept, commandRule, event, refuse, streamKind } from '@palaver/decider';
import type {
  AnonymizeMessage,
  DeleteMessage,
  MessageAnonymized,
  MessageDeleted,
  MessagePosted,
  MessagesEvent,
  PostMessage,
} from '@palaver/schemas';

/**
 * The channel aggregate. Its root is the channel's id. Each message is a stream of its own, so that it can be erased alone;
 * the channel's own state folds what is posted to it.
 */

// State: only what decisions read. What a message says is not kept: what may be erased decides nothing.

type ChannelState = { readonly lastSeq: number };
type MessageState = { readonly is: 'posted' | 'anonymous' | 'deleted'; readonly seq: number } | null;

// Evolve.

type ChannelEvent =
  | { type: 'MessagePosted'; data: MessagePosted }
  | { type: 'MessageDeleted'; data: MessageDeleted }
  | { type: 'MessageAnonymized'; data: MessageAnonymized };

/** The last seq is also that of messages whose posting was erased: what came after it tells. */
const counted = ({ lastSeq }: ChannelState, { seq }: { readonly seq: number }): ChannelState => ({
  lastSeq: Math.max(lastSeq, seq),
});

export const channel = streamKind<ChannelState, ChannelEvent>({
  kind: 'channel',
  initial: { lastSeq: 0 },
  evolve: { MessagePosted: counted, MessageDeleted: counted, MessageAnonymized: counted },
});

export const message = streamKind<MessageState, ChannelEvent>({
  kind: 'message',
  initial: null,
  evolve: {
    MessagePosted: (_, { seq }) => ({ is: 'posted', seq }),
    MessageDeleted: (_, { seq }) => ({ is: 'deleted', seq }),
    MessageAnonymized: (_, { seq }) => ({ is: 'anonymous', seq }),
  },
});

// Decisions. What a decision gives to `accept` is told to the sender, again when it asks again.

const reads = ({ channelId, messageId }: { readonly channelId: string; readonly messageId: string }) => ({
  channel: channel.of(channelId),
  message: message.of(channelId, messageId),
});

export type PostResult = { readonly messageId: string; readonly seq: number; readonly createdAtMs: number };

export const postMessage = commandRule<PostMessage, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads,
  decide: (states, command, { timeMs }) => {
    const { channelId, messageId } = command;
    if (states.message) return refuse('message_exists', 'A message with this id exists already.');
    const seq = states.channel.lastSeq + 1;
    return accept<MessagesEvent>(
      [event(message.of(channelId, messageId), { type: 'MessagePosted', data: { ...command, seq } })],
      { messageId, seq, createdAtMs: timeMs } satisfies PostResult,
    );
  },
});

const notFound = refuse('message_not_found', 'There is no such message in this channel.');

export const deleteMessage = commandRule<DeleteMessage, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads,
  decide: (states, { channelId, messageId }) => {
    if (!states.message) return notFound;
    const { is, seq } = states.message;
    if (is === 'deleted') return accept<MessagesEvent>([], null);
    const data = { messageId, channelId, seq };
    return accept<MessagesEvent>([event(message.of(channelId, messageId), { type: 'MessageDeleted', data })], null);
  },
});

export const anonymizeMessage = commandRule<AnonymizeMessage, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads,
  decide: (states, command) => {
    if (!states.message) return notFound;
    const { is, seq } = states.message;
    if (is !== 'posted') return accept<MessagesEvent>([], null);
    const stream = message.of(command.channelId, command.messageId);
    return accept<MessagesEvent>([event(stream, { type: 'MessageAnonymized', data: { ...command, seq } })], null);
  },
});
