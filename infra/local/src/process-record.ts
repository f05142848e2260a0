import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** A process as a later one can recognise it: pids are used again, a pid with the same command line hardly ever. */
export interface ProcessRecord {
  pid: number;
  arguments: string;
}

/** Undefined for what is no record: of a file that was being written at a power cut, its name alone may be left. */
export function parseRecord(text: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<ProcessRecord> | null;
    if (!Number.isInteger(record?.pid) || typeof record?.arguments !== 'string') return undefined;
    return record as ProcessRecord;
  } catch {
    return undefined;
  }
}

/** The command line of a live process; undefined when there is none (a zombie has none). */
export function processArguments(pid: number): string | undefined {
  try {
    const text = existsSync('/proc/self/cmdline')
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      : execFileSync('ps', ['-p', String(pid), '-o', 'args='], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
    return text.trim() || undefined;
  } catch {
    return undefined;
  }
}

export function isSameProcess(record: ProcessRecord): boolean {
  return processArguments(record.pid) === record.arguments;
}

/** Pids of a live process's children; empty where the system doesn't tell (only Linux does, by /proc). */
export function childPids(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Sends the signal; false when the process is gone. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
