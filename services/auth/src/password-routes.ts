import { fingerprint } from '@palaver/decider';
import { defineRoute, Refusal, type Route, reply } from '@palaver/http';
import { accountByEmailHash, accountById } from '@palaver/projection-auth';
import { z } from 'zod';
import type { Attempts } from './attempts.ts';
import { refuseCommon } from './common-passwords.ts';
import type { Mails } from './mails.ts';
import {
  chosenPassword,
  email,
  hashed,
  knownPassword,
  mailToken,
  type ProofParts,
  profileNotFound,
  provePassword,
  sessionIdOf,
  shown,
} from './route-parts.ts';
import type { MailTokens } from './secrets/mail-tokens.ts';
import { passwordPlace, type SignUpParts } from './sign-up.ts';

/** A new password, by who knows the one before, or by who reads the mails of the account's address. */

/** How long a mailed token for a new password is good, ms. */
const resetMs = 30 * 60_000;

export type MailParts = { readonly mails: Mails; readonly mailTokens: MailTokens; readonly mailAttempts: Attempts };
type Parts = SignUpParts & ProofParts & MailParts;

const newPassword = () => chosenPassword().meta({ examples: ['battery staple horse'] });

export const passwordRoutes = (parts: Parts): readonly Route[] => {
  const { db, secrets, passwords, positions, give, mails, mailTokens, mailAttempts } = parts;

  type Change = Pick<Parameters<Route['handler']>[0], 'commandId' | 'timeMs' | 'traceparent'> & {
    readonly profileId: string;
    readonly passwordId: string;
    readonly emailHash: string | null;
    readonly except: string | null;
    readonly password: string;
  };
  /** The same request always makes the same command. Waits until a sign-in that follows at once finds the new password. */
  const change = async ({ commandId, timeMs, traceparent, password, ...data }: Change) => {
    const { profileId } = data;
    const hash = await hashed(() => passwords.hash(password, secrets.passwordSalt(commandId)));
    const passwordSealed = secrets.passwords.seal(Buffer.from(hash), passwordPlace(profileId));
    const { position } = await give({
      id: commandId,
      type: 'ChangePassword',
      data: { ...data, passwordSealed },
      actor: profileId,
      timeMs,
      traceparent,
      // What was the password before makes it no other request: a repeated one finds that it is the new one already.
      fingerprint: fingerprint(['ChangePassword', profileId, passwordSealed.toString('base64')]),
    });
    return reply({ headers: await shown(position, positions) });
  };

  return [
    defineRoute({
      method: 'post',
      path: '/profiles/me/password',
      operationId: 'changePassword',
      summary: 'Choose a new password',
      description: 'You are signed out everywhere else.',
      tags: ['profiles'],
      auth: 'bearer',
      kind: 'command',
      body: z.strictObject({
        password: knownPassword(),
        newPassword: newPassword(),
      }),
      response: z.undefined(),
      status: 204,
      problems: [
        'profile_not_found',
        'wrong_password',
        'password_too_common',
        'too_many_attempts',
        'idempotency_key_reused',
        'busy',
      ],
      handler: async ({ actor, claims, body, clientAddress, commandId, timeMs, traceparent }) => {
        refuseCommon(body.newPassword);
        const account = await accountById(db, actor);
        if (!account) throw profileNotFound();
        // Who repeats the request, since its answer was lost, has the new password by now.
        const known = [body.password, body.newPassword];
        await provePassword({ account, known, clientAddress }, parts);
        const { passwordId } = account;
        const whose = { profileId: actor, passwordId, emailHash: null, except: sessionIdOf(claims) };
        return change({ ...whose, password: body.newPassword, commandId, timeMs, traceparent });
      },
    }),

    defineRoute({
      method: 'post',
      path: '/auth/password/forgot',
      operationId: 'forgotPassword',
      summary: 'Have a token for a new password mailed to you',
      description: 'The answer is the same where no account has this address.',
      tags: ['auth'],
      auth: 'none',
      kind: 'command',
      body: z.strictObject({ email: email() }),
      response: z.undefined(),
      status: 202,
      problems: ['too_many_attempts'],
      handler: async ({ body, clientAddress, timeMs }) => {
        const emailHash = secrets.emailHash(body.email);
        await mailAttempts.begin({ emailHash, clientAddress });
        const account = await accountByEmailHash(db, emailHash);
        if (account) {
          const expiresAtMs = timeMs + resetMs;
          const said = { purpose: 'reset', profileId: account.profile.id, expiresAtMs, emailHash } as const;
          void mails.resetPassword({ to: body.email, token: mailTokens.derive(said, account), expiresAtMs });
        }
        return reply({});
      },
    }),

    defineRoute({
      method: 'post',
      path: '/auth/password/reset',
      operationId: 'resetPassword',
      summary: 'Choose a new password with a token that was mailed to you',
      description: 'You are signed out everywhere.',
      tags: ['auth'],
      auth: 'none',
      kind: 'command',
      body: z.strictObject({
        token: mailToken(),
        newPassword: newPassword(),
      }),
      response: z.undefined(),
      status: 204,
      problems: ['reset_token_invalid', 'password_too_common', 'idempotency_key_reused', 'busy'],
      handler: async ({ body, commandId, timeMs, traceparent }) => {
        refuseCommon(body.newPassword);
        const said = mailTokens.read(body.token);
        const account = said && (await accountById(db, said.profileId));
        if (!account || !mailTokens.verify(body.token, 'reset', account, timeMs)) {
          throw new Refusal('reset_token_invalid', 'The token is not valid, or not any more.');
        }
        const { emailHash, passwordId, profile } = account;
        const whose = { profileId: profile.id, passwordId, emailHash, except: null };
        return change({ ...whose, password: body.newPassword, commandId, timeMs, traceparent });
      },
    }),
  ];
};
