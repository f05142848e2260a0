import { oneLine, Refusal, uuid } from '@palaver/http';
import type { Account } from '@palaver/projection-auth';
import { z } from 'zod';
import { maxEmailLength, normalizeEmail } from './email.ts';
import { Busy } from './passwords.ts';
import type { Secrets } from './secrets.ts';
import { passwordPlace } from './sign-up.ts';

/** What several of this service's routes are made of. */

export const email = () =>
  z
    .string()
    .max(maxEmailLength)
    .transform((value, context) => {
      const address = normalizeEmail(value);
      if (address !== null) return address;
      context.addIssue({ code: 'custom', message: 'must be an email address', params: { code: 'invalid_email' } });
      return z.NEVER;
    })
    .meta({ format: 'email', examples: ['ada@example.com'] });

export const displayName = () => oneLine({ max: 32 }).meta({ minLength: 1, maxLength: 32, examples: ['Ada'] });

export const profileSchema = z.object({ id: uuid(), name: z.string(), createdAt: z.iso.datetime() });

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
