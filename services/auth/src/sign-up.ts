import { type Command, causedId, derivedId, fingerprint, type ProcessManager } from '@palaver/decider';
import { type PositionWaiter, Refusal } from '@palaver/http';
import { accountByEmailHash, type Database, type ProfileView } from '@palaver/projection-auth';
import type { Position } from '@palaver/projector';
import { type AuthCommand, type AuthEvent, type ClaimEmail, type EmailClaimed, passwordIdOf } from '@palaver/schemas';
import type { AuthCommandToGive } from './commands.ts';
import { refuseCommon } from './common-passwords.ts';
import type { DataKeys } from './data-keys.ts';
import { type OpeningParts, openSession, type SessionTokens } from './open-session.ts';
import type { Passwords } from './passwords.ts';
import type { ProfileCreatedResult } from './profile.ts';
import type { Secrets } from './secrets.ts';

/**
 * Sign-up takes two commands, since an address and a profile lie in partitions of their own:
 *
 *   request ──▶ ClaimEmail ──▶ EmailClaimed ──▶ CreateProfile ──▶ ProfileCreated ──▶ StartSession ──▶ SessionStarted ──▶ 201
 *                   └──taken──▶ 409
 *
 * The second command follows from the first one's event. The process manager gives it for every claim that it reads, and the request
 * gives it too, to answer with its outcome. Both make the same command, so it counts once, and either of them may crash. The session is
 * the request's alone: who lost the answer repeats the request, or signs in.
 */

export type SignUpParts = OpeningParts & {
  readonly db: Database;
  readonly positions: PositionWaiter;
  readonly secrets: Secrets;
  readonly passwords: Passwords;
  readonly dataKeys: DataKeys;
};

/** A sign-up with all that chance and time have to say about it. `email` is normalized. */
export type SignUp = {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly profileId: string;
  readonly sessionId: string;
  readonly commandId: string;
  readonly device: string | null;
  readonly timeMs: number;
  readonly traceparent: string;
};

/** Most time that a sign-up, or a change of what signs in, waits to be seen by a sign-in that follows at once, ms. It is done in either case. */
export const visibleWithinMs = 1_000;

/** Throws `Busy`, and `Refusal`: `password_too_common`, `email_taken`, `idempotency_key_reused`, or what giving a command throws. */
export const signUp = async (
  request: SignUp,
  parts: SignUpParts,
): Promise<{ profile: ProfileView; tokens: SessionTokens; positions: readonly Position[] }> => {
  const { profileId, sessionId, commandId, device, timeMs, traceparent } = request;
  refuseCommon(request.password);
  // The log decides; this only spares what is known to be refused its hash and its data key.
  const known = await accountByEmailHash(parts.db, parts.secrets.emailHash(request.email));
  if (known && known.profile.id !== profileId) {
    throw new Refusal('email_taken', 'There is an account with this address already.');
  }
  const prepared = await prepareClaim(request, parts);
  if (prepared === null) {
    throw new Refusal('idempotency_key_reused', 'This Idempotency-Key was used for another sign-up.');
  }
  const { claim } = prepared;
  const given = { actor: profileId, timeMs, traceparent };
  const claimed = await parts.give({
    ...given,
    id: commandId,
    type: 'ClaimEmail',
    data: claim,
    fingerprint: prepared.fingerprint,
  });
  const created = await parts.give<ProfileCreatedResult>(createProfileAfter(claim, { ...given, commandId }));
  const session = await openSession(
    {
      profileId,
      sessionId,
      commandId: derivedId('sign-up session', commandId),
      device,
      passwordId: passwordIdOf(claim.passwordSealed),
      timeMs,
      traceparent,
    },
    parts,
  );

  // The session lies in the profile's partition, behind it.
  const positions = [claimed, session].map(({ position }) => ({ service: 'auth', ...position }));
  await parts.positions.waitFor(positions, visibleWithinMs);
  const createdAt = new Date(created.result.createdAtMs).toISOString();
  return {
    profile: { id: profileId, name: claim.name, avatarUrl: null, avatarFileId: null, createdAt },
    tokens: session.tokens,
    positions,
  };
};

/** What goes on the log of a sign-up, and what tells it from others with the same command id. */
export type PreparedClaim = { readonly claim: ClaimEmail; readonly fingerprint: string };

export const emailPlace = (profileId: string): string => `email:${profileId}`;
export const passwordPlace = (profileId: string): string => `password:${profileId}`;

/**
 * Hashes, then makes the profile's data key, then seals. The same sign-up always gives the same bytes.
 * Null when the profile's id stands for another sign-up. Throws `Busy`.
 */
export const prepareClaim = async (
  {
    name,
    email,
    password,
    profileId,
    commandId,
  }: Pick<SignUp, 'name' | 'email' | 'password' | 'profileId' | 'commandId'>,
  { secrets, passwords, dataKeys }: Pick<SignUpParts, 'secrets' | 'passwords' | 'dataKeys'>,
): Promise<PreparedClaim | null> => {
  const emailHash = secrets.emailHash(email);
  const passwordHash = await passwords.hash(password, secrets.passwordSalt(commandId));
  const signUpFingerprint = secrets.signUpFingerprint({ emailHash, name, passwordHash });
  const dataKey = await dataKeys.reserve(profileId, signUpFingerprint);
  if (dataKey === null) return null;
  const emailSealed = dataKey.seal(Buffer.from(email), emailPlace(profileId));
  const passwordSealed = secrets.passwords.seal(Buffer.from(passwordHash), passwordPlace(profileId));
  return { claim: { emailHash, profileId, name, emailSealed, passwordSealed }, fingerprint: signUpFingerprint };
};

/** Every claim of an address becomes a profile. */
export const signUpProcess = {
  name: 'sign-up',
  commands: { EmailClaimed: (claimed) => [{ type: 'CreateProfile', data: claimed }] },
} satisfies ProcessManager<AuthEvent, AuthCommand>;

/** The very command that the process manager gives for this claim: the same id, data and fingerprint. */
export const createProfileAfter = (
  claimed: EmailClaimed,
  claim: Pick<Command, 'actor' | 'timeMs' | 'traceparent'> & { readonly commandId: string },
): AuthCommandToGive => {
  const { commandId, ...given } = claim;
  const [command] = signUpProcess.commands.EmailClaimed(claimed);
  return {
    ...command!,
    ...given,
    id: causedId(signUpProcess.name, { commandId, index: 0 }),
    fingerprint: fingerprint(command!.data),
  };
};
