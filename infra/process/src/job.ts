import { setTimeout as delay } from 'node:timers/promises';
import { type Command, derivedId, fingerprint } from '@palaver/decider';
import { giveCommand, type PositionWaiter, type Submitter } from '@palaver/http';
import type { Scope } from '@palaver/runtime';

export type Job = {
  readonly name: string;
  /** About how long it rests between two turns, ms: half to one and a half of it, so that instances do not go in step. */
  readonly restMs: number;
  /** One turn. It is done again, so it must be safe to repeat and to end at any point; `signal` asks it to. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
};

/** Does a job turn after turn, from one rest after the start until the process stops. A turn that fails is logged; the next one comes. */
export const startJob = (scope: Pick<Scope, 'logger' | 'onStop' | 'signal'>, { name, restMs, turn }: Job): void => {
  const { logger, signal } = scope;
  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      await delay(restMs * (0.5 + Math.random()), undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      await turn(signal).catch((error: unknown) => {
        if (!signal.aborted) logger.warn({ err: error, job: name }, 'a turn of a job failed; the next one comes');
      });
    }
  };
  const done = work();
  scope.onStop(name, () => done);
};

/**
 * A command lies on its topic for 24 h at most, and after it is decided its events are visible within the read model's lag. What
 * somebody has left by then was found; looking further back is for the first turn, after who knows how long a pause.
 */
const lookBackMs = 48 * 3_600_000;

/** Has a service erase, within moments, what it holds of who is gone. `erase` does what is left of those who went after `since`. */
export const startErasure = (
  scope: Pick<Scope, 'logger' | 'onStop' | 'signal'>,
  erase: (asked: { readonly since: Date; readonly signal: AbortSignal }) => Promise<void>,
  { restMs = 1_000 } = {},
): void => {
  let since = new Date(0);
  startJob(scope, {
    name: 'erasure',
    restMs,
    turn: async (signal) => {
      const next = new Date(Date.now() - lookBackMs);
      await erase({ since, signal });
      since = next;
    },
  });
};

/** What those who are gone have left in a service, and how the service gives it up. */
export type Leftovers<Item> = {
  /** The service's name, as in its positions. */
  readonly service: string;
  /** What the read model still lists of those who went after `since`, at most `limit`. */
  readonly left: (asked: { since: Date; limit: number }) => Promise<readonly Item[]>;
  /** What gives an item up, and the parts that this command's id derives from. */
  readonly erasing: (item: Item) => Pick<Command, 'type' | 'data'> & { readonly idParts: readonly string[] };
  readonly commands: Submitter;
  readonly positions: PositionWaiter;
};

const pageSize = 200;
/** Until what a page has changed is visible, ms; else it would be done again, to no harm. */
const visibleWithinMs = 5_000;

/** Gives up all that is left, page by page. The command of an item is always the same one. Throws what giving commands throws. */
export const eraseLeftovers = async <Item>(
  { service, left, erasing, commands, positions }: Leftovers<Item>,
  { since, signal }: { readonly since: Date; readonly signal: AbortSignal },
): Promise<void> => {
  const give = (item: Item) => {
    const { idParts, type, data } = erasing(item);
    const id = derivedId('account-erasure', ...idParts);
    const command = { type, data, id, actor: 'system', timeMs: Date.now(), fingerprint: fingerprint(data) };
    return giveCommand(commands, command);
  };
  for (let full = true; full && !signal.aborted; ) {
    const page = await left({ since, limit: pageSize });
    full = page.length === pageSize;
    const given = await Promise.all(page.map(give));
    const reached = given.map(({ position }) => ({ service, ...position }));
    await positions.waitFor(reached, visibleWithinMs);
  }
};
