import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalError } from './error.ts';
import { withFileLock } from './lock.ts';
import { runToEnd } from './run.ts';

export type Program = 'kafka' | 'registry' | 's3proxy';

const pom = fileURLToPath(new URL('../pom.xml', import.meta.url));

/** Beside the data folders, not in them: starting afresh or testing downloads nothing again. */
export const jarCache = fileURLToPath(new URL('../../../.palaver-cache/jars', import.meta.url));

/**
 * Resolves with the folder of the program's jars, fetched from Maven Central when this pom.xml's are not there yet.
 * Safe to call from several processes at once: one fetches, the others wait for it.
 * @throws LocalError when Maven is missing or fails.
 */
export async function fetchJars(program: Program, log: (line: string) => void, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 12);
  const folder = join(jarCache, hash, program);
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const fetchOnce = async () => {
    if (existsSync(folder)) return folder;
    log(`fetching ${program} from Maven Central`);
    await removePartial(folder);
    // Of our own: the Maven of a parent that was killed may still be writing to its folder.
    const partial = `${folder}.partial-${process.pid}`;
    await maven(['-P', program, 'prepare-package', `-Djars.directory=${partial}`], signal);
    // The rename makes a complete folder appear at once; an interrupted fetch leaves nothing that looks complete.
    await rename(partial, folder);
    return folder;
  };
  // One lock for all programs: two Mavens at once may spoil their common local repository.
  return withFileLock(join(jarCache, 'lock'), fetchOnce, signal);
}

async function removePartial(folder: string): Promise<void> {
  const names = await readdir(dirname(folder));
  const partial = names.filter((name) => name.startsWith(`${basename(folder)}.partial-`));
  for (const name of partial) await rm(join(dirname(folder), name), { recursive: true, force: true });
}

async function maven(args: string[], signal?: AbortSignal): Promise<void> {
  await runToEnd('mvn', ['--version']).catch(() => {
    throw new LocalError('no working "mvn": install Maven (Debian: apt-get install maven; macOS: brew install maven)');
  });
  await runToEnd('mvn', ['-q', '-B', '-U', '-f', pom, ...args], { signal });
}
