import { fingerprint } from '@palaver/decider';
import { defineRoute, Refusal, type Route, reply, text } from '@palaver/http';
import { accountById } from '@palaver/projection-auth';
import { formatPosition } from '@palaver/projector';
import { z } from 'zod';
import { hashed, passwordHashOf } from './password-check.ts';
import { passwordLength } from './passwords.ts';
import { passwordIdOf } from './profile.ts';
import type { SignUpParts } from './sign-up.ts';

/** Most time that a deletion waits until nobody is shown the account any more, ms. It is done in either case. */
const goneWithinMs = 1_000;

const messagesLeft = () =>
  z.enum(['ANONYMIZE', 'DELETE']).meta({
    description: 'ANONYMIZE: what you posted stays, with no author. DELETE: it goes.',
    examples: ['DELETE'],
  });

/** The end of an account. */
export const accountRoutes = ({ db, secrets, passwords, give, positions }: SignUpParts): readonly Route[] => [
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
    problems: ['profile_not_found', 'wrong_password', 'busy'],
    handler: async ({ actor, body, commandId, timeMs, traceparent }) => {
      const account = await accountById(db, actor);
      if (!account) throw new Refusal('profile_not_found', 'There is no such profile.');
      const hash = passwordHashOf(account, secrets);
      if (!(await hashed(() => passwords.verify(hash, body.password)))) {
        throw new Refusal('wrong_password', 'The password is not that of this account; nothing was deleted.');
      }
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
