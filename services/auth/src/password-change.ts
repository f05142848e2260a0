import { accept, commandRule, event, refuse } from '@palaver/decider';
import type { AuthEvent, ChangePassword, RehashPassword } from '@palaver/schemas';
import { profile } from './profile.ts';
import { endSessions, sessions } from './session.ts';

/** How a profile's password changes: by who knows the one before, or by who reads the mails of its address. */

export const changePassword = commandRule<ChangePassword, AuthEvent>()({
  root: ({ profileId }) => profileId,
  reads: ({ profileId }) => ({ profile: profile.of(profileId), sessions: sessions.of(profileId) }),
  decide: (states, { profileId, passwordId, emailHash, passwordSealed, except }) => {
    if (!states.profile) return refuse('profile_not_found', 'There is no such profile.');
    // A mailed token is good for the account as it was then: so it is good once.
    if (emailHash !== null && (emailHash !== states.profile.emailHash || passwordId !== states.profile.passwordId)) {
      return refuse('reset_token_invalid', 'The token was used, or the account has changed since.');
    }
    if (passwordId !== states.profile.passwordId) {
      return refuse('wrong_password', 'The password is another one by now.');
    }
    return accept<AuthEvent>(
      [
        event(profile.of(profileId), { type: 'PasswordChanged', data: { profileId, passwordSealed } }),
        ...endSessions(states.sessions, profileId, { except, reason: 'PASSWORD_CHANGED' }),
      ],
      null,
    );
  },
});

/** Changes nothing when the password is another one by now: the hash would bring the old one back. */
export const rehashPassword = commandRule<RehashPassword, AuthEvent>()({
  root: ({ profileId }) => profileId,
  reads: ({ profileId }) => ({ profile: profile.of(profileId) }),
  decide: (states, { profileId, passwordId, passwordSealed }) => {
    if (passwordId !== states.profile?.passwordId) return accept<AuthEvent>([], null);
    return accept<AuthEvent>(
      [event(profile.of(profileId), { type: 'PasswordRehashed', data: { profileId, passwordSealed } })],
      null,
    );
  },
});
