import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalError, runToEnd } from '@palaver/local';

export const fuzzDir = fileURLToPath(new URL('../fuzz', import.meta.url));
const requirements = join(fuzzDir, 'requirements.txt');
const cacheDir = fileURLToPath(new URL('../../../.palaver-cache/schemathesis', import.meta.url));

/**
 * Resolves with the path of Schemathesis, installed from PyPI into a virtual environment of its own when the one of these requirements is
 * not there yet.
 * @throws LocalError when there is no Python that can make one, or PyPI does not give it.
 */
export const installSchemathesis = async (): Promise<string> => {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const environment = join(cacheDir, hash);
  const done = join(environment, 'installed');
  if (!existsSync(done)) {
    await rm(environment, { recursive: true, force: true });
    await runToEnd('python3', ['-m', 'venv', environment]).catch((error: Error) => {
      throw new LocalError(`${error.message}; install Python 3.10 or newer (Debian: apt-get install python3-venv)`);
    });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
    await runToEnd(join(environment, 'bin', 'python'), pip);
    await mkdir(done);
  }
  return join(environment, 'bin', 'schemathesis');
};
