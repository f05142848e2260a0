import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { LocalError, runToEnd } from '@palaver/local';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

const find = (): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/**
 * Resolves with the path of a Chromium; as root on Debian it is installed when there is none.
 * @throws LocalError when there is none and it cannot be installed from here.
 */
export const installChromium = async (): Promise<string> => {
  const found = find();
  if (found) return found;
  const advice = 'install it (Debian: apt-get install chromium; macOS: brew install --cask chromium)';
  if (process.getuid?.() !== 0) throw new LocalError(`no Chromium on the PATH: ${advice}`);
  await runToEnd('apt-get', ['update']).catch((error: Error) => {
    throw new LocalError(`no Chromium on the PATH, and ${error.message}; ${advice}`);
  });
  await runToEnd('env', [
    'DEBIAN_FRONTEND=noninteractive',
    ...['apt-get', 'install', '--yes', '--no-install-recommends', 'chromium'],
  ]);
  const installed = find();
  if (!installed) throw new LocalError(`apt-get installed no Chromium: ${advice}`);
  return installed;
};
