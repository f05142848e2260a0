import {
  accept,
  type Command,
  causedId,
  commandRule,
  event,
  fingerprint,
  type ProcessManager,
  refuse,
} from '@palaver/decider';
import type {
  AuthCommand,
  AuthEvent,
  ChangeEmail,
  ConfirmEmail,
  EmailAbandoned,
  EmailChanged,
  EmailConfirmed,
  ReserveEmail,
} from '@palaver/schemas';
import type { AuthCommandToGive } from './commands.ts';
import { emailClaim, emailTaken, holderOf } from './email-claim.ts';
import { profile } from './profile.ts';

/**
 * The change of an address. The new one lies in a partition of its own, where whoever wants it queues, so it is reserved and made
 * firm there; the profile follows, and then the old one is free:
 *
 *   POST /profiles/me/email ──▶ ReserveEmail ──▶ EmailReserved                a token is mailed to the new address
 *   POST /auth/email/confirm ─▶ ConfirmEmail ──▶ EmailConfirmed ─┬─▶ ChangeEmail ──▶ EmailChanged ──▶ ReleaseEmail of the old one
 *                                                                └─▶   too late  ──▶ EmailAbandoned ─▶ ReleaseEmail of the new one
 *
 * The process manager gives `ChangeEmail` for every confirmation that it reads, and the request gives the same one, to answer with its
 * outcome. So a profile always has an address that it holds firmly, and after each crash it comes to hold one alone.
 */

/** A reservation that nobody confirms ends after this long, and its token with it, ms. */
export const reservationMs = 60 * 60_000;

// Decisions.

/** What the sender of `ReserveEmail` is told. Ms since the epoch. */
export type ReservedResult = { readonly expiresAtMs: number };
/** What the sender of `ConfirmEmail` is told: what the profile is changed with, or null when it was confirmed before. */
export type ConfirmedResult = { readonly emailSealed: string; readonly passwordId: string } | null;
/** What the sender of `ChangeEmail` is told. */
export type ChangedResult = { readonly changed: boolean };

export const reserveEmail = commandRule<ReserveEmail, AuthEvent>()({
  root: ({ emailHash }) => emailHash,
  reads: ({ emailHash }) => ({ email: emailClaim.of(emailHash) }),
  decide: (states, command, { timeMs }) => {
    const { emailHash, profileId } = command;
    const holder = holderOf(states.email, timeMs);
    if (holder && holder.profileId !== profileId) return emailTaken();
    if (holder?.reserved === null) return refuse('email_unchanged', 'It is the address of this account already.');
    // Asked again, it begins anew: the token of this time is good as long as that of the first was.
    const expiresAt = timeMs + reservationMs;
    return accept<AuthEvent>(
      [event(emailClaim.of(emailHash), { type: 'EmailReserved', data: { ...command, expiresAt } })],
      { expiresAtMs: expiresAt } satisfies ReservedResult,
    );
  },
});

export const confirmEmail = commandRule<ConfirmEmail, AuthEvent>()({
  root: ({ emailHash }) => emailHash,
  reads: ({ emailHash }) => ({ email: emailClaim.of(emailHash) }),
  decide: (states, { emailHash, profileId }, { timeMs }) => {
    const holder = holderOf(states.email, timeMs);
    if (holder?.profileId !== profileId) {
      return refuse('email_not_reserved', 'The address is not reserved for this account, or not any more.');
    }
    if (holder.reserved === null) return accept<AuthEvent>([], null satisfies ConfirmedResult);
    const { emailSealed, passwordId } = holder.reserved;
    const confirmed = { emailHash, profileId, emailSealed: Buffer.from(emailSealed, 'base64'), passwordId };
    return accept<AuthEvent>([event(emailClaim.of(emailHash), { type: 'EmailConfirmed', data: confirmed })], {
      emailSealed,
      passwordId,
    } satisfies ConfirmedResult);
  },
});

export const changeEmail = commandRule<ChangeEmail, AuthEvent>()({
  root: ({ profileId }) => profileId,
  reads: ({ profileId }) => ({ profile: profile.of(profileId) }),
  decide: (states, { profileId, emailHash, emailSealed, passwordId }) => {
    const stream = profile.of(profileId);
    if (states.profile?.emailHash === emailHash) {
      return accept<AuthEvent>([], { changed: true } satisfies ChangedResult);
    }
    // Whoever changed the password since shuts out who knew the one before, also from an address that was on its way.
    if (states.profile?.passwordId !== passwordId) {
      const abandoned: EmailAbandoned = { profileId, emailHash };
      return accept<AuthEvent>([event(stream, { type: 'EmailAbandoned', data: abandoned })], {
        changed: false,
      } satisfies ChangedResult);
    }
    const changed: EmailChanged = {
      profileId,
      emailHash,
      emailSealed,
      previousEmailHash: states.profile.emailHash,
      previousEmailSealed: Buffer.from(states.profile.emailSealed, 'base64'),
    };
    return accept<AuthEvent>([event(stream, { type: 'EmailChanged', data: changed })], {
      changed: true,
    } satisfies ChangedResult);
  },
});

// What follows.

/** A confirmed address becomes the profile's, and what the profile does not have any more is free. */
export const emailChangeProcess = {
  name: 'email-change',
  commands: {
    EmailConfirmed: (data) => [{ type: 'ChangeEmail', data }],
    EmailAbandoned: (data) => [{ type: 'ReleaseEmail', data }],
    EmailChanged: ({ previousEmailHash, profileId }) => [
      { type: 'ReleaseEmail', data: { emailHash: previousEmailHash, profileId } },
    ],
  },
} satisfies ProcessManager<AuthEvent, AuthCommand>;

/** The very command that the process manager gives for this confirmation: the same id, data and fingerprint. */
export const changeEmailAfter = (
  confirmed: EmailConfirmed,
  confirmation: Pick<Command, 'actor' | 'timeMs' | 'traceparent'> & { readonly commandId: string },
): AuthCommandToGive => {
  const { commandId, ...given } = confirmation;
  const [command] = emailChangeProcess.commands.EmailConfirmed(confirmed);
  return {
    ...command!,
    ...given,
    id: causedId(emailChangeProcess.name, { commandId, index: 0 }),
    fingerprint: fingerprint(command!.data),
  };
};
