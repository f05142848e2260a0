import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Child, killChild, type Launch, LocalError, startChild, stopChild, stopOrphan } from '@palaver/local';
import type { Runnable } from './processes.ts';
import { logDir, runDir } from './settings.ts';

/**
 *   starting ──serves──▶ running ──ends by itself──▶ waiting ──back-off──▶ starting
 *      └──ends, too slow──▶ `start` rejects
 *   any of them ──stop──▶ stopped
 */

/** Runs processes of Palaver, each with a log file, and starts those that end by themselves anew. */
export type Supervisor = {
  /** Resolves when the process serves. Throws `LocalError` with its last words when it ends or takes too long. */
  start(runnable: Runnable): Promise<void>;
  /** Ends a process at once, as a crash would: it is started anew. */
  kill(name: string): Promise<void>;
  /** Ends a process in an orderly way; it stays stopped. */
  stop(name: string): Promise<void>;
  /** Stops all, the last started first. Safe to repeat. */
  stopAll(): Promise<void>;
  list(): readonly ProcessStatus[];
};

export type ProcessStatus = {
  readonly name: string;
  readonly port: number;
  /** Undefined while it is not running. */
  readonly pid: number | undefined;
  readonly log: string;
  /** How often it was started anew. */
  readonly restarts: number;
};

export type SupervisorOptions = {
  readonly dataDir: string;
  /** One line: a process ended by itself, or serves again. */
  readonly say: (line: string) => void;
  /** Ends waiting for processes that start. */
  readonly signal: AbortSignal;
};

const readyWithinMs = 120_000;
const pollMs = 50;
const firstBackOffMs = 250;
const maxBackOffMs = 10_000;
/** One that ran for this long starts anew without a longer pause than the first. */
const steadyAfterMs = 30_000;

type Supervised = {
  readonly runnable: Runnable;
  readonly files: { readonly log: string; readonly pid: string };
  child: Child | undefined;
  startedMs: number;
  backOffMs: number;
  restarts: number;
  stopped: boolean;
};

export const createSupervisor = ({ dataDir, say, signal }: SupervisorOptions): Supervisor => {
  for (const folder of [runDir(dataDir), logDir(dataDir)]) mkdirSync(folder, { recursive: true });
  const all = new Map<string, Supervised>();
  const stopping = new AbortController();
  const anyEnd = AbortSignal.any([signal, stopping.signal]);

  const launch = async (one: Supervised): Promise<void> => {
    const how = launchOf(one.runnable);
    const child = await startChild(how, one.files, 'SIGTERM');
    one.child = child;
    one.startedMs = Date.now();
    await untilReady(one, how, child, anyEnd);
    void child.exited.then((reason) => revive(one, child, reason));
  };

  const revive = async (one: Supervised, ended: Child, firstReason: string): Promise<void> => {
    if (one.child !== ended || one.stopped) return;
    if (Date.now() - one.startedMs > steadyAfterMs) one.backOffMs = firstBackOffMs;
    for (let reason = firstReason; !one.stopped; ) {
      one.child = undefined;
      say(`${one.runnable.name} ${reason}; starting it again (${one.files.log})`);
      await delay(one.backOffMs);
      if (one.stopped) return;
      one.backOffMs = Math.min(one.backOffMs * 2, maxBackOffMs);
      one.restarts += 1;
      try {
        await launch(one);
        say(`${one.runnable.name} serves again`);
        return;
      } catch (error) {
        if (one.child) await stopChild(one.child, 'SIGTERM');
        reason = error instanceof LocalError ? error.message.slice(one.runnable.name.length + 1) : String(error);
      }
    }
  };

  const stopOne = async (one: Supervised): Promise<void> => {
    one.stopped = true;
    if (one.child) await stopChild(one.child, 'SIGTERM');
    one.child = undefined;
  };

  const find = (name: string): Supervised => {
    const one = all.get(name);
    if (!one) throw new LocalError(`there is no process ${name}; there are ${[...all.keys()].join(', ')}`);
    return one;
  };

  return {
    async start(runnable) {
      const { name } = runnable;
      const previous = all.get(name);
      if (previous && !previous.stopped) throw new LocalError(`${name} is running already`);
      const one: Supervised = {
        runnable,
        files: filesOf(dataDir, name),
        child: undefined,
        startedMs: 0,
        backOffMs: firstBackOffMs,
        restarts: previous?.restarts ?? 0,
        stopped: false,
      };
      all.set(name, one);
      try {
        await launch(one);
      } catch (error) {
        await stopOne(one);
        throw error;
      }
    },
    async kill(name) {
      const { child } = find(name);
      if (child) await killChild(child);
    },
    stop: (name) => stopOne(find(name)),
    async stopAll() {
      stopping.abort(new LocalError('the processes have been stopped'));
      for (const one of [...all.values()].reverse()) one.stopped = true;
      for (const one of [...all.values()].reverse()) await stopOne(one);
    },
    list: () =>
      [...all.values()].map(({ runnable, files, child, restarts }) => ({
        name: runnable.name,
        port: runnable.port,
        pid: child?.pid,
        log: files.log,
        restarts,
      })),
  };
};

/** Ends the processes that a killed parent left behind. */
export const stopOrphans = async (
  dataDir: string,
  names: readonly string[],
  say: (line: string) => void,
): Promise<void> => {
  await Promise.all(
    names.map(async (name) => {
      const orphan = await stopOrphan(filesOf(dataDir, name).pid, 'SIGTERM');
      if (orphan) say(`stopped ${name}, process ${orphan.pid}, left behind by an earlier run`);
    }),
  );
};

const filesOf = (dataDir: string, name: string) => ({
  log: join(logDir(dataDir), `${name}.log`),
  pid: join(runDir(dataDir), `${name}.json`),
});

const launchOf = ({ entry, port, nodeOptions, environment }: Runnable): Launch => ({
  command: process.execPath,
  arguments: [...nodeOptions, entry],
  environment: { ...environment },
  async ready() {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error((await response.text()).slice(0, 300));
  },
});

const untilReady = async (
  { runnable, files }: Supervised,
  { ready }: Launch,
  child: Child,
  signal: AbortSignal,
): Promise<void> => {
  const deadline = Date.now() + readyWithinMs;
  let ended: string | undefined;
  void child.exited.then((reason) => {
    ended = reason;
  });
  for (;;) {
    signal.throwIfAborted();
    if (ended) throw new LocalError(`${runnable.name} ${ended}: ${lastWords(files.log)} (${files.log})`);
    const reason = await ready().then(() => undefined, rootMessage);
    if (reason === undefined) return;
    if (Date.now() > deadline) {
      throw new LocalError(`${runnable.name} was not ready in ${readyWithinMs / 1000} s: ${reason} (${files.log})`);
    }
    await Promise.race([delay(pollMs), child.exited]);
  }
};

/** `fetch` puts the reason of a failure into its cause. */
const rootMessage = ({ message, cause }: Error): string => (cause instanceof Error && cause.message) || message;

/** The last thing of weight that a log says; processes log JSON lines, Node's own errors are plain. */
export const lastWords = (path: string): string => {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n').slice(-40);
  const spoken = lines.map(speak);
  const telling = spoken.findLast((line) => line.grave) ?? spoken.at(-1);
  return telling?.text.trim().slice(0, 400) || 'it said nothing';
};

const speak = (line: string): { readonly text: string; readonly grave: boolean } => {
  try {
    const entry = JSON.parse(line) as { level?: string; msg?: string; err?: { message?: string } };
    const text = [entry.msg, entry.err?.message].filter(Boolean).join(': ');
    return { text: text || line, grave: entry.level === 'error' || entry.level === 'fatal' };
  } catch {
    return { text: line, grave: /error/i.test(line) };
  }
};
