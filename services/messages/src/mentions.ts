import { streamKind } from '@palaver/decider';
import type { EveryoneMentioned, MemberMentioned } from '@palaver/schemas';

/**
 * How often who was named in a channel: running totals in streams of their own, which outlive the messages. They are posted with the message
 * (`channel.ts`), and how many of them are unread is a difference of two.
 */

type Total = number;

export const mentions = streamKind<Total, { type: 'MemberMentioned'; data: MemberMentioned }>({
  kind: 'mentions',
  initial: 0,
  evolve: { MemberMentioned: (_, { total }) => total },
});

export const everyoneMentions = streamKind<Total, { type: 'EveryoneMentioned'; data: EveryoneMentioned }>({
  kind: 'everyone',
  initial: 0,
  evolve: { EveryoneMentioned: (_, { total }) => total },
});
