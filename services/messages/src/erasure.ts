import { derivedId, fingerprint } from '@palaver/decider';
import { giveCommand, type PositionWaiter, type Submitter } from '@palaver/http';
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

export type ErasureParts = {
  readonly left: (asked: { since: Date; limit: number }) => Promise<readonly LeftMessage[]>;
  readonly commands: Submitter;
  readonly positions: PositionWaiter;
};

const pageSize = 200;
/** Until what a page has changed is visible, ms; else it would be done again, to no harm. */
const visibleWithinMs = 5_000;

/** Erases until nothing is left of accounts that were deleted after `since`. Throws what giving commands throws. */
export const eraseLeftMessages = async (
  { left, commands, positions }: ErasureParts,
  { since, signal }: { since: Date; signal: AbortSignal },
): Promise<void> => {
  for (let full = true; full && !signal.aborted; ) {
    const page = await left({ since, limit: pageSize });
    full = page.length === pageSize;
    const given = await Promise.all(page.map((one) => giveCommand(commands, erasing(one))));
    const reached = given.map(({ position }) => ({ service: 'messages', ...position }));
    await positions.waitFor(reached, visibleWithinMs);
  }
};

/** The command of a message is always the same one, whoever gives it and how often. */
const erasing = (one: LeftMessage) => {
  const command = erasureOf(one);
  return {
    ...command,
    id: derivedId('account-erasure', one.message.id, command.type),
    actor: 'system',
    timeMs: Date.now(),
    fingerprint: fingerprint(command.data),
  };
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
