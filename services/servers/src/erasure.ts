import { derivedId, fingerprint } from '@palaver/decider';
import { giveCommand, type PositionWaiter, type Submitter } from '@palaver/http';
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

export type ErasureParts = {
  readonly left: (asked: { since: Date; limit: number }) => Promise<readonly Membership[]>;
  readonly commands: Submitter;
  readonly positions: PositionWaiter;
};

const pageSize = 200;
/** Until what a page has changed is visible, ms; else it would be done again, to no harm. */
const visibleWithinMs = 5_000;

/** Ends memberships until none is left of accounts that were deleted after `since`. Throws what giving commands throws. */
export const endLeftMemberships = async (
  { left, commands, positions }: ErasureParts,
  { since, signal }: { since: Date; signal: AbortSignal },
): Promise<void> => {
  for (let full = true; full && !signal.aborted; ) {
    const page = await left({ since, limit: pageSize });
    full = page.length === pageSize;
    const given = await Promise.all(page.map((one) => giveCommand(commands, leaving(one))));
    const reached = given.map(({ position }) => ({ service: 'servers', ...position }));
    await positions.waitFor(reached, visibleWithinMs);
  }
};

/** The command of a membership is always the same one, whoever gives it and how often; that of a later one is another. */
const leaving = ({ serverId, profileId, joinedAt }: Membership) => {
  const command: ServersCommand = { type: 'LeaveServer', data: { serverId, profileId } };
  return {
    ...command,
    id: derivedId('account-erasure', serverId, profileId, joinedAt),
    actor: 'system',
    timeMs: Date.now(),
    fingerprint: fingerprint(command.data),
  };
};
