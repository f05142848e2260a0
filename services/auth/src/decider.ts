import { defineDecider } from '@palaver/decider';
import type { AuthCommand, AuthEvent } from '@palaver/schemas';
import { deleteAccount } from './account.ts';
import { changeEmail, confirmEmail, reserveEmail } from './email-change.ts';
import { claimEmail, emailClaim, releaseEmail } from './email-claim.ts';
import { changePassword, rehashPassword } from './password-change.ts';
import { changeProfile, createProfile, deletion, profile } from './profile.ts';
import {
  endSession,
  endSessionsOf,
  refreshSession,
  session,
  sessions,
  sessionTouches,
  startSession,
} from './session.ts';

/** Of each of these all that is to be remembered is that it has come: an address is free, a session over, an account gone. */
const endings: ReadonlySet<AuthEvent['type']> = new Set(['EmailReleased', 'SessionEnded', 'AccountDeleted']);

/** What this service decides: the table of its commands. */
export const authDecider = defineDecider<AuthCommand, AuthEvent>({
  name: 'auth',
  version: 6,
  kinds: [emailClaim, profile, deletion, session, sessions],
  touches: (event) => (event.type === 'AccountDeleted' ? [deletion.of(event.data.profileId)] : sessionTouches(event)),
  ends: ({ type }) => endings.has(type),
  rules: {
    ClaimEmail: claimEmail,
    ReleaseEmail: releaseEmail,
    ReserveEmail: reserveEmail,
    ConfirmEmail: confirmEmail,
    ChangeEmail: changeEmail,
    CreateProfile: createProfile,
    ChangeProfile: changeProfile,
    ChangePassword: changePassword,
    RehashPassword: rehashPassword,
    DeleteAccount: deleteAccount,
    StartSession: startSession,
    RefreshSession: refreshSession,
    EndSession: endSession,
    EndSessions: endSessionsOf,
  },
});
