import { type Position, parsePositions, UnknownPartition } from '@palaver/projector';
import { Refusal } from './problem.ts';

/** Knows how far the read model has come. */
export type PositionWaiter = {
  /**
   * True as soon as the model has passed all of these positions, false when it has not within `timeoutMs`.
   * Positions of services that the model does not read count as passed. Throws `UnknownPartition`.
   */
  waitFor(positions: readonly Position[], timeoutMs: number): Promise<boolean>;
};

/**
 * Waits until the read model has passed what a `Palaver-Position` header names, so that who wrote reads what they wrote.
 * Throws `Refusal`: `malformed_header`, or `not_yet_visible` after the time is up.
 */
export const waitForPositions = async (
  header: string | readonly string[] | undefined,
  { positions, positionTimeoutMs = 5_000 }: { positions?: PositionWaiter; positionTimeoutMs?: number },
): Promise<void> => {
  if (header === undefined) return;
  const wanted = parsePositions(String(header));
  if (wanted === null) {
    throw new Refusal('malformed_header', 'Palaver-Position must be as it was answered, such as servers:3@1042.');
  }
  if (positions === undefined || (await positions.waitFor(wanted, positionTimeoutMs).catch(refuseUnknown))) return;
  throw new Refusal('not_yet_visible', `The read model has not yet passed ${String(header)}.`, {
    headers: { 'Retry-After': '1' },
  });
};

const refuseUnknown = (error: unknown): never => {
  if (!(error instanceof UnknownPartition)) throw error;
  throw new Refusal('malformed_header', `Palaver-Position is nowhere: ${error.message}.`);
};

/** Waits for all of these, at the same time. */
export const everyWaiter = (waiters: readonly (PositionWaiter | undefined)[]): PositionWaiter => ({
  async waitFor(positions, timeoutMs) {
    const passed = await Promise.all(waiters.map((one) => one?.waitFor(positions, timeoutMs)));
    return !passed.includes(false);
  },
});
