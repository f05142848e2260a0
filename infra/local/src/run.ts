import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { LocalError } from './error.ts';

const run = promisify(execFile);

export interface User {
  uid: number;
  gid: number;
}

export interface RunOptions {
  user?: User | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Runs a program to its end; resolves with what it printed, both streams.
 * A signal ends the program, and the promise still waits for that: what runs next may need the same files.
 * @throws LocalError with the most telling line of its output, or the signal's reason.
 */
export async function runToEnd(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { user, signal } = options;
  signal?.throwIfAborted();
  const running = run(command, args, { ...user, cwd: '/', maxBuffer: 64 * 1024 * 1024 });
  const end = () => running.child.kill();
  signal?.addEventListener('abort', end);
  try {
    const { stdout, stderr } = await running;
    return stdout + stderr;
  } catch (error) {
    signal?.throwIfAborted();
    throw new LocalError(`${command} failed: ${tellingLine(error)}`);
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

/** Whether the program runs and succeeds. */
export async function succeeds(command: string, args: string[], user?: User): Promise<boolean> {
  return runToEnd(command, args, { user }).then(
    () => true,
    () => false,
  );
}

function tellingLine(error: unknown): string {
  const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((candidate) => /error|fatal|exception/i.test(candidate)) ?? lines.at(-1) ?? message;
  return line.trim().slice(0, 400);
}
