import { defineDecider } from '@palaver/decider';
import type { MessagesCommand, MessagesEvent } from '@palaver/schemas';
import { channel, message, postMessage } from './channel.ts';

/** What this service decides: the table of its commands. */
export const messagesDecider = defineDecider<MessagesCommand, MessagesEvent>({
  name: 'messages',
  version: 1,
  kinds: [channel, message],
  touches: ({ data }) => [channel.of(data.channelId)],
  rules: { PostMessage: postMessage },
});
