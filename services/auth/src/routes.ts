import {
  defineRoute,
  type ProblemTable,
  type PublicKeys,
  Refusal,
  type Route,
  reply,
  uuid,
  type VerifyToken,
} from '@palaver/http';
import { profileById } from '@palaver/projection-auth';
import { formatPosition } from '@palaver/projector';
import { z } from 'zod';
import { accountRoutes } from './account-routes.ts';
import { emailRoutes } from './email-routes.ts';
import { type MailParts, passwordRoutes } from './password-routes.ts';
import { type ProfileParts, profileRoutes } from './profile-routes.ts';
import { chosenPassword, displayName, email, hashed, profileSchema } from './route-parts.ts';
import { type SessionParts, sessionProblems, sessionRoutes, sessionTokensSchema } from './session-routes.ts';
import { type SignUpParts, signUp } from './sign-up.ts';

/** Codes of this domain over HTTP. */
export const authProblems = {
  email_taken: { status: 409, title: 'The address is taken' },
  email_unchanged: { status: 409, title: 'The address is that of the account already' },
  email_not_reserved: { status: 409, title: 'The address is not reserved for the account' },
  email_token_invalid: { status: 401, title: 'The token for the address is not valid' },
  reset_token_invalid: { status: 401, title: 'The token for a new password is not valid' },
  profile_exists: { status: 409, title: 'The profile exists already' },
  picture_not_found: { status: 422, title: 'There is no such picture' },
  profile_not_found: { status: 404, title: 'There is no such profile' },
  wrong_password: { status: 403, title: 'The password is wrong' },
  password_too_common: { status: 422, title: 'The password is too common' },
  busy: { status: 503, title: 'Too many passwords to check at once' },
  ...sessionProblems,
} as const satisfies ProblemTable;

/** What the routes are made of. */
export type AuthParts = SignUpParts &
  SessionParts &
  ProfileParts &
  MailParts & { readonly verifyToken: VerifyToken; readonly publicKeys: PublicKeys };

/** This service's routes, commands and queries. */
export const authRoutes = (parts: AuthParts): readonly Route[] => {
  const { db } = parts;

  return [
    defineRoute({
      method: 'post',
      path: '/auth/signup',
      operationId: 'signUp',
      summary: 'Make an account and sign in to it',
      description:
        'Tried again with the same `Idempotency-Key`, it answers with the account and the tokens of the first time. A common password is a 422.',
      tags: ['auth'],
      auth: 'none',
      kind: 'command',
      body: z.strictObject({ name: displayName(), email: email(), password: chosenPassword() }),
      response: sessionTokensSchema.extend({ profile: profileSchema }),
      status: 201,
      problems: [
        'email_taken',
        'password_too_common',
        'profile_exists',
        'session_exists',
        'idempotency_key_reused',
        'busy',
      ],
      handler: async ({ body, commandId, id, timeMs, traceparent, userAgent }) => {
        const ids = { profileId: id('profile'), sessionId: id('session'), commandId };
        const request = { ...body, ...ids, device: userAgent, timeMs, traceparent };
        const { profile, tokens, positions } = await hashed(() => signUp(request, parts));
        return reply({
          headers: { 'Palaver-Position': positions.map(formatPosition).join(',') },
          body: { profile, ...tokens },
        });
      },
    }),

    ...sessionRoutes(parts),

    defineRoute({
      method: 'post',
      path: '/auth/verify',
      operationId: 'verifyToken',
      summary: 'See whose an access token is, and until when',
      tags: ['auth'],
      auth: 'none',
      kind: 'query',
      body: z.strictObject({
        token: z
          .string()
          .min(1)
          .max(4_096)
          .meta({ examples: ['eyJhbGciOiJSUzI1NiJ9.e30.c2ln'] }),
      }),
      response: z.object({
        profileId: uuid(),
        name: z.string().meta({ examples: ['Ada'] }),
        expiresAt: z.iso.datetime(),
      }),
      status: 200,
      problems: ['token_invalid', 'token_expired', 'session_ended'],
      handler: async ({ body }) => {
        const { sub, exp } = parts.verifyToken(body.token);
        const found = await profileById(db, sub);
        if (!found) throw new Refusal('token_invalid', 'The token is of a profile that is not there.');
        return { profileId: sub, name: found.profile.name, expiresAt: new Date(exp * 1_000).toISOString() };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/.well-known/jwks.json',
      operationId: 'getKeys',
      summary: 'Get the public keys that access tokens are signed with (RFC 7517)',
      tags: ['auth'],
      auth: 'none',
      kind: 'query',
      response: z.object({
        keys: z.array(
          z.object({
            kty: z.string().meta({ examples: ['RSA'] }),
            kid: z.string().meta({ examples: ['b6E4WrsNGhSo9PTvxfw9JO2Z5HiMnULtzYYfx8KSYXj'] }),
            alg: z.string().meta({ examples: ['RS256'] }),
            use: z.string().meta({ examples: ['sig'] }),
            n: z.string().meta({ examples: ['0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78'] }),
            e: z.string(),
          }),
        ),
      }),
      status: 200,
      problems: [],
      // For a minute: who meets a kid that it does not know asks again anyway.
      handler: () =>
        reply({ headers: { 'Cache-Control': 'public, max-age=60' }, json: JSON.stringify(parts.publicKeys.jwks) }),
    }),

    ...profileRoutes(parts),
    ...emailRoutes(parts),
    ...passwordRoutes(parts),
    ...accountRoutes(parts),
  ];
};
