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
 * @throws LocalError with the last telling line of its output.
 */
export async function runToEnd(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  try {
    const { stdout, stderr } = await run(command, args, {
      ...options.user,
      ...(options.signal && { signal: options.signal }),
      cwd: '/',
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout + stderr;
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new LocalError(`${command} failed: ${tellingLine(error)}`);
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
