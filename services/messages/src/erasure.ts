import { eraseLeftovers, type Leftovers } from '@palaver/process';
import type { Left } from '@palaver/projection-messages';
import type { MessagesCommand } from '@palaver/schemas';

/**
 * What deleted accounts have posted is deleted, or loses its author, and how they reacted goes; what was posted to deleted channels is deleted:
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
  const idParts = one.kind === 'message' ? [one.message.id] : [one.messageId, one.profileId, one.emoji];
  return { ...command, idParts: [...idParts, command.type] };
};

export const erasureOf = (left: Left): MessagesCommand => {
  if (left.kind === 'reaction') {
    const { channelId, messageId, profileId, emoji } = left;
    return { type: 'RemoveReaction', data: { channelId, messageId, by: profileId, emoji } };
  }
  const { message, messages } = left;
  const { id: messageId, channelId, serverId, content, importedAt, createdAt, replyToId, editedAt } = message;
  if (messages === 'DELETE') return { type: 'DeleteMessage', data: { messageId, channelId, by: null, manages: false } };
  return {
    type: 'AnonymizeMessage',
    data: {
      messageId,
      channelId,
      serverId,
      content,
      importedAt: importedAt === null ? null : Date.parse(importedAt),
      postedAt: Date.parse(createdAt),
      replyToId,
      editedAt: editedAt === null ? null : Date.parse(editedAt),
    },
  };
};
