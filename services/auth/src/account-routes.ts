import { fingerprint } from '@palaver/decider';
import { defineRoute, Refusal, type Route, reply, text } from '@palaver/http';
import { accountById } from '@palaver/projection-auth';
import { formatPosition } from '@palaver/projector';
import { z } from 'zod';
import type { Attempts } from './attempts.ts';
import { passwordLength } from './passwords.ts';
import { passwordIdOf } from './profile.ts';
import { hashed, passwordHashOf } from './route-parts.ts';
import type { SignUpParts } from './sign-up.ts';

/** Most time that a deletion waits until nobody is shown the account any more, ms. It is done in either case. */
const goneWithinMs = 1_000;

const messagesLeft = () =>
  z.enum(['ANONYMIZE', 'DELETE']).meta({
    description: 'ANONYMIZE: what you posted stays, with no author. DELETE: it goes.',
    examples: ['DELETE'],
  });

type Parts = SignUpParts & { readonly attempts: Attempts };

/** The end of an account. */
export const accountRoutes = ({ db, secrets, passwords, attempts, give, positions }: Parts): readonly Route[] => [
  defineRoute({
    method: 'delete',
    path: '/profiles/me',
    operationId: 'deleteAccount',
    summary: 'Delete your account: name, address and sessions at once, what you posted within moments, for good',
    tags: ['profiles'],
    auth: 'bearer',
    kind: 'command',
    body: z.strictObject({
      password: text({ min: 1, max: passwordLength.max }).meta({ examples: ['correct horse battery'] }),
      messages: messagesLeft(),
    }),
    response: z.undefined(),
    status: 204,
    problems: ['profile_not_found', 'wrong_password', 'too_many_attempts', 'busy'],
    handler: async ({ actor, body, clientAddress, commandId, timeMs, traceparent }) => {
      const account = await accountById(db, actor);
      if (!account) throw new Refusal('profile_not_found', 'There is no such profile.');
      // Who holds a token and guesses at the password is slowed down as at sign-in, apart from it.
      const attempt = await attempts.begin({ emailHash: actor, clientAddress });
      const hash = passwordHashOf(account, secrets);
      const right = await hashed(() => passwords.verify(hash, body.password)).catch(async (error: unknown) => {
        await attempt.undo();
        throw error;
      });
      if (!right) throw new Refusal('wrong_password', 'The password is not that of this account; nothing was deleted.');
      await attempt.right();
      const passwordId = passwordIdOf(account.passwordSealed);
      const data = { profileId: actor, messages: body.messages, passwordId };
      const { position } = await give({
        id: commandId,
        type: 'DeleteAccount',
        data,
        actor,
        timeMs,
        traceparent,
        // The same request after the password was changed is another one; of the password itself nothing may be on the log.
        fingerprint: fingerprint(data),
      });
      const deleted = { service: 'auth', ...position };
      await positions.waitFor([deleted], goneWithinMs);
      return reply({ headers: { 'Palaver-Position': formatPosition(deleted) } });
    },
  }),
];
