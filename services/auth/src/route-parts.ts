import type { Position } from '@palaver/decider';
import { oneLine, type PositionWaiter, Refusal, text, unauthenticated, uuid } from '@palaver/http';
import type { Account, ProfileView } from '@palaver/projection-auth';
import type { Pictures } from '@palaver/projection-shared';
import { formatPosition } from '@palaver/projector';
import { z } from 'zod';
import type { Attempt, Attempts } from './attempts.ts';
import type { DataKeys } from './data-keys.ts';
import { maxEmailLength, normalizeEmail } from './email.ts';
import { Busy, type Passwords, passwordLength } from './passwords.ts';
import { mailTokenLength } from './secrets/mail-tokens.ts';
import type { Secrets } from './secrets.ts';
import { emailPlace, passwordPlace, visibleWithinMs } from './sign-up.ts';

/** What several of this service's routes are made of. */

export const email = () =>
  z
    .string()
    .max(maxEmailLength)
    .meta({ format: 'email', examples: ['ada@example.com'] })
    .transform((value, context) => {
      const address = normalizeEmail(value);
      if (address !== null) return address;
      context.addIssue({ code: 'custom', message: 'must be an email address', params: { code: 'invalid_email' } });
      return z.NEVER;
    });

export const displayName = () => oneLine({ max: 32 }).meta({ minLength: 1, maxLength: 32, examples: ['Ada'] });

/** A password to be chosen. */
export const chosenPassword = () => text(passwordLength).meta({ examples: ['correct horse battery'] });

/** A password to be checked, not chosen. */
export const knownPassword = () =>
  text({ min: 1, max: passwordLength.max }).meta({ examples: ['correct horse battery'] });

export const profileSchema = z
  .object({
    id: uuid(),
    name: z.string().meta({ examples: ['Ada'] }),
    avatarUrl: z
      .string()
      .nullable()
      .meta({ description: 'Of the picture, also where that is a file', examples: ['https://example.com/ada.png'] }),
    avatarFileId: uuid().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Profile' });

export const mailToken = () =>
  z
    .string()
    .length(mailTokenLength)
    .meta({ description: 'From the mail.', examples: ['A'.repeat(mailTokenLength)] });

/** A profile as it is answered with: the address of its picture stands in one place, wherever that lies. */
export const viewOf = (profile: ProfileView, { pictures }: { readonly pictures: Pictures }): ProfileView => ({
  ...profile,
  avatarUrl: profile.avatarFileId === null ? profile.avatarUrl : pictures.addressOf(profile.avatarFileId),
});

export const profileNotFound = (): Refusal => new Refusal('profile_not_found', 'There is no such profile.');

/** Every token of this service names its session; one that does not is from before there were any. */
export const sessionIdOf = ({ sid }: { readonly sid?: string }): string => {
  if (sid === undefined) throw unauthenticated('The token is of no session; sign in again.');
  return sid;
};

/** Null when the profile's data key was destroyed. */
export const emailOf = async (
  { profile, emailSealed }: { profile: { id: string }; emailSealed: Uint8Array },
  dataKeys: DataKeys,
): Promise<string | null> => {
  const dataKey = await dataKeys.of(profile.id);
  return dataKey?.unseal(emailSealed, emailPlace(profile.id)).toString() ?? null;
};

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

/** What an attempt comes to: a right password forgets the failures before it, and one that was not looked at is not counted. */
export const attempted = async (attempt: Attempt, check: () => Promise<boolean>): Promise<boolean> => {
  const right = await hashed(check).catch(async (error: unknown) => {
    await attempt.undo();
    throw error;
  });
  if (right) await attempt.right();
  return right;
};

export type ProofParts = { readonly attempts: Attempts; readonly passwords: Passwords; readonly secrets: Secrets };

/**
 * Has who is signed in say the password again; any of `known` will do. Who holds a token and guesses is slowed down as at sign-in, apart
 * from it. What follows names the password by `account.passwordId`, since it may be changed meanwhile.
 * Throws `Refusal`: `wrong_password`, `too_many_attempts`, `busy`.
 */
export const provePassword = async (
  { account, known, clientAddress }: { account: Account; known: readonly string[]; clientAddress: string },
  { attempts, passwords, secrets }: ProofParts,
): Promise<void> => {
  const attempt = await attempts.begin({ emailHash: account.profile.id, clientAddress });
  const hash = passwordHashOf(account, secrets);
  const isRight = async (): Promise<boolean> => {
    for (const password of known) if (await passwords.verify(hash, password)) return true;
    return false;
  };
  if (await attempted(attempt, isRight)) return;
  throw new Refusal('wrong_password', 'The password is not that of this account; nothing was done.');
};

export const positionHeader = (position: Position) => ({
  'Palaver-Position': formatPosition({ service: 'auth', ...position }),
});

/** Waits, bounded, until the read model shows what lies before a position; gives the header that names it. */
export const shown = async (position: Position, positions: PositionWaiter) => {
  await positions.waitFor([{ service: 'auth', ...position }], visibleWithinMs);
  return positionHeader(position);
};
