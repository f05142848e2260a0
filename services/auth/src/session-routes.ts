import { derivedId, fingerprint } from '@palaver/decider';
import { defineRoute, type ProblemTable, Refusal, type Route, reply, uuid } from '@palaver/http';
import { accountByEmailHash, type Database, sessionsOf } from '@palaver/projection-auth';
import type { Pictures } from '@palaver/projection-shared';
import { z } from 'zod';
import type { Attempts } from './attempts.ts';
import { type OpeningParts, openSession } from './open-session.ts';
import type { Passwords } from './passwords.ts';
import { refreshHash, refreshTokenLength } from './refresh-tokens.ts';
import { keepByTodaysParameters } from './rehash.ts';
import {
  attempted,
  email,
  knownPassword,
  passwordHashOf,
  positionHeader,
  profileSchema,
  sessionIdOf,
  viewOf,
} from './route-parts.ts';
import type { Secrets } from './secrets.ts';
import type { EndedResult, RefreshResult } from './session.ts';

/** Signing in and out: over HTTP, sessions begin, go on and end here. */

export const sessionProblems = {
  invalid_credentials: { status: 401, title: 'Address or password is wrong' },
  too_many_attempts: { status: 429, title: 'Too many attempts' },
  session_exists: { status: 409, title: 'The session was started before' },
  session_expired: { status: 401, title: 'The session was not refreshed in time' },
  session_not_found: { status: 404, title: 'There is no such session' },
  refresh_token_invalid: { status: 401, title: 'The refresh token is not valid' },
  refresh_token_reused: { status: 401, title: 'The refresh token was spent before' },
} as const satisfies ProblemTable;

export const sessionTokensSchema = z
  .object({
    sessionId: uuid(),
    accessToken: z
      .string()
      .meta({ examples: ['eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTkwIn0.c2lnbmF0dXJl'] }),
    tokenType: z.literal('Bearer'),
    expiresInSeconds: z.int(),
    refreshToken: z.string().meta({ examples: ['mZ5fXjq0y1cS8b0kq3C2rQ'] }),
  })
  .meta({ id: 'Tokens' });

export type SessionParts = OpeningParts & {
  readonly db: Database;
  readonly secrets: Secrets;
  readonly passwords: Passwords;
  readonly attempts: Attempts;
  readonly pictures: Pictures;
};

export const sessionRoutes = (parts: SessionParts): readonly Route[] => {
  const { db, give, secrets, passwords, attempts, refreshTokens, issueToken } = parts;

  return [
    defineRoute({
      method: 'post',
      path: '/auth/signin',
      operationId: 'signIn',
      summary: 'Sign in with address and password',
      description:
        'Each sign-in begins a session. After ten wrong passwords an account has to wait: 429 with `Retry-After`.',
      tags: ['auth'],
      auth: 'none',
      kind: 'command',
      body: z.strictObject({ email: email(), password: knownPassword() }),
      response: sessionTokensSchema.extend({ profile: profileSchema }),
      status: 200,
      problems: ['invalid_credentials', 'too_many_attempts', 'session_exists', 'idempotency_key_reused', 'busy'],
      handler: async ({ body, clientAddress, userAgent, commandId, id, timeMs, traceparent }) => {
        const emailHash = secrets.emailHash(body.email);
        const attempt = await attempts.begin({ emailHash, clientAddress });
        const account = await accountByEmailHash(db, emailHash);
        const hash = account && passwordHashOf(account, secrets);
        const right = await attempted(attempt, () => passwords.verify(hash, body.password));
        if (!account || !right) throw new Refusal('invalid_credentials', 'There is no account with these.');
        const { profile, passwordId } = account;
        const { tokens, position } = await openSession(
          {
            profileId: profile.id,
            // A key is whoever chooses it; only with the profile does it belong to somebody.
            sessionId: derivedId(profile.id, id('session')),
            commandId: derivedId(profile.id, commandId),
            device: userAgent,
            passwordId,
            timeMs,
            traceparent,
          },
          parts,
        );
        if (passwords.isOutdated(hash!)) {
          const rehash = { profileId: profile.id, passwordId, password: body.password, timeMs, traceparent };
          await keepByTodaysParameters({ ...rehash, commandId: derivedId('rehash', commandId) }, parts);
        }
        return reply({ headers: positionHeader(position), body: { profile: viewOf(profile, parts), ...tokens } });
      },
    }),

    defineRoute({
      method: 'post',
      path: '/auth/refresh',
      operationId: 'refreshSession',
      summary: 'Get new tokens for a refresh token',
      description: 'A refresh token is good once; who shows one that was used before ends the session.',
      tags: ['auth'],
      auth: 'none',
      kind: 'command',
      body: z.strictObject({
        refreshToken: z
          .string()
          .min(1)
          .max(refreshTokenLength * 2)
          .meta({ examples: ['A'.repeat(refreshTokenLength)] }),
      }),
      response: sessionTokensSchema,
      status: 200,
      problems: [
        'refresh_token_invalid',
        'refresh_token_reused',
        'session_ended',
        'session_expired',
        'idempotency_key_reused',
      ],
      handler: async ({ body, commandId: requested, timeMs, traceparent }) => {
        const token = refreshTokens.parse(body.refreshToken);
        if (token === null) throw new Refusal('refresh_token_invalid', 'This service has not given this token.');
        const { profileId, sessionId } = token;
        const commandId = derivedId(sessionId, requested);
        const next = refreshTokens.issue({ profileId, sessionId, commandId });
        const spent = refreshHash(body.refreshToken);
        const { result, position } = await give<RefreshResult>({
          id: commandId,
          type: 'RefreshSession',
          data: { profileId, sessionId, refreshHash: spent, nextRefreshHash: refreshHash(next) },
          actor: profileId,
          timeMs,
          fingerprint: fingerprint(['RefreshSession', spent]),
          traceparent,
        });
        if (!result.refreshed) {
          throw new Refusal(
            'refresh_token_reused',
            'The token was spent before, so its session has ended; sign in again.',
          );
        }
        return reply({
          headers: positionHeader(position),
          body: { sessionId, ...issueToken({ ...result, commandId }), refreshToken: next },
        });
      },
    }),

    defineRoute({
      method: 'post',
      path: '/auth/signout',
      operationId: 'signOut',
      summary: 'End the session of the access token',
      tags: ['auth'],
      auth: 'bearer',
      kind: 'command',
      response: z.void(),
      status: 204,
      problems: ['session_not_found'],
      handler: async ({ actor, claims, submit }) => {
        const data = { profileId: actor, sessionId: sessionIdOf(claims), reason: 'SIGNED_OUT' };
        await submit<EndedResult>({ type: 'EndSession', data });
        return reply({});
      },
    }),

    defineRoute({
      method: 'get',
      path: '/auth/sessions',
      operationId: 'listSessions',
      summary: 'See where you are signed in',
      tags: ['auth'],
      auth: 'bearer',
      kind: 'query',
      response: z.object({
        items: z.array(
          z.object({
            id: uuid(),
            device: z
              .string()
              .nullable()
              .meta({ examples: ['Mozilla/5.0 (X11; Linux x86_64)'] }),
            createdAt: z.iso.datetime(),
            lastRefreshedAt: z.iso.datetime(),
            expiresAt: z.iso.datetime(),
            current: z.boolean(),
          }),
        ),
      }),
      status: 200,
      problems: [],
      handler: async ({ actor, claims, timeMs }) => {
        const sessions = await sessionsOf(db, actor, new Date(timeMs));
        return { items: sessions.map((session) => ({ ...session, current: session.id === claims.sid })) };
      },
    }),

    defineRoute({
      method: 'delete',
      path: '/auth/sessions/:sessionId',
      operationId: 'endSession',
      summary: 'End one of your sessions',
      description: 'Its tokens are refused everywhere from then on.',
      tags: ['auth'],
      auth: 'bearer',
      kind: 'command',
      params: z.object({ sessionId: uuid() }),
      response: z.void(),
      status: 204,
      problems: ['session_not_found'],
      handler: async ({ actor, params, submit }) => {
        const data = { profileId: actor, sessionId: params.sessionId, reason: 'REVOKED' };
        await submit<EndedResult>({ type: 'EndSession', data });
        return reply({});
      },
    }),

    defineRoute({
      method: 'delete',
      path: '/auth/sessions',
      operationId: 'endSessions',
      summary: 'Sign out everywhere, or everywhere else',
      tags: ['auth'],
      auth: 'bearer',
      kind: 'command',
      query: z.strictObject({
        except: z.literal('current').optional().meta({ description: 'Keeps the session of the access token.' }),
      }),
      response: z.object({ ended: z.array(uuid()) }),
      status: 200,
      problems: [],
      handler: async ({ actor, claims, query, submit }) => {
        const except = query.except === 'current' ? sessionIdOf(claims) : null;
        const { ended } = await submit<EndedResult>({
          type: 'EndSessions',
          data: { profileId: actor, except, reason: 'REVOKED' },
        });
        return { ended: [...ended] };
      },
    }),
  ];
};
