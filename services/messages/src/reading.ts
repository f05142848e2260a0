import { accept, commandRule, event, refuse, streamKind } from '@palaver/decider';
import type { ForgetReader, MarkRead, MessagesEvent, ReaderForgotten, ReadMarked } from '@palaver/schemas';
import { channel } from './channel.ts';

/**
 * How far who has read which channel. What is unread is a difference: of the channel's last seq and the last one read, and of the mentions
 * (`mentions.ts`) up to the one and up to the other.
 */

// State.

/** The last seq that a profile has read. */
type ReadState = number;

// Evolve.

export const read = streamKind<
  ReadState,
  { type: 'ReadMarked'; data: ReadMarked } | { type: 'ReaderForgotten'; data: ReaderForgotten }
>({
  kind: 'read',
  initial: 0,
  evolve: { ReadMarked: (_, { seq }) => seq, ReaderForgotten: () => 0 },
});

// Decisions.

export type MarkResult = { readonly seq: number };

/** Forwards or backwards: who marks an older message has what came after it unread again. */
export const markRead = commandRule<MarkRead, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads: ({ channelId, profileId }) => ({ channel: channel.of(channelId), read: read.of(channelId, profileId) }),
  decide: (states, { channelId, profileId, seq }) => {
    if (seq > states.channel.lastSeq) {
      return refuse('seq_not_reached', `The last message of the channel has the seq ${states.channel.lastSeq}.`);
    }
    const result = { seq } satisfies MarkResult;
    if (seq === states.read) return accept<MessagesEvent>([], result);
    const marked = { type: 'ReadMarked', data: { channelId, profileId, seq } } as const;
    return accept<MessagesEvent>([event(read.of(channelId, profileId), marked)], result);
  },
});

export const forgetReader = commandRule<ForgetReader, MessagesEvent>()({
  root: ({ channelId }) => channelId,
  reads: ({ channelId, profileId }) => ({ read: read.of(channelId, profileId) }),
  decide: (_, data) => {
    const forgotten = { type: 'ReaderForgotten', data } as const;
    return accept<MessagesEvent>([event(read.of(data.channelId, data.profileId), forgotten)], null);
  },
});
