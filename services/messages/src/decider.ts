import { defineDecider } from '@palaver/decider';
import type { MessagesCommand, MessagesEvent } from '@palaver/schemas';
import {
  addReaction,
  anonymizeMessage,
  attachment,
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
import {
  addParticipant,
  block,
  blockProfile,
  direct,
  leaveDirectChannel,
  openDirectChannel,
  unblockProfile,
} from './direct.ts';
import { everyoneMentions, mentions } from './mentions.ts';
import { forgetReader, markRead, read } from './reading.ts';

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

/** Each of these says all that is left of its stream; of how far somebody has read, the last one does. */
const endings: ReadonlySet<MessagesEvent['type']> = new Set([
  'MessageDeleted',
  'MessageAnonymized',
  'ReadMarked',
  'ReaderForgotten',
]);

/** What this service decides: the table of its commands. */
export const messagesDecider = defineDecider<MessagesCommand, MessagesEvent>({
  name: 'messages',
  version: 4,
  kinds: [
    channel,
    message,
    pins,
    reactions,
    reaction,
    pace,
    attachment,
    mentions,
    everyoneMentions,
    read,
    direct,
    block,
  ],
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
    MarkRead: markRead,
    ForgetReader: forgetReader,
    OpenDirectChannel: openDirectChannel,
    AddParticipant: addParticipant,
    LeaveDirectChannel: leaveDirectChannel,
    BlockProfile: blockProfile,
    UnblockProfile: unblockProfile,
  },
});
