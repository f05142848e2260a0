import { flushCompileCache } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './logger.ts';
import { type WaitOptions, waitFor } from './retry.ts';

/**
 *   starting ──start resolves──▶ ready ──SIGTERM, SIGINT──▶ stopping ──all stopped──▶ exit 0
 *      │                          │                            └──too slow, second signal──▶ exit 1
 *      ├──SIGTERM, SIGINT──▶ stopping
 *      └──────error───────────────┴──error──▶ exit 1
 */

/** What a process is made of: each started part registers here how it is stopped. */
export type Scope = {
  readonly logger: Logger;
  /** Aborted when stopping begins. */
  readonly signal: AbortSignal;
  /** Registers how a part is stopped. Parts stop in the reverse order of their registration. */
  onStop(part: string, stop: () => Promise<void> | void): void;
  /** Tries until the dependency is there, saying every few seconds what is waited for; ends when the process stops. */
  waitFor<T>(what: string, attempt: () => Promise<T> | T): Promise<T>;
  /** For parts that cannot go on: logs the error and ends the process at once with 1, so that its supervisor starts it anew. */
  crash(error: unknown): void;
};

export type OwnedScope = Scope & {
  /** Stops every part in reverse order; a part that fails to stop is logged and does not keep the others. */
  stop(): Promise<void>;
};

export const createScope = (options: {
  logger: Logger;
  crash: (error: unknown) => void;
  wait?: Omit<WaitOptions, 'logger' | 'signal'>;
}): OwnedScope => {
  const { logger } = options;
  const abort = new AbortController();
  const parts: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
  return {
    logger,
    signal: abort.signal,
    onStop: (name, stop) => void parts.push({ name, stop }),
    waitFor: (what, attempt) => waitFor(what, attempt, { ...options.wait, logger, signal: abort.signal }),
    crash: options.crash,
    async stop() {
      abort.abort(new Error('the process is stopping'));
      for (let part = parts.pop(); part; part = parts.pop()) {
        try {
          await part.stop();
        } catch (error) {
          logger.error({ err: error, part: part.name }, `${part.name} did not stop cleanly`);
        }
      }
    },
  };
};

export type ProcessOptions = {
  readonly name: string;
  readonly logger: Logger;
  /** Starts the parts. When it resolves the process is ready; the fields that it returns, such as the port, go into the `ready` log line. */
  readonly start: (scope: Scope) => Promise<Readonly<Record<string, unknown>>>;
  /** Most time that stopping may take, ms. */
  readonly stopTimeoutMs?: number;
};

/** Runs a process from its start to its end; called once, by a `main.ts`. */
export const runProcess = async ({ name, logger, start, stopTimeoutMs = 15_000 }: ProcessOptions): Promise<void> => {
  const exit = (code: number): never => {
    logger.flush();
    process.exit(code);
  };
  const crash = (error: unknown): void => {
    logger.fatal({ err: error }, `${name} cannot go on`);
    exit(1);
  };
  const scope = createScope({ logger, crash });

  let stopping = false;
  const onSignal = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) {
      logger.warn({ signal }, 'second signal: leaving at once');
      exit(1);
    }
    stopping = true;
    logger.info({ signal }, 'stopping');
    const late = Symbol('late');
    const outcome = await Promise.race([scope.stop(), delay(stopTimeoutMs, late)]);
    if (outcome === late) logger.error({ stopTimeoutMs }, 'stopping took too long');
    else logger.info('stopped');
    exit(outcome === late ? 1 : 0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  try {
    const fields = await start(scope);
    if (!stopping) logger.info({ ...fields }, 'ready');
    // At its end it would be too late for a process that is killed. Does nothing without `NODE_COMPILE_CACHE`.
    flushCompileCache();
  } catch (error) {
    // What start was waiting for is rejected when a signal comes in; that is no failure.
    if (!stopping) crash(error);
  }
};
