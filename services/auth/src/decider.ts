import { defineDecider } from '@palaver/decider';
import type { AuthCommand, AuthEvent } from '@palaver/schemas';
import { claimEmail, emailClaim } from './email-claim.ts';
import { createProfile, profile } from './profile.ts';
import {
  endSession,
  endSessionsOf,
  refreshSession,
  session,
  sessions,
  sessionTouches,
  startSession,
} from './session.ts';

/** What this service decides: the table of its commands. */
export const authDecider = defineDecider<AuthCommand, AuthEvent>({
  name: 'auth',
  version: 2,
  kinds: [emailClaim, profile, session, sessions],
  touches: sessionTouches,
  rules: {
    ClaimEmail: claimEmail,
    CreateProfile: createProfile,
    StartSession: startSession,
    RefreshSession: refreshSession,
    EndSession: endSession,
    EndSessions: endSessionsOf,
  },
});
