import { eraseLeftovers, type Leftovers } from '@palaver/process';
import type { LeftMessage } from '@palaver/projection-messages';
import type { MessagesCommand } from '@palaver/schemas';

/**
 * What deleted accounts have posted is deleted, or loses its author:
 *
 *   AccountDeleted ──▶ deleted_author ─┐
 *   MessagePosted ───▶ message ────────┴─▶ left to do ──▶ DeleteMessage ──▶ MessageDeleted ──────▶ done
 *                                                └─────▶ AnonymizeMessage ──▶ MessageAnonymized ──▶ done
 *
 * The read model is the list of what is left to do, so there is no position to keep: whatever crashes, the next turn sees what is
 * left, and a message that was posted as its author's account went away is found when it is visible.
 */

type ErasureParts = Omit<Leftovers<LeftMessage>, 'service' | 'erasing'>;

/** Erases until nothing is left of accounts that were deleted after `since`. Throws what giving commands throws. */
export const eraseLeftMessages = (parts: ErasureParts, asked: { since: Date; signal: AbortSignal }): Promise<void> =>
  eraseLeftovers({ ...parts, service: 'messages', erasing }, asked);

const erasing = (one: LeftMessage) => {
  const command = erasureOf(one);
  return { ...command, idParts: [one.message.id, command.type] };
};

export const erasureOf = ({ message, messages }: LeftMessage): MessagesCommand => {
  const { id: messageId, channelId, serverId, content, importedAt, createdAt } = message;
  if (messages === 'DELETE') return { type: 'DeleteMessage', data: { messageId, channelId } };
  return {
    type: 'AnonymizeMessage',
    data: {
      messageId,
      channelId,
      serverId,
      content,
      importedAt: importedAt === null ? null : Date.parse(importedAt),
      postedAt: Date.parse(createdAt),
    },
  };
};
