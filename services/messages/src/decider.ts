import { defineDecider } from '@palaver/decider';
import type { MessagesCommand, MessagesEvent } from '@palaver/schemas';
import {
  addReaction,
  anonymizeMessage,
  channel,
  deleteMessage,
  deleteMessages,
  editMessage,
  message,
  pace,
  pinMessage,
  pins,
  postMessage,
  reaction,
  reactions,
  removeReaction,
  unpinMessage,
} from './channel.ts';

/** Streams whose states fold an event besides the one that it lies in. */
const touches = ({ type, data }: MessagesEvent) => {
  switch (type) {
    case 'MessagePosted':
    case 'MessageAnonymized':
      return [channel.of(data.channelId)];
    case 'MessageDeleted':
      return [channel.of(data.channelId), pins.of(data.channelId)];
    case 'ReactionAdded':
    case 'ReactionRemoved':
      return [reactions.of(data.channelId, data.messageId)];
    default:
      return [];
  }
};

/** Either of these says all that is left of the message. */
const endings: ReadonlySet<MessagesEvent['type']> = new Set(['MessageDeleted', 'MessageAnonymized']);

/** What this service decides: the table of its commands. */
export const messagesDecider = defineDecider<MessagesCommand, MessagesEvent>({
  name: 'messages',
  version: 3,
  kinds: [channel, message, pins, reactions, reaction, pace],
  touches,
  ends: ({ type }) => endings.has(type),
  rules: {
    PostMessage: postMessage,
    EditMessage: editMessage,
    DeleteMessage: deleteMessage,
    DeleteMessages: deleteMessages,
    AnonymizeMessage: anonymizeMessage,
    AddReaction: addReaction,
    RemoveReaction: removeReaction,
    PinMessage: pinMessage,
    UnpinMessage: unpinMessage,
  },
});
