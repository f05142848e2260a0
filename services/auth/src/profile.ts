import { createHash } from 'node:crypto';
import { accept, commandRule, event, refuse, streamKind } from '@palaver/decider';
import type { AuthEvent, CreateProfile, ProfileCreated } from '@palaver/schemas';

/** The profile: somebody's account. Its root is the profile's id. */

// State: only what decisions read.

type ProfileState = {
  readonly emailHash: string;
  readonly createdAtMs: number;
  /** Which password it has, by `passwordIdOf`. */
  readonly passwordId: string;
} | null;

/** Names a sealed password, so that a decision knows whether the one that an edge has proven is still the profile's. */
export const passwordIdOf = (passwordSealed: Uint8Array): string =>
  createHash('sha256').update(passwordSealed).digest('base64url');

// Evolve.

export const profile = streamKind<ProfileState, { type: 'ProfileCreated'; data: ProfileCreated }>({
  kind: 'profile',
  initial: null,
  evolve: {
    ProfileCreated: (_, { emailHash, passwordSealed }, { timestampMs }) => ({
      emailHash,
      createdAtMs: timestampMs,
      passwordId: passwordIdOf(passwordSealed),
    }),
  },
});

// Decisions.

/** What the sender of `CreateProfile` is told. `createdAtMs`: ms since the epoch. */
export type ProfileCreatedResult = { readonly profileId: string; readonly createdAtMs: number };

export const createProfile = commandRule<CreateProfile, AuthEvent>()({
  root: ({ profileId }) => profileId,
  reads: ({ profileId }) => ({ profile: profile.of(profileId) }),
  decide: (states, command, { timeMs }) => {
    const { profileId, emailHash } = command;
    if (states.profile && states.profile.emailHash !== emailHash) {
      return refuse('profile_exists', 'A profile with this id exists already, with another address.');
    }
    if (states.profile) {
      return accept<AuthEvent>([], {
        profileId,
        createdAtMs: states.profile.createdAtMs,
      } satisfies ProfileCreatedResult);
    }
    return accept<AuthEvent>([event(profile.of(profileId), { type: 'ProfileCreated', data: command })], {
      profileId,
      createdAtMs: timeMs,
    } satisfies ProfileCreatedResult);
  },
});
