import { accept, commandRule, event, refuse, streamKind } from '@palaver/decider';
import {
  type AccountDeleted,
  type AuthEvent,
  type ChangeProfile,
  type CreateProfile,
  type EmailAbandoned,
  type EmailChanged,
  type MessagesLeft,
  type PasswordChanged,
  type PasswordRehashed,
  type ProfileChanged,
  type ProfileCreated,
  passwordIdOf,
} from '@palaver/schemas';

/** The profile: somebody's account. Its root is the profile's id. */

// State: only what decisions read and answers say.

/** Null also when it is gone: what nobody has decides nothing. */
type ProfileState = {
  readonly emailHash: string;
  /** base64. */
  readonly emailSealed: string;
  readonly name: string;
  readonly avatarUrl: string | null;
  readonly avatarFileId: string | null;
  readonly createdAtMs: number;
  readonly version: number;
  /** Which password it has, by `passwordIdOf`. */
  readonly passwordId: string;
} | null;
type DeletionState = { readonly messages: MessagesLeft } | null;

// Evolve.

export const profile = streamKind<
  ProfileState,
  | { type: 'ProfileCreated'; data: ProfileCreated }
  | { type: 'ProfileChanged'; data: ProfileChanged }
  | { type: 'PasswordChanged'; data: PasswordChanged }
  | { type: 'PasswordRehashed'; data: PasswordRehashed }
  | { type: 'EmailChanged'; data: EmailChanged }
  | { type: 'EmailAbandoned'; data: EmailAbandoned }
  | { type: 'AccountDeleted'; data: AccountDeleted }
>({
  kind: 'profile',
  initial: null,
  evolve: {
    ProfileCreated: (_, { emailHash, emailSealed, name, passwordSealed }, { timestampMs, version }) => ({
      emailHash,
      emailSealed: emailSealed.toString('base64'),
      name,
      avatarUrl: null,
      avatarFileId: null,
      createdAtMs: timestampMs,
      version,
      passwordId: passwordIdOf(passwordSealed),
    }),
    ProfileChanged: (state, { name, avatarUrl, avatarFileId }, { version }) =>
      state && { ...state, name, avatarUrl, avatarFileId, version },
    PasswordChanged: (state, { passwordSealed }, { version }) =>
      state && { ...state, passwordId: passwordIdOf(passwordSealed), version },
    PasswordRehashed: (state, _, { version }) => state && { ...state, version },
    EmailChanged: (state, { emailHash, emailSealed }, { version }) =>
      state && { ...state, emailHash, emailSealed: emailSealed.toString('base64'), version },
    EmailAbandoned: (state, _, { version }) => state && { ...state, version },
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

/** What the sender of `ChangeProfile` is told. No name: outcomes are remembered for longer than a deleted account may be. */
export type ProfileChangedResult = { readonly version: number };

type Picture = Pick<ProfileChanged, 'avatarUrl' | 'avatarFileId'>;

/** A picture is an address or a file: whichever is named takes the place of either; an empty one takes it away. */
const pictured = (before: Picture, { avatarUrl, avatarFileId }: Picture): Picture => {
  if (avatarFileId !== null) return { avatarUrl: null, avatarFileId: avatarFileId || null };
  if (avatarUrl !== null) return { avatarUrl: avatarUrl || null, avatarFileId: null };
  return { avatarUrl: before.avatarUrl, avatarFileId: before.avatarFileId };
};

export const changeProfile = commandRule<ChangeProfile, AuthEvent>()({
  root: ({ profileId }) => profileId,
  reads: ({ profileId }) => ({ profile: profile.of(profileId) }),
  decide: (states, { profileId, name, expectedVersion, ...picture }) => {
    const before = states.profile;
    if (!before) return refuse('profile_not_found', 'There is no such profile.');
    if (expectedVersion !== null && expectedVersion !== before.version) {
      return refuse('precondition_failed', 'The profile was changed since you read it.');
    }
    const data: ProfileChanged = { profileId, name: name ?? before.name, ...pictured(before, picture) };
    const changes =
      data.name !== before.name || data.avatarUrl !== before.avatarUrl || data.avatarFileId !== before.avatarFileId;
    return accept<AuthEvent>(changes ? [event(profile.of(profileId), { type: 'ProfileChanged', data })] : [], {
      version: before.version + (changes ? 1 : 0),
    } satisfies ProfileChangedResult);
  },
});
