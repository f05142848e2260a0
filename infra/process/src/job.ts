import { setTimeout as delay } from 'node:timers/promises';
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
