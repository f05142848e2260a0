import { defineDecider } from '@palaver/decider';
import type { AuthCommand, AuthEvent } from '@palaver/schemas';
import { deleteAccount } from './account.ts';
import { claimEmail, emailClaim, releaseEmail } from './email-claim.ts';
import { createProfile, deletion, profile } from './profile.ts';

/** What this service decides: the table of its commands. */
export const authDecider = defineDecider<AuthCommand, AuthEvent>({
  name: 'auth',
  version: 2,
  kinds: [emailClaim, profile, deletion],
  touches: ({ type, data }) => (type === 'AccountDeleted' ? [deletion.of(data.profileId)] : []),
  ends: ({ type, data }, stream) => {
    if (type === 'EmailReleased') return [stream];
    if (type === 'AccountDeleted') return [stream, `session:${data.profileId}:`];
    return [];
  },
  rules: {
    ClaimEmail: claimEmail,
    ReleaseEmail: releaseEmail,
    CreateProfile: createProfile,
    DeleteAccount: deleteAccount,
  },
});
