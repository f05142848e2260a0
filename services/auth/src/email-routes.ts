import { derivedId, fingerprint } from '@palaver/decider';
import { defineRoute, Refusal, type Route, reply } from '@palaver/http';
import { accountById } from '@palaver/projection-auth';
import { z } from 'zod';
import { type ChangedResult, type ConfirmedResult, changeEmailAfter, type ReservedResult } from './email-change.ts';
import type { MailParts } from './password-routes.ts';
import {
  email,
  knownPassword,
  mailToken,
  type ProofParts,
  positionHeader,
  profileNotFound,
  provePassword,
  shown,
} from './route-parts.ts';
import { emailPlace, type SignUpParts } from './sign-up.ts';

/** The change of an address: asked for by who knows the password, confirmed by who reads the mails of the new one. */

type Parts = SignUpParts & ProofParts & MailParts;

export const emailRoutes = (parts: Parts): readonly Route[] => {
  const { db, secrets, dataKeys, positions, give, mails, mailTokens, mailAttempts } = parts;
  return [
    defineRoute({
      method: 'post',
      path: '/profiles/me/email',
      operationId: 'changeEmail',
      summary: 'Ask for another address',
      description: 'A token is mailed to it, and the old one stays until that is confirmed.',
      tags: ['profiles'],
      auth: 'bearer',
      kind: 'command',
      body: z.strictObject({ email: email(), password: knownPassword() }),
      response: z.object({ expiresAt: z.iso.datetime() }),
      status: 202,
      problems: [
        'profile_not_found',
        'wrong_password',
        'email_taken',
        'email_unchanged',
        'too_many_attempts',
        'idempotency_key_reused',
        'busy',
      ],
      handler: async ({ actor, body, clientAddress, commandId, timeMs, traceparent }) => {
        const account = await accountById(db, actor);
        const dataKey = account && (await dataKeys.of(actor));
        if (!dataKey) throw profileNotFound();
        await provePassword({ account, known: [body.password], clientAddress }, parts);
        // Whoever asks is known, and the address is somebody else's until it is confirmed: both are counted.
        await mailAttempts.begin({ emailHash: actor, clientAddress });
        const emailHash = secrets.emailHash(body.email);
        await mailAttempts.begin({ emailHash, clientAddress });
        const { passwordId } = account;
        const emailSealed = dataKey.seal(Buffer.from(body.email), emailPlace(actor));
        const { result, position } = await give<ReservedResult>({
          id: commandId,
          type: 'ReserveEmail',
          data: { emailHash, profileId: actor, emailSealed, passwordId },
          actor,
          timeMs,
          traceparent,
          fingerprint: fingerprint(['ReserveEmail', actor, emailHash]),
        });
        const { expiresAtMs } = result;
        const token = mailTokens.derive({ purpose: 'email', profileId: actor, expiresAtMs, emailHash }, account);
        void mails.confirmEmail({ to: body.email, token, expiresAtMs });
        return reply({
          headers: positionHeader(position),
          body: { expiresAt: new Date(expiresAtMs).toISOString() },
        });
      },
    }),

    defineRoute({
      method: 'post',
      path: '/auth/email/confirm',
      operationId: 'confirmEmail',
      summary: 'Confirm an address with the token that was mailed to it',
      description: 'It is that of your account from then on.',
      tags: ['auth'],
      auth: 'none',
      kind: 'command',
      body: z.strictObject({ token: mailToken() }),
      response: z.undefined(),
      status: 204,
      problems: ['email_token_invalid', 'email_not_reserved'],
      handler: async ({ body, timeMs, traceparent }) => {
        const said = mailTokens.read(body.token);
        const account = said && (await accountById(db, said.profileId));
        if (!account || !mailTokens.verify(body.token, 'email', account, timeMs)) {
          throw new Refusal('email_token_invalid', 'The token is not valid, or not any more.');
        }
        const { profileId, emailHash } = said;
        // Of the token, not of the request: whoever follows the link twice does the same once.
        const commandId = derivedId('confirm email', body.token);
        const given = { actor: profileId, timeMs, traceparent };
        const data = { emailHash, profileId };
        const confirmed = await give<ConfirmedResult>({
          ...given,
          id: commandId,
          type: 'ConfirmEmail',
          data,
          fingerprint: fingerprint(data),
        });
        if (confirmed.result === null) return reply({});
        const { passwordId, emailSealed } = confirmed.result;
        const event = { ...data, passwordId, emailSealed: Buffer.from(emailSealed, 'base64') };
        const { result, position } = await give<ChangedResult>(changeEmailAfter(event, { ...given, commandId }));
        if (!result.changed)
          throw new Refusal('email_not_reserved', 'The account has changed since this was asked for.');
        return reply({ headers: await shown(position, positions) });
      },
    }),
  ];
};
