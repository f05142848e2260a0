import { accept, commandRule, event, refuse, streamKind } from '@palaver/decider';
import type { MessagePosted, MessagesEvent, PostMessage } from '@palaver/schemas';

/**
 * The channel aggregate. Its root is the channel's id. Each message is a stream of its own, so that it can be erased alone;
 * the channel's own state folds what is posted to it.
 */

// State: only what decisions read.

type ChannelState = { readonly lastSeq: number };
type MessageState = { readonly posted: boolean };

// Evolve.

type Posted = { type: 'MessagePosted'; data: MessagePosted };

export const channel = streamKind<ChannelState, Posted>({
  kind: 'channel',
  initial: { lastSeq: 0 },
  evolve: { MessagePosted: (_, { seq }) => ({ lastSeq: seq }) },
});

export const message = streamKind<MessageState, Posted>({
  kind: 'message',
  initial: { posted: false },
  evolve: { MessagePosted: () => ({ posted: true }) },
});

// Decisions. What a decision gives to `accept` is told to the sender, again when it asks again.

export type PostResult = { readonly messageId: string; readonly seq: number; readonly createdAtMs: number };

export const postMessage = commandRule<PostMessage, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads: ({ channelId, messageId }) => ({
    channel: channel.of(channelId),
    message: message.of(channelId, messageId),
  }),
  decide: (states, command, { timeMs }) => {
    const { channelId, messageId } = command;
    if (states.message.posted) return refuse('message_exists', 'A message with this id exists already.');
    const seq = states.channel.lastSeq + 1;
    return accept<MessagesEvent>(
      [event(message.of(channelId, messageId), { type: 'MessagePosted', data: { ...command, seq } })],
      { messageId, seq, createdAtMs: timeMs } satisfies PostResult,
    );
  },
});
