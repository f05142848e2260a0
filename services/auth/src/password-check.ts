import { Refusal } from '@palaver/http';
import type { Account } from '@palaver/projection-auth';
import { Busy } from './passwords.ts';
import type { Secrets } from './secrets.ts';
import { passwordPlace } from './sign-up.ts';

/** Turns a full queue of passwords into the answer that says when to come again. */
export const hashed = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Busy)) throw error;
    throw new Refusal('busy', 'Too many passwords wait to be checked; nothing was done.', {
      headers: { 'Retry-After': String(error.retryAfterSeconds) },
    });
  }
};

export const passwordHashOf = ({ profile, passwordSealed }: Account, secrets: Secrets): string =>
  secrets.passwords.unseal(passwordSealed, passwordPlace(profile.id)).toString();
