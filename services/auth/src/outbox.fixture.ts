import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mail } from './mail.ts';

/** For `*.e2e.test.ts`: the mails of the house, as they lie in its outbox. */

const outbox = (): string => {
  const dataDir = process.env.PALAVER_TEST_DATA;
  if (!dataDir)
    throw new Error('PALAVER_TEST_DATA is not set: run this test with `npm test`, which starts the house first');
  return join(dataDir, 'outbox');
};

/** Mails to an address, oldest first. */
export const mailsTo = async (address: string): Promise<readonly Mail[]> => {
  const names = await readdir(outbox()).catch(() => [] as string[]);
  const whole = names.filter((name) => name.endsWith('.json')).sort();
  const mails = await Promise.all(
    whole.map(async (name) => JSON.parse(await readFile(join(outbox(), name), 'utf8')) as Mail),
  );
  return mails.filter(({ to }) => to === address);
};

/** The token of the newest mail with this subject to an address; null until there is one. */
export const tokenFor = async (address: string, subject: string): Promise<string | null> => {
  const mail = (await mailsTo(address)).findLast((one) => one.subject === subject);
  return mail ? (/^[\w-]{100,}$/m.exec(mail.text)?.[0] ?? null) : null;
};
