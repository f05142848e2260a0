import type { ProcessManager } from '@palaver/decider';
import { accountById, type Database } from '@palaver/projection-auth';
import type { AuthCommand, AuthEvent } from '@palaver/schemas';
import type { DataKeys } from './data-keys.ts';
import type { Mails } from './mails.ts';
import { emailOf } from './route-parts.ts';

/** What an owner is to be told: of a new address, at the one before. */
type Notice =
  | { readonly of: 'password'; readonly profileId: string }
  | { readonly of: 'email'; readonly profileId: string; readonly previousEmailSealed: Uint8Array };

/** Tells people what has happened to their account, whatever asked for it. */
export const noticesProcess: ProcessManager<AuthEvent, AuthCommand, Notice> = {
  name: 'notices',
  tasks: {
    EmailChanged: ({ profileId, previousEmailSealed }) =>
      previousEmailSealed && { of: 'email', profileId, previousEmailSealed },
    PasswordChanged: ({ profileId }) => ({ of: 'password', profileId }),
  },
};

type Parts = { readonly db: Database; readonly dataKeys: DataKeys; readonly mails: Mails };

/** Mails a notice, once for each event; again only when this process died in the middle of it. */
export const notify = async (notice: Notice, { db, dataKeys, mails }: Parts): Promise<void> => {
  const { profileId } = notice;
  if (notice.of === 'email') {
    const to = await emailOf({ profile: { id: profileId }, emailSealed: notice.previousEmailSealed }, dataKeys);
    if (to !== null) await mails.emailChanged({ to });
    return;
  }
  const account = await accountById(db, profileId);
  const to = account && (await emailOf(account, dataKeys));
  if (to) await mails.passwordChanged({ to });
};
