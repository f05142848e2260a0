import {
  defineRoute,
  oneLine,
  type ProblemTable,
  Refusal,
  type Route,
  reply,
  text,
  uuid,
  type VerifyToken,
} from '@palaver/http';
import { type Account, accountByEmailHash, accountById, profileById } from '@palaver/projection-auth';
import { formatPosition } from '@palaver/projector';
import { z } from 'zod';
import { accountRoutes } from './account-routes.ts';
import type { DataKeys } from './data-keys.ts';
import { maxEmailLength, normalizeEmail } from './email.ts';
import { hashed, passwordHashOf } from './password-check.ts';
import { passwordLength } from './passwords.ts';
import { emailPlace, type SignUpParts, signUp } from './sign-up.ts';
import type { IssueToken } from './tokens.ts';

/** Codes of this domain over HTTP. */
export const authProblems = {
  email_taken: { status: 409, title: 'The address has an account already' },
  profile_exists: { status: 409, title: 'The profile exists already' },
  invalid_credentials: { status: 401, title: 'Address or password is wrong' },
  profile_not_found: { status: 404, title: 'There is no such profile' },
  wrong_password: { status: 403, title: 'The password is wrong' },
  busy: { status: 503, title: 'Too many passwords to check at once' },
} as const satisfies ProblemTable;

/** What the routes are made of. */
export type AuthParts = SignUpParts & { readonly issueToken: IssueToken; readonly verifyToken: VerifyToken };

const email = () =>
  z
    .string()
    .max(maxEmailLength)
    .transform((value, context) => {
      const address = normalizeEmail(value);
      if (address !== null) return address;
      context.addIssue({ code: 'custom', message: 'must be an email address', params: { code: 'invalid_email' } });
      return z.NEVER;
    })
    .meta({ format: 'email', examples: ['ada@example.com'] });

const displayName = () => oneLine({ max: 32 }).meta({ minLength: 1, maxLength: 32, examples: ['Ada'] });

const profileSchema = z.object({ id: uuid(), name: z.string(), createdAt: z.iso.datetime() });
const sessionSchema = z.object({
  profile: profileSchema,
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  expiresInSeconds: z.int(),
});

/** This service's routes, commands and queries. */
export const authRoutes = (parts: AuthParts): readonly Route[] => {
  const { db, secrets, passwords, issueToken } = parts;

  return [
    defineRoute({
      method: 'post',
      path: '/auth/signup',
      operationId: 'signUp',
      summary: 'Make an account and sign in to it',
      tags: ['auth'],
      auth: 'none',
      kind: 'command',
      body: z.strictObject({ name: displayName(), email: email(), password: text(passwordLength) }),
      response: sessionSchema,
      status: 201,
      problems: ['email_taken', 'profile_exists', 'idempotency_key_reused', 'busy'],
      handler: async ({ body, commandId, id, timeMs, traceparent }) => {
        const request = { ...body, profileId: id('profile'), commandId, timeMs, traceparent };
        const { profile, positions } = await hashed(() => signUp(request, parts));
        return reply({
          headers: { 'Palaver-Position': positions.map(formatPosition).join(',') },
          body: { profile, ...issueToken(profile.id) },
        });
      },
    }),

    defineRoute({
      method: 'post',
      path: '/auth/signin',
      operationId: 'signIn',
      summary: 'Sign in with address and password',
      tags: ['auth'],
      auth: 'none',
      kind: 'query',
      body: z.strictObject({ email: email(), password: text({ min: 1, max: passwordLength.max }) }),
      response: sessionSchema,
      status: 200,
      problems: ['invalid_credentials', 'busy'],
      handler: async ({ body }) => {
        const account = await accountByEmailHash(db, secrets.emailHash(body.email));
        const hash = account && passwordHashOf(account, secrets);
        const right = await hashed(() => passwords.verify(hash, body.password));
        if (!account || !right) throw new Refusal('invalid_credentials', 'There is no account with these.');
        return { profile: account.profile, ...issueToken(account.profile.id) };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/auth/verify',
      operationId: 'verifyToken',
      summary: 'See whose an access token is, and until when',
      tags: ['auth'],
      auth: 'none',
      kind: 'query',
      body: z.strictObject({ token: z.string().min(1).max(4_096) }),
      response: z.object({ profileId: uuid(), name: z.string(), expiresAt: z.iso.datetime() }),
      status: 200,
      problems: ['token_invalid', 'token_expired'],
      handler: async ({ body }) => {
        const { sub, exp } = parts.verifyToken(body.token);
        const profile = await profileById(db, sub);
        if (!profile) throw new Refusal('token_invalid', 'The token is of a profile that is not there.');
        return { profileId: sub, name: profile.name, expiresAt: new Date(exp * 1_000).toISOString() };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/profiles/me',
      operationId: 'getOwnProfile',
      summary: 'See your own profile, with its address',
      tags: ['profiles'],
      auth: 'bearer',
      kind: 'query',
      response: profileSchema.extend({ email: z.string().nullable() }),
      status: 200,
      problems: ['profile_not_found'],
      handler: async ({ actor }) => {
        const account = await accountById(db, actor);
        if (!account) throw profileNotFound();
        return { ...account.profile, email: await emailOf(account, parts.dataKeys) };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/profiles/:profileId',
      operationId: 'getProfile',
      summary: 'See what everybody may see of a profile',
      tags: ['profiles'],
      auth: 'bearer',
      kind: 'query',
      params: z.object({ profileId: uuid() }),
      response: profileSchema,
      status: 200,
      problems: ['profile_not_found'],
      handler: async ({ params }) => {
        const profile = await profileById(db, params.profileId);
        if (!profile) throw profileNotFound();
        return profile;
      },
    }),

    ...accountRoutes(parts),
  ];
};

/** Null when the profile's data key was destroyed. */
const emailOf = async ({ profile, emailSealed }: Account, dataKeys: DataKeys): Promise<string | null> => {
  const dataKey = await dataKeys.of(profile.id);
  return dataKey?.unseal(emailSealed, emailPlace(profile.id)).toString() ?? null;
};

const profileNotFound = (): Refusal => new Refusal('profile_not_found', 'There is no such profile.');
