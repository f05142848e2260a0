import { eraseLeftovers, type Leftovers } from '@palaver/process';
import type { Membership } from '@palaver/projection-servers';
import type { ServersCommand } from '@palaver/schemas';

/**
 * Deleted accounts leave their servers:
 *
 *   AccountDeleted ──▶ deleted_profile ─┐
 *   MemberJoined ────▶ member ──────────┴─▶ left to do ──▶ LeaveServer ──▶ MemberLeft ──▶ done
 *
 * The read model is the list of what is left to do, so there is no position to keep: whatever crashes, the next turn sees what is
 * left, and who joined as the account went away is found when that is visible.
 */

type ErasureParts = Omit<Leftovers<Membership>, 'service' | 'erasing'>;

/** Ends memberships until none is left of accounts that were deleted after `since`. Throws what giving commands throws. */
export const endLeftMemberships = (parts: ErasureParts, asked: { since: Date; signal: AbortSignal }): Promise<void> =>
  eraseLeftovers({ ...parts, service: 'servers', erasing }, asked);

/** The command of a later membership of the same profile is another one. */
const erasing = ({ serverId, profileId, joinedAt }: Membership) => {
  const command: ServersCommand = { type: 'LeaveServer', data: { serverId, profileId } };
  return { ...command, idParts: [serverId, profileId, joinedAt] };
};
