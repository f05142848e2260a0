import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { LocalError } from './error.ts';
import { isSameProcess, type ProcessRecord, parseRecord, processArguments } from './process-record.ts';

/**
 * Claims a file for this process. A claim whose process has died is taken over.
 * @returns the live process that holds it, or undefined when it is now ours.
 */
export async function claimFile(path: string): Promise<ProcessRecord | undefined> {
  const own: ProcessRecord = { pid: process.pid, arguments: processArguments(process.pid) ?? '' };
  // Linked from a complete file, so that nobody ever reads half a claim.
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(own));
  try {
    while (!(await linked(draft, path))) {
      const claim = await readFile(path, 'utf8').catch(() => undefined);
      if (claim === undefined) continue;
      const holder = parseRecord(claim);
      if (holder && isSameProcess(holder)) return holder;
      await removeClaim(path, claim);
    }
    return undefined;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Runs the work while holding the file, after waiting for whoever holds it; ten minutes at most, or until the signal. */
export async function withFileLock<T>(path: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const deadline = Date.now() + 600_000;
  for (let holder = await claimFile(path); holder; holder = await claimFile(path)) {
    if (Date.now() > deadline) throw new LocalError(`process ${holder.pid} has held ${path} for ten minutes`);
    await delay(200, undefined, { signal });
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead process's claim, and puts back what it took when another process was quicker and claimed it anew. */
async function removeClaim(path: string, claim: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  if ((await readFile(aside, 'utf8')) !== claim) await linked(aside, path);
  await rm(aside, { force: true });
}
