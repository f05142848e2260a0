import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * A benchmark runs its parts in processes of their own, as Palaver does, and asks them over Node's IPC. A request is
 * `{ id, call, given }`, its answer `{ id, value }` or `{ id, error }`.
 */
type Request = { readonly id: number; readonly call: string; readonly given: unknown };
type Response = { readonly id: number; readonly value?: unknown; readonly error?: string };

// biome-ignore lint/suspicious/noExplicitAny: calls of one worker take and give different things; `Worker` is typed by each
type Calls = { readonly [call: string]: (given: any) => Promise<unknown> };

/** In the worker: answers calls until the parent is gone, which ends the process. */
export const serveCalls = (calls: Calls): void => {
  process.on('message', async ({ id, call, given }: Request) => {
    try {
      const run = calls[call];
      if (run === undefined) throw new Error(`no such call: ${call}`);
      process.send?.({ id, value: await run(given) } satisfies Response);
    } catch (error) {
      process.send?.({ id, error: (error as Error).stack ?? String(error) } satisfies Response);
    }
  });
  process.on('disconnect', () => process.exit(0));
};

type Asks<C extends Calls> = {
  readonly [K in keyof C]: (...given: Parameters<C[K]>) => ReturnType<C[K]>;
};

/** In the parent: a running worker. A call rejects with the worker's error, or when it ends. */
export type Worker<C extends Calls> = {
  readonly pid: number;
  readonly ask: Asks<C>;
  /** Ends it; resolves when it is gone. Safe to repeat. */
  stop(): Promise<void>;
};

export type WorkerOptions = {
  /** Name of the file in `workers/`, without `.ts`. */
  readonly name: string;
  /** Takes what it writes to stdout, such as the access log of an app. */
  readonly logFile: string;
  /** Where Node writes a CPU profile at the worker's end. */
  readonly profileDir?: string | undefined;
};

/** The second is a harmless one of kafkajs alone, on current Node. */
const quiet = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning'];

const stopWithinMs = 5_000;

/** Starts `workers/<name>.ts`; `C` is the type of what it gives to `serveCalls`. */
export const startWorker = <C extends Calls>({ name, logFile, profileDir }: WorkerOptions): Worker<C> => {
  const file = fileURLToPath(new URL(`./workers/${name}.ts`, import.meta.url));
  const profile = profileDir
    ? ['--cpu-prof', `--cpu-prof-dir=${profileDir}`, `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`]
    : [];
  const log = openSync(logFile, 'a');
  const child = fork(file, [], {
    execArgv: [...quiet, ...profile],
    serialization: 'advanced',
    stdio: ['ignore', log, 'inherit', 'ipc'],
  });
  closeSync(log);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      for (const { reject } of waiting.values()) reject(new Error(`${name} ended (${signal ?? code})`));
      waiting.clear();
      resolve();
    });
  });
  child.on('message', ({ id, value, error }: Response) => {
    const answer = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) answer?.resolve(value);
    else answer?.reject(new Error(`${name}: ${error}`));
  });
  const ask = (call: string, given: unknown): Promise<unknown> => {
    if (!child.connected) return Promise.reject(new Error(`${name} is not running`));
    const answer = Promise.withResolvers<unknown>();
    const id = ++lastId;
    waiting.set(id, answer);
    child.send({ id, call, given } satisfies Request);
    return answer.promise;
  };
  return {
    pid: child.pid!,
    ask: new Proxy({} as Asks<C>, { get: (_, call) => (given: unknown) => ask(String(call), given) }),
    stop: async () => {
      endOf(child);
      await exited;
    },
  };
};

/** A worker leaves when its parent is gone; one that hangs is killed. */
const endOf = (child: ChildProcess): void => {
  if (child.connected) child.disconnect();
  const kill = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
  child.once('exit', () => clearTimeout(kill));
};
