import { accept, commandRule, event, type ProcessManager, refuse } from '@palaver/decider';
import type { AccountDeleted, AuthCommand, AuthEvent, DeleteAccount } from '@palaver/schemas';
import { deletion, profile } from './profile.ts';
import { endSessions, sessions } from './session.ts';

/**
 * The end of an account. What it was lies in several partitions and services, so its one event is followed by many:
 *
 *   DELETE /profiles/me ──▶ DeleteAccount ──▶ AccountDeleted, SessionEnded of each session
 *                                                  ├──▶ ReleaseEmail ──▶ EmailReleased          this service's process manager
 *                                                  ├──▶ the data key is destroyed              the same
 *                                                  ├──▶ LeaveServer ──▶ MemberLeft              servers
 *                                                  ├──▶ DeleteMessage, AnonymizeMessage ──▶ ...  messages
 *                                                  └──▶ the sweep erases what all these have ended
 */

// Decisions. The states are those of `profile.ts` and `session.ts`.

export const deleteAccount = commandRule<DeleteAccount, AuthEvent>()({
  root: ({ profileId }) => profileId,
  reads: ({ profileId }) => ({
    profile: profile.of(profileId),
    deletion: deletion.of(profileId),
    sessions: sessions.of(profileId),
  }),
  decide: (states, { profileId, messages, passwordId }) => {
    if (states.deletion) return accept<AuthEvent>([], null);
    if (!states.profile) return refuse('profile_not_found', 'There is no such profile.');
    const { emailHash } = states.profile;
    // The edge proved a password that its read model knew; it may have been changed since.
    if (passwordId !== states.profile.passwordId)
      return refuse('wrong_password', 'The password is another one by now.');
    const deleted = { type: 'AccountDeleted', data: { profileId, emailHash, messages } } as const;
    const ended = endSessions(states.sessions, profileId, { reason: 'ACCOUNT_DELETED' });
    return accept<AuthEvent>([event(profile.of(profileId), deleted), ...ended], null);
  },
});

// What follows.

/** The address of a deleted account is free for anybody; its data key is to be destroyed. */
export const deletionProcess: ProcessManager<AuthEvent, AuthCommand, Pick<AccountDeleted, 'profileId'>> = {
  name: 'account-deletion',
  commands: {
    AccountDeleted: ({ emailHash, profileId }) => [
      { type: 'ReleaseEmail', data: { emailHash, profileId }, actor: 'system' },
    ],
  },
  tasks: { AccountDeleted: ({ profileId }) => ({ profileId }) },
};
