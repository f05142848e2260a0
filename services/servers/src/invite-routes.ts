import { defineRoute, nextPageQuery, pageSchema, Refusal, type Route, reply, uuid } from '@palaver/http';
import { type Database, inviteByCode, invitesOf } from '@palaver/projection-servers';
import type { Pictures } from '@palaver/projection-shared';
import { grantablePermissions } from '@palaver/schemas';
import { z } from 'zod';
import type { InviteResult, MembershipResult } from './invite.ts';
import { withPicture } from './picture.ts';
import { command, demand, inServer, instant, inviteCode, isoTime, newInviteCode, role } from './route-parts.ts';

/** Invites over HTTP. */

const permission = () => z.enum(grantablePermissions);
const dayInSeconds = 24 * 60 * 60;

const inviteSchema = z
  .object({
    code: z.string().meta({ examples: ['R2VuZXJhbCBr'] }),
    serverId: uuid(),
    permissions: z
      .array(z.string())
      .readonly()
      .meta({ examples: [['IMPORT_MESSAGES']] }),
    uses: z.int(),
    maxUses: z.int().nullable(),
    expiresAt: instant().nullable(),
    createdBy: uuid(),
    createdAt: instant(),
  })
  .meta({ id: 'Invite' });

export const inviteRoutes = (db: Database, pictures: Pictures): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/servers/:serverId/invites',
    operationId: 'createInvite',
    summary: 'Create an invite',
    description: 'Needs CREATE_INVITE; to grant permissions to who joins by it, have them, and MANAGE_ROLES.',
    tags: ['invites'],
    auth: 'bearer',
    kind: 'command',
    takesReason: true,
    params: inServer(),
    body: z.strictObject({
      permissions: z.array(permission()).max(16).default([]),
      expiresInSeconds: z
        .int()
        .min(0)
        .max(7 * dayInSeconds)
        .default(dayInSeconds)
        .meta({ description: '0: it does not expire' }),
      maxUses: z
        .int()
        .min(0)
        .max(100)
        .default(0)
        .meta({ description: '0: any number', examples: [10] }),
    }),
    response: inviteSchema,
    status: 201,
    problems: ['server_not_found', 'missing_permission', 'invite_exists'],
    handler: async ({ actor, body, params, submit, timeMs }) => {
      const { serverId } = params;
      const permissions = [...new Set(body.permissions)];
      const maxUses = body.maxUses || null;
      const expiryOf = (createdAtMs: number): number | null =>
        body.expiresInSeconds === 0 ? null : createdAtMs + body.expiresInSeconds * 1_000;
      const data = { serverId, createdBy: actor, permissions, maxUses };
      const result = await submit<InviteResult>(
        command({ type: 'CreateInvite', data: { ...data, code: newInviteCode(), expiresAt: expiryOf(timeMs) } }),
      );
      // Of the first request, when this one repeats it.
      const expiresAtMs = expiryOf(result.createdAtMs);
      return {
        ...data,
        code: result.code,
        uses: 0,
        expiresAt: expiresAtMs === null ? null : isoTime(expiresAtMs),
        createdAt: isoTime(result.createdAtMs),
      };
    },
  }),

  defineRoute({
    method: 'get',
    path: '/servers/:serverId/invites',
    operationId: 'listInvites',
    summary: 'List the invites that were not revoked',
    description: 'By code, a page at a time. Needs MANAGE_SERVER.',
    tags: ['invites'],
    auth: 'bearer',
    kind: 'query',
    params: inServer(),
    query: nextPageQuery(inviteCode(), 'code'),
    response: pageSchema(inviteSchema),
    status: 200,
    problems: ['server_not_found', 'missing_permission'],
    handler: async ({ actor, params, query, timeMs }) => {
      const { serverId } = params;
      await demand(db, { serverId, actor, permission: 'MANAGE_SERVER', timeMs });
      return invitesOf(db, { serverId, limit: query.limit, after: query.after });
    },
  }),

  defineRoute({
    method: 'delete',
    path: '/servers/:serverId/invites/:code',
    operationId: 'revokeInvite',
    summary: 'Revoke an invite',
    description: 'Your own, or with MANAGE_SERVER any.',
    tags: ['invites'],
    auth: 'bearer',
    kind: 'command',
    takesReason: true,
    params: inServer().extend({ code: inviteCode() }),
    response: z.void(),
    status: 204,
    problems: ['server_not_found', 'invite_not_found', 'missing_permission'],
    handler: async ({ actor, params, submit }) => {
      await submit(command({ type: 'RevokeInvite', data: { ...params, by: actor } }));
      return reply({});
    },
  }),

  defineRoute({
    method: 'get',
    path: '/invites/:code',
    operationId: 'getInvite',
    summary: 'See which server an invite is for, before joining',
    tags: ['invites'],
    auth: 'bearer',
    kind: 'query',
    params: z.object({ code: inviteCode() }),
    response: z.object({
      code: z.string().meta({ examples: ['R2VuZXJhbCBr'] }),
      expiresAt: instant().nullable(),
      server: z.object({
        id: uuid(),
        name: z.string().meta({ examples: ['Analytical Engine'] }),
        imageUrl: z
          .string()
          .nullable()
          .meta({ examples: ['https://example.com/engine.png'] }),
        imageFileId: uuid().nullable(),
        memberCount: z.int(),
      }),
    }),
    status: 200,
    problems: ['invite_not_found', 'invite_expired', 'invite_exhausted'],
    handler: async ({ params, timeMs }) => {
      const { state, ...preview } = await knownInvite(db, { code: params.code, atMs: timeMs });
      if (state === 'expired') throw new Refusal('invite_expired', 'The invite has expired.');
      if (state === 'exhausted') throw new Refusal('invite_exhausted', 'The invite is used up.');
      return { ...preview, server: withPicture(preview.server, pictures) };
    },
  }),

  defineRoute({
    method: 'post',
    path: '/invites/:code/join',
    operationId: 'joinServer',
    summary: 'Join a server by an invite',
    description: 'Nothing changes for who is a member already. An invite that has expired or is used up is a 410.',
    tags: ['invites'],
    auth: 'bearer',
    kind: 'command',
    params: z.object({ code: inviteCode() }),
    response: z.object({ serverId: uuid(), profileId: uuid(), role: role() }),
    status: 200,
    problems: ['invite_not_found', 'server_not_found', 'invite_expired', 'invite_exhausted', 'banned'],
    handler: async ({ actor, params, submit, timeMs }) => {
      // Whether it is good is the decision's to say: who took its last use and asks again, finds the first answer.
      const { server } = await knownInvite(db, { code: params.code, atMs: timeMs });
      const data = { serverId: server.id, profileId: actor, inviteCode: params.code };
      return submit<MembershipResult>(command({ type: 'JoinServer', data }));
    },
  }),
];

const knownInvite = async (db: Database, asked: { code: string; atMs: number }) => {
  const found = await inviteByCode(db, asked);
  if (!found) throw new Refusal('invite_not_found', 'There is no such invite.');
  return found;
};
