import { defineDecider } from '@palaver/decider';
import type { AuthCommand, AuthEvent } from '@palaver/schemas';
import { claimEmail, emailClaim, releaseEmail } from './email-claim.ts';
import { createProfile, profile } from './profile.ts';

/** What this service decides: the table of its commands. */
export const authDecider = defineDecider<AuthCommand, AuthEvent>({
  name: 'auth',
  version: 2,
  kinds: [emailClaim, profile],
  rules: { ClaimEmail: claimEmail, ReleaseEmail: releaseEmail, CreateProfile: createProfile },
});
