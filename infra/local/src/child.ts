import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { LocalError, messageOf } from './error.ts';
import {
  childPids,
  isSameProcess,
  type ProcessRecord,
  parseRecord,
  processArguments,
  sendSignal,
} from './process-record.ts';
import type { User } from './run.ts';

/** What it takes to run one program and to know that it serves. */
export interface Launch {
  command: string;
  arguments: string[];
  environment?: Record<string, string>;
  user?: User | undefined;
  /** Rejects as long as the program doesn't serve. */
  ready(): Promise<void>;
}

export interface ChildFiles {
  log: string;
  pid: string;
}

export interface Child {
  pid: number;
  /** Resolves, never rejects, with how it ended. */
  exited: Promise<string>;
}

const readyWithinMs = 120_000;
const stopWithinMs = 15_000;
const maxLogBytes = 16 * 1024 * 1024;

/**
 * Starts the program in a process group of its own, so that a terminal's Ctrl-C reaches only the parent, which stops
 * its children in order. Its output goes to the log file; its pid to the pid file, for `stopOrphan`.
 */
export async function startChild(launch: Launch, files: ChildFiles, stopSignal: NodeJS.Signals): Promise<Child> {
  const log = openLog(files.log);
  const child = spawn(launch.command, launch.arguments, {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log],
    env: { ...process.env, ...launch.environment },
    ...launch.user,
  });
  closeSync(log);
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `exited with code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  const { pid } = child;
  if (pid === undefined) throw new LocalError(`${launch.command}: ${await exited}`);
  const record: ProcessRecord = { pid, arguments: processArguments(pid) ?? '' };
  writeFileSync(files.pid, JSON.stringify(record));
  // The last resort of a parent that ends without stopping: a crash, or process.exit().
  const endWithParent = () => sendSignal(pid, stopSignal);
  process.once('exit', endWithParent);
  void exited.then(() => {
    process.off('exit', endWithParent);
    rmSync(files.pid, { force: true });
  });
  return { pid, exited };
}

/**
 * Resolves when the program serves.
 * @throws LocalError when it ends or takes too long, with its last words and where its log is.
 */
export async function waitUntilReady(
  name: string,
  launch: Launch,
  child: Child,
  files: ChildFiles,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  let ended: string | undefined;
  void child.exited.then((reason) => {
    ended = reason;
  });
  for (;;) {
    signal.throwIfAborted();
    if (ended) throw new LocalError(`${name} ${ended}: ${lastWords(files.log)} (log: ${files.log})`);
    try {
      return await launch.ready();
    } catch (error) {
      if (Date.now() > deadline) {
        throw new LocalError(
          `${name} was not ready in ${readyWithinMs / 1000} s: ${messageOf(error)} (log: ${files.log})`,
        );
      }
    }
    await Promise.race([delay(100), child.exited]);
  }
}

/** Asks the program to end, waits, and kills it when it doesn't. */
export async function stopChild(child: Child, stopSignal: NodeJS.Signals): Promise<void> {
  sendSignal(child.pid, stopSignal);
  const inTime = await Promise.race([child.exited, delay(stopWithinMs, undefined, { ref: false })]);
  if (inTime === undefined) await killChild(child);
}

/** Ends the program and its children at once, as a power cut would. */
export async function killChild(child: Child): Promise<void> {
  // Postgres' processes each have a session of their own, so a signal to the group would miss them.
  const family = [child.pid, ...childPids(child.pid)];
  for (const pid of family) sendSignal(pid, 'SIGKILL');
  await child.exited;
}

/** Ends the program that a killed parent left behind, if the recorded pid is still that very command line. */
export async function stopOrphan(pidFile: string, stopSignal: NodeJS.Signals): Promise<ProcessRecord | undefined> {
  const record = await readFile(pidFile, 'utf8').then(parseRecord, () => undefined);
  if (!record) return undefined;
  const found = isSameProcess(record);
  const deadline = Date.now() + stopWithinMs;
  if (found) sendSignal(record.pid, stopSignal);
  while (isSameProcess(record)) {
    if (Date.now() > deadline) sendSignal(record.pid, 'SIGKILL');
    await delay(50);
  }
  await rm(pidFile, { force: true });
  return found ? record : undefined;
}

function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return openSync(path, size > maxLogBytes ? 'w' : 'a');
}

function lastWords(path: string): string {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n').slice(-40);
  const telling = lines.findLast((line) => /error|fatal|exception/i.test(line)) ?? lines.at(-1) ?? '';
  return telling.trim().slice(0, 300) || 'it said nothing';
}
