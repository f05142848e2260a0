import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
  // One lock for all programs: two Mavens at once may spoil their common local repository.
  return withFileLock(join(jarCache, 'lock'), async () => {
    if (existsSync(folder)) return folder;
    log(`fetching ${program} from Maven Central`);
    const partial = `${folder}.partial`;
    await rm(partial, { recursive: true, force: true });
    await maven(['-P', program, 'prepare-package', `-Djars.directory=${partial}`], signal);
    // The rename makes a complete folder appear at once; an interrupted fetch leaves nothing that looks complete.
    await rename(partial, folder);
    return folder;
  });
}

async function maven(args: string[], signal?: AbortSignal): Promise<void> {
  await runToEnd('mvn', ['--version']).catch(() => {
    throw new LocalError('no working "mvn": install Maven (Debian: apt-get install maven; macOS: brew install maven)');
  });
  await runToEnd('mvn', ['-q', '-B', '-U', '-f', pom, ...args], { signal });
}
