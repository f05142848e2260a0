import { eraseLeftovers, type Leftovers } from '@palaver/process';
import type { Membership } from '@palaver/projection-servers';
import type { ServersCommand } from '@palaver/schemas';

/**
 * Deleted accounts leave their servers, and everybody leaves a deleted server:
 *
 *   AccountDeleted ──▶ deleted_profile ─┐
 *   ServerDeleted ───▶ deleted_server ──┤
 *   MemberJoined ────▶ member ──────────┴─▶ left to do ──▶ LeaveServer ──▶ MemberLeft ──▶ done
 *
 * The read model is the list of what is left to do, so there is no position to keep: whatever crashes, the next turn sees what is
 * left, and who joined as the account went away is found when that is visible. The server of a deleted owner goes to the heir that the
 * read model names; one who has left meanwhile is refused, and the next turn names another.
 */

type ErasureParts = Omit<Leftovers<Membership>, 'service' | 'erasing'>;

/** Ends memberships until none is left of accounts that were deleted after `since`. Throws what giving commands throws. */
export const endLeftMemberships = (parts: ErasureParts, asked: { since: Date; signal: AbortSignal }): Promise<void> =>
  eraseLeftovers({ ...parts, service: 'servers', erasing }, asked);

/** The command of a later membership of the same profile, or with another heir, is another one. */
const erasing = ({ serverId, profileId, joinedAt, accountDeleted, heirId }: Membership) => {
  const command: ServersCommand = { type: 'LeaveServer', data: { serverId, profileId, heirId, accountDeleted } };
  return { ...command, idParts: [serverId, profileId, joinedAt, String(accountDeleted), heirId ?? ''] };
};
