import { defineRoute, expectedVersion, type Route, reply, uuid } from '@palaver/http';
import { accountById, profileById } from '@palaver/projection-auth';
import { z } from 'zod';
import type { ProfileChangedResult } from './profile.ts';
import { displayName, emailOf, profileNotFound, profileSchema } from './route-parts.ts';
import type { SignUpParts } from './sign-up.ts';

/** What is shown of people, and how they change it. */

const avatarUrl = () =>
  z
    .url({ protocol: /^https$/ })
    .max(2_048)
    .meta({ examples: ['https://example.com/ada.png'] });

export const profileRoutes = ({ db, dataKeys }: Pick<SignUpParts, 'db' | 'dataKeys'>): readonly Route[] => [
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
    body: z.strictObject({ name: displayName().optional(), avatarUrl: avatarUrl().nullable().optional() }),
    response: profileSchema,
    status: 200,
    problems: ['profile_not_found', 'precondition_failed'],
    handler: async ({ actor, body, ifMatch, submit }) => {
      const { name = null, avatarUrl } = body;
      const result = await submit<ProfileChangedResult>({
        type: 'ChangeProfile',
        data: {
          profileId: actor,
          name,
          avatarUrl: avatarUrl === undefined ? null : (avatarUrl ?? ''),
          expectedVersion: expectedVersion(ifMatch),
        },
      });
      const createdAt = new Date(result.createdAtMs).toISOString();
      return reply({
        etag: String(result.version),
        body: { id: actor, name: result.name, avatarUrl: result.avatarUrl, createdAt },
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
