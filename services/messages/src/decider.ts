import { defineDecider } from '@palaver/decider';
import type { MessagesCommand, MessagesEvent } from '@palaver/schemas';
import { anonymizeMessage, channel, deleteMessage, message, postMessage } from './channel.ts';

/** What this service decides: the table of its commands. */
export const messagesDecider = defineDecider<MessagesCommand, MessagesEvent>({
  name: 'messages',
  version: 2,
  kinds: [channel, message],
  touches: ({ data }) => [channel.of(data.channelId)],
  // Either event says all that is left of the message.
  ends: ({ type }) => type !== 'MessagePosted',
  rules: { PostMessage: postMessage, DeleteMessage: deleteMessage, AnonymizeMessage: anonymizeMessage },
});
