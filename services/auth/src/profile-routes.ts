import { fingerprint } from '@palaver/decider';
import {
  defineRoute,
  entityTag,
  expectedVersion,
  notTogether,
  Refusal,
  type Route,
  reply,
  uuid,
  webAddress,
} from '@palaver/http';
import { accountById, type ProfileView, profileById } from '@palaver/projection-auth';
import type { Pictures } from '@palaver/projection-shared';
import { z } from 'zod';
import type { ProfileChangedResult } from './profile.ts';
import { displayName, emailOf, profileNotFound, profileSchema, shown, viewOf } from './route-parts.ts';
import type { SignUpParts } from './sign-up.ts';

/** What is shown of people, and how they change it. */

/** Null takes the picture away, whichever it is. */
const avatarUrl = () =>
  webAddress()
    .nullable()
    .optional()
    .meta({ examples: ['https://example.com/ada.png'] });
const avatarFileId = () =>
  uuid().nullable().optional().meta({ description: 'A file of yours, sent as AVATAR, in the place of an address' });

type ProfileChange = {
  readonly name?: string | undefined;
  readonly avatarUrl?: string | null | undefined;
  readonly avatarFileId?: string | null | undefined;
};

const onePicture = {
  check: ({ avatarUrl, avatarFileId }: ProfileChange): boolean => avatarUrl === undefined || avatarFileId === undefined,
  fault: { path: ['avatarFileId'], error: 'must not be given with avatarUrl', params: { code: 'exclusive' } },
  documented: notTogether('avatarUrl', 'avatarFileId'),
};

/** Throws `picture_not_found`. */
const demandAvatar = async (pictures: Pictures, asked: { fileId: string; ownerId: string }): Promise<void> => {
  if (await pictures.isFor({ ...asked, placeId: asked.ownerId })) return;
  const detail = 'There is no such file of yours that was sent as AVATAR.';
  const errors = [{ pointer: '/avatarFileId', detail, code: 'picture_not_found' }];
  throw new Refusal('picture_not_found', detail, { errors });
};

/** The profile as this change leaves it, when it is not yet seen so. */
const changedBy = (body: ProfileChange, profile: ProfileView): ProfileView => {
  const { name = profile.name, avatarUrl, avatarFileId } = body;
  if (avatarUrl === undefined && avatarFileId === undefined) return { ...profile, name };
  return { ...profile, name, avatarUrl: avatarUrl ?? null, avatarFileId: avatarFileId ?? null };
};

/** Also of its picture, which may go while the profile stays as it is. */
const tagOf = (version: number, { avatarFileId }: ProfileView): string => entityTag(version, { avatarFileId });

/** In a command null keeps a field, and the empty text empties it. */
const commanded = (value: string | null | undefined): string | null => (value === undefined ? null : (value ?? ''));

export type ProfileParts = SignUpParts & { readonly pictures: Pictures };

export const profileRoutes = (parts: ProfileParts): readonly Route[] => [
  defineRoute({
    method: 'get',
    path: '/profiles/me',
    operationId: 'getOwnProfile',
    summary: 'See your own profile, with its address',
    tags: ['profiles'],
    auth: 'bearer',
    kind: 'query',
    isTagged: true,
    response: profileSchema.extend({
      email: z
        .string()
        .nullable()
        .meta({ examples: ['ada@example.com'] }),
    }),
    status: 200,
    problems: ['profile_not_found'],
    handler: async ({ actor }) => {
      const account = await accountById(parts.db, actor);
      if (!account) throw profileNotFound();
      const email = await emailOf(account, parts.dataKeys);
      const { profile, version } = account;
      return reply({ etag: tagOf(version, profile), body: { ...viewOf(profile, parts), email } });
    },
  }),

  defineRoute({
    method: 'patch',
    path: '/profiles/me',
    operationId: 'changeProfile',
    summary: 'Change your name or picture',
    description:
      'With `If-Match` only what you have seen. A field that is left out stays; null takes the picture away, be it an address or a file.',
    tags: ['profiles'],
    auth: 'bearer',
    kind: 'command',
    isTagged: true,
    body: z
      .strictObject({ name: displayName().optional(), avatarUrl: avatarUrl(), avatarFileId: avatarFileId() })
      .refine(onePicture.check, onePicture.fault)
      .meta(onePicture.documented),
    response: profileSchema,
    status: 200,
    problems: ['profile_not_found', 'picture_not_found', 'precondition_failed'],
    handler: async ({ actor, body, commandId, ifMatch, timeMs, traceparent }) => {
      const { db, give, pictures, positions } = parts;
      if (body.avatarFileId) await demandAvatar(pictures, { fileId: body.avatarFileId, ownerId: actor });
      const data = {
        profileId: actor,
        name: body.name ?? null,
        avatarUrl: commanded(body.avatarUrl),
        avatarFileId: commanded(body.avatarFileId),
        expectedVersion: expectedVersion(ifMatch),
      };
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
      // When it is late, this change at least is shown.
      const profile = seen.version < result.version ? changedBy(body, seen.profile) : seen.profile;
      const version = Math.max(seen.version, result.version);
      return reply({ headers, etag: tagOf(version, profile), body: viewOf(profile, parts) });
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
    isTagged: true,
    params: z.object({ profileId: uuid() }),
    response: profileSchema,
    status: 200,
    problems: ['profile_not_found'],
    handler: async ({ params }) => {
      const found = await profileById(parts.db, params.profileId);
      if (!found) throw profileNotFound();
      return reply({ etag: tagOf(found.version, found.profile), body: viewOf(found.profile, parts) });
    },
  }),
];
