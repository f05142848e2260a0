import { eraseLeftovers, type Leftovers } from '@palaver/process';
import type { Left, LeftMessage } from '@palaver/projection-messages';
import type { MessagesCommand } from '@palaver/schemas';

/**
 * What deleted accounts have posted is deleted, or loses its author; how they reacted, how far they had read, their part in direct channels and
 * their blocks go; what was posted to deleted channels is deleted:
 *
 *   AccountDeleted ──▶ deleted_author ─┐
 *   ChannelDeleted ──▶ deleted_channel ┤
 *   MessagePosted ───▶ message ────────┴─▶ left to do ──▶ DeleteMessage ──▶ MessageDeleted ──────▶ done
 *                                                └─────▶ AnonymizeMessage ──▶ MessageAnonymized ──▶ done
 *
 * The read model is the list of what is left to do, so there is no position to keep: whatever crashes, the next turn sees what is
 * left, and a message that was posted as its author's account went away is found when it is visible.
 */

type ErasureParts = Omit<Leftovers<Left>, 'service' | 'erasing'>;

/** Erases until nothing is left of accounts that were deleted after `since`. Throws what giving commands throws. */
export const eraseLeftMessages = (parts: ErasureParts, asked: { since: Date; signal: AbortSignal }): Promise<void> =>
  eraseLeftovers({ ...parts, service: 'messages', erasing }, asked);

const erasing = (one: Left) => {
  const command = erasureOf(one);
  return { ...command, idParts: [...placeOf(one), command.type] };
};

const placeOf = (one: Left): readonly string[] => {
  switch (one.kind) {
    case 'message':
      return [one.message.id];
    case 'reaction':
      return [one.messageId, one.profileId, one.emoji];
    case 'block':
      return [one.profileId, one.blockedId];
    default:
      return [one.channelId, one.profileId];
  }
};

export const erasureOf = (left: Left): MessagesCommand => {
  switch (left.kind) {
    case 'message':
      return erasureOfMessage(left);
    case 'reaction': {
      const { channelId, messageId, profileId, emoji } = left;
      return { type: 'RemoveReaction', data: { channelId, messageId, by: profileId, emoji } };
    }
    case 'reader': {
      const { channelId, profileId } = left;
      return { type: 'ForgetReader', data: { channelId, profileId } };
    }
    case 'participant': {
      const { channelId, profileId } = left;
      return { type: 'LeaveDirectChannel', data: { channelId, profileId, erased: true } };
    }
    case 'block': {
      const { profileId, blockedId } = left;
      return { type: 'UnblockProfile', data: { profileId, blockedId } };
    }
  }
};

const erasureOfMessage = (left: LeftMessage): MessagesCommand => {
  const { message, messages } = left;
  const { id: messageId, channelId, serverId, content, importedAt, createdAt, replyToId, editedAt } = message;
  if (messages === 'DELETE') return { type: 'DeleteMessage', data: { messageId, channelId, by: null, manages: false } };
  return {
    type: 'AnonymizeMessage',
    data: {
      messageId,
      channelId,
      serverId: serverId ?? channelId,
      content,
      importedAt: importedAt === null ? null : Date.parse(importedAt),
      postedAt: Date.parse(createdAt),
      replyToId,
      editedAt: editedAt === null ? null : Date.parse(editedAt),
    },
  };
};
