import { fingerprint } from '@palaver/decider';
import { defineRoute, type Route, reply } from '@palaver/http';
import { accountById } from '@palaver/projection-auth';
import { z } from 'zod';
import { knownPassword, type ProofParts, profileNotFound, provePassword, shown } from './route-parts.ts';
import type { SignUpParts } from './sign-up.ts';

const messagesLeft = () =>
  z.enum(['ANONYMIZE', 'DELETE']).meta({
    description: 'ANONYMIZE: what you posted stays, with no author. DELETE: it goes.',
    examples: ['DELETE'],
  });

type Parts = SignUpParts & ProofParts;

/** The end of an account. */
export const accountRoutes = (parts: Parts): readonly Route[] => [
  defineRoute({
    method: 'delete',
    path: '/profiles/me',
    operationId: 'deleteAccount',
    summary: 'Delete your account, for good',
    description:
      'Name, address and sessions go at once, what you posted within moments: deleted, or kept without its author, as `messages` says.',
    tags: ['profiles'],
    auth: 'bearer',
    kind: 'command',
    body: z.strictObject({
      password: knownPassword(),
      messages: messagesLeft(),
    }),
    response: z.undefined(),
    status: 204,
    problems: ['profile_not_found', 'wrong_password', 'too_many_attempts', 'busy'],
    handler: async ({ actor, body, clientAddress, commandId, timeMs, traceparent }) => {
      const account = await accountById(parts.db, actor);
      if (!account) throw profileNotFound();
      await provePassword({ account, known: [body.password], clientAddress }, parts);
      const data = { profileId: actor, messages: body.messages, passwordId: account.passwordId };
      const { position } = await parts.give({
        id: commandId,
        type: 'DeleteAccount',
        data,
        actor,
        timeMs,
        traceparent,
        // The same request after the password was changed is another one; of the password itself nothing may be on the log.
        fingerprint: fingerprint(data),
      });
      return reply({ headers: await shown(position, parts.positions) });
    },
  }),
];
