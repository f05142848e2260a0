import { accept, commandRule, event, refuse, streamKind } from '@palaver/decider';
import type {
  AuthEvent,
  ClaimEmail,
  EmailClaimed,
  EmailConfirmed,
  EmailReleased,
  EmailReserved,
  ReleaseEmail,
} from '@palaver/schemas';

/**
 * The claim of an address. Its root is the address's keyed hash, so that all who want one address queue in one partition and the
 * first one gets it. A sign-up claims it for good; who changes to it reserves it first (`email-change.ts`).
 */

// State: only what decisions read.

/** What a reservation becomes a change with. `emailSealed`: base64. */
export type Reservation = { readonly expiresAtMs: number; readonly emailSealed: string; readonly passwordId: string };
/** Firm where `reserved` is null. */
type EmailState = { readonly profileId: string; readonly reserved: Reservation | null } | null;

// Evolve.

export const emailClaim = streamKind<
  EmailState,
  | { type: 'EmailClaimed'; data: EmailClaimed }
  | { type: 'EmailReserved'; data: EmailReserved }
  | { type: 'EmailConfirmed'; data: EmailConfirmed }
  | { type: 'EmailReleased'; data: EmailReleased }
>({
  kind: 'email',
  initial: null,
  evolve: {
    EmailClaimed: (_, { profileId }) => ({ profileId, reserved: null }),
    EmailReserved: (_, { profileId, expiresAt, emailSealed, passwordId }) => ({
      profileId,
      reserved: { expiresAtMs: expiresAt, emailSealed: emailSealed.toString('base64'), passwordId },
    }),
    EmailConfirmed: (_, { profileId }) => ({ profileId, reserved: null }),
    EmailReleased: () => null,
  },
});

/** Who has the address at this time: a reservation that is over holds nothing. */
export const holderOf = (state: EmailState, timeMs: number): EmailState =>
  state?.reserved && state.reserved.expiresAtMs <= timeMs ? null : state;

export const emailTaken = () => refuse('email_taken', 'The address is taken.');

// Decisions.

export const claimEmail = commandRule<ClaimEmail, AuthEvent>()({
  root: ({ emailHash }) => emailHash,
  reads: ({ emailHash }) => ({ email: emailClaim.of(emailHash) }),
  decide: (states, command, { timeMs }) => {
    const { emailHash, profileId } = command;
    const holder = holderOf(states.email, timeMs);
    if (holder && holder.profileId !== profileId) return emailTaken();
    if (holder) return accept<AuthEvent>([], { profileId });
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
