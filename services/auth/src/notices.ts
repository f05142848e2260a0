import { accountById, type Database } from '@palaver/projection-auth';
import type { AuthEvent } from '@palaver/schemas';
import type { DataKeys } from './data-keys.ts';
import type { Mails } from './mails.ts';
import { emailOf } from './route-parts.ts';

/** The name of the process manager that tells people what has happened to their account; its position derives from it. */
export const noticesProcess = 'notices';

type Parts = { readonly db: Database; readonly dataKeys: DataKeys; readonly mails: Mails };

/**
 * Tells the owner of an account, once for each event and whatever asked for it: a new password at its address, a new address at the one
 * before. Again only when this process died in the middle of it.
 */
export const notify = async ({ type, data }: AuthEvent, { db, dataKeys, mails }: Parts): Promise<void> => {
  if (type === 'EmailChanged' && data.previousEmailSealed !== null) {
    const before = { profile: { id: data.profileId }, emailSealed: data.previousEmailSealed };
    const to = await emailOf(before, dataKeys);
    if (to !== null) await mails.emailChanged({ to });
  }
  if (type === 'PasswordChanged') {
    const account = await accountById(db, data.profileId);
    const to = account && (await emailOf(account, dataKeys));
    if (to) await mails.passwordChanged({ to });
  }
};
