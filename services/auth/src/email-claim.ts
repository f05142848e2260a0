import { accept, commandRule, event, refuse, streamKind } from '@palaver/decider';
import type { AuthEvent, ClaimEmail, EmailClaimed, EmailReleased, ReleaseEmail } from '@palaver/schemas';

/**
 * The claim of an address. Its root is the address's keyed hash, so that all who want one address queue in one partition and the
 * first one gets it.
 */

// State: only what decisions read.

type EmailState = { readonly profileId: string } | null;

// Evolve.

export const emailClaim = streamKind<
  EmailState,
  { type: 'EmailClaimed'; data: EmailClaimed } | { type: 'EmailReleased'; data: EmailReleased }
>({
  kind: 'email',
  initial: null,
  evolve: {
    EmailClaimed: (_, { profileId }) => ({ profileId }),
    EmailReleased: () => null,
  },
});

// Decisions.

export const claimEmail = commandRule<ClaimEmail, AuthEvent>()({
  root: ({ emailHash }) => emailHash,
  reads: ({ emailHash }) => ({ email: emailClaim.of(emailHash) }),
  decide: (states, command) => {
    const { emailHash, profileId } = command;
    if (states.email && states.email.profileId !== profileId) {
      return refuse('email_taken', 'There is an account with this address already.');
    }
    if (states.email) return accept<AuthEvent>([], { profileId });
    return accept<AuthEvent>([event(emailClaim.of(emailHash), { type: 'EmailClaimed', data: command })], { profileId });
  },
});

/** Changes nothing when another profile holds the claim: this one's was released before, and the address has gone to that one. */
export const releaseEmail = commandRule<ReleaseEmail, AuthEvent>()({
  root: ({ emailHash }) => emailHash,
  reads: ({ emailHash }) => ({ email: emailClaim.of(emailHash) }),
  decide: (states, command) => {
    if (states.email?.profileId !== command.profileId) return accept<AuthEvent>([], null);
    return accept<AuthEvent>([event(emailClaim.of(command.emailHash), { type: 'EmailReleased', data: command })], null);
  },
});
