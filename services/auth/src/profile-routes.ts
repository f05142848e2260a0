import { fingerprint } from '@palaver/decider';
import { defineRoute, expectedVersion, type Route, reply, uuid, webAddress } from '@palaver/http';
import { accountById, profileById } from '@palaver/projection-auth';
import { z } from 'zod';
import type { ProfileChangedResult } from './profile.ts';
import { displayName, emailOf, profileNotFound, profileSchema, shown } from './route-parts.ts';
import type { SignUpParts } from './sign-up.ts';

/** What is shown of people, and how they change it. */

/** Null takes it away. */
const avatarUrl = () =>
  webAddress()
    .nullable()
    .optional()
    .meta({ examples: ['https://example.com/ada.png'] });

export const profileRoutes = ({ db, dataKeys, give, positions }: SignUpParts): readonly Route[] => [
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
      const email = await emailOf(account, dataKeys);
      return reply({ etag: String(account.version), body: { ...account.profile, email } });
    },
  }),

  defineRoute({
    method: 'patch',
    path: '/profiles/me',
    operationId: 'changeProfile',
    summary: 'Change your name or picture; with If-Match only what you have seen',
    tags: ['profiles'],
    auth: 'bearer',
    kind: 'command',
    body: z.strictObject({ name: displayName().optional(), avatarUrl: avatarUrl() }),
    response: profileSchema,
    status: 200,
    problems: ['profile_not_found', 'precondition_failed'],
    handler: async ({ actor, body, commandId, ifMatch, timeMs, traceparent }) => {
      const { name = null, avatarUrl: picture } = body;
      const avatarUrl = picture === undefined ? null : (picture ?? '');
      const data = { profileId: actor, name, avatarUrl, expectedVersion: expectedVersion(ifMatch) };
      const { result, position } = await give<ProfileChangedResult>({
        id: commandId,
        type: 'ChangeProfile',
        data,
        actor,
        timeMs,
        traceparent,
        fingerprint: fingerprint(data),
      });
      const headers = await shown(position, positions);
      const seen = await profileById(db, actor);
      if (!seen) throw profileNotFound();
      const { profile } = seen;
      // When it is late, this change at least is shown.
      const isLate = seen.version < result.version;
      const late = { name: name ?? profile.name, avatarUrl: picture === undefined ? profile.avatarUrl : picture };
      return reply({
        headers,
        etag: String(Math.max(seen.version, result.version)),
        body: isLate ? { ...profile, ...late } : profile,
      });
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
      const found = await profileById(db, params.profileId);
      if (!found) throw profileNotFound();
      return reply({ etag: String(found.version), body: found.profile });
    },
  }),
];
