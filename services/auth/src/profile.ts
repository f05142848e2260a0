import { createHash } from 'node:crypto';
import { accept, commandRule, event, refuse, streamKind } from '@palaver/decider';
import type {
  AccountDeleted,
  AuthEvent,
  CreateProfile,
  EmailAbandoned,
  EmailChanged,
  MessagesLeft,
  ProfileCreated,
} from '@palaver/schemas';

/** The profile: somebody's account. Its root is the profile's id. */

// State: only what decisions read.

/** Null also when it is gone: what nobody has decides nothing. */
type ProfileState = {
  readonly emailHash: string;
  readonly createdAtMs: number;
  /** Which password it has, by `passwordIdOf`. */
  readonly passwordId: string;
} | null;
type DeletionState = { readonly messages: MessagesLeft } | null;

/** Names a sealed password, so that a decision knows whether the one that an edge has proven is still the profile's. */
export const passwordIdOf = (passwordSealed: Uint8Array): string =>
  createHash('sha256').update(passwordSealed).digest('base64url');

// Evolve.

export const profile = streamKind<
  ProfileState,
  | { type: 'ProfileCreated'; data: ProfileCreated }
  | { type: 'EmailChanged'; data: EmailChanged }
  | { type: 'EmailAbandoned'; data: EmailAbandoned }
  | { type: 'AccountDeleted'; data: AccountDeleted }
>({
  kind: 'profile',
  initial: null,
  evolve: {
    ProfileCreated: (_, { emailHash, passwordSealed }, { timestampMs }) => ({
      emailHash,
      createdAtMs: timestampMs,
      passwordId: passwordIdOf(passwordSealed),
    }),
    EmailChanged: (state, { emailHash }) => state && { ...state, emailHash },
    EmailAbandoned: (state) => state,
    AccountDeleted: () => null,
  },
});

/** That there was a profile, and that it was deleted: touched by its end, so that its id never comes to life again. */
export const deletion = streamKind<DeletionState, { type: 'AccountDeleted'; data: AccountDeleted }>({
  kind: 'deletion',
  initial: null,
  evolve: { AccountDeleted: (_, { messages }) => ({ messages }) },
});

// Decisions.

/** What the sender of `CreateProfile` is told. `createdAtMs`: ms since the epoch. */
export type ProfileCreatedResult = { readonly profileId: string; readonly createdAtMs: number };

export const createProfile = commandRule<CreateProfile, AuthEvent>()({
  root: ({ profileId }) => profileId,
  reads: ({ profileId }) => ({ profile: profile.of(profileId), deletion: deletion.of(profileId) }),
  decide: (states, command, { timeMs }) => {
    const { profileId, emailHash } = command;
    if (states.deletion) return refuse('profile_exists', 'There was a profile with this id; it was deleted.');
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
