import { randomBytes } from 'node:crypto';
import { defineRoute, oneLine, type ProblemTable, Refusal, type Route, uuid, wholeNumber } from '@palaver/http';
import { type Database, inviteByCode, isMember, membersOf, serverFor, serversOf } from '@palaver/projection-servers';
import type { ServersCommand } from '@palaver/schemas';
import { z } from 'zod';
import type { InviteResult, MembershipResult, ServerResult } from './server.ts';

/** Codes of this domain over HTTP. */
export const serversProblems = {
  server_not_found: { status: 404, title: 'There is no such server' },
  invite_not_found: { status: 404, title: 'There is no such invite' },
  missing_permission: { status: 403, title: 'A permission is missing' },
  server_exists: { status: 409, title: 'The server exists already' },
  invite_exists: { status: 409, title: 'The invite exists already' },
} as const satisfies ProblemTable;

const instant = () => z.iso.datetime();
const permission = () => z.enum(['IMPORT_MESSAGES']);
const inviteCode = () => z.string().regex(/^[\w-]{8,64}$/, 'must be an invite code');
const imageUrl = () => z.url({ protocol: /^https?$/ }).max(2_048);

const channelSchema = z.object({
  id: uuid(),
  name: z.string(),
  type: z.enum(['TEXT', 'AUDIO', 'VIDEO']),
  serverId: uuid(),
  profileId: uuid(),
  createdAt: instant(),
  updatedAt: instant(),
});
const serverSchema = z.object({
  id: uuid(),
  name: z.string(),
  imageUrl: z.string().nullable(),
  inviteCode: z.string(),
  profileId: uuid(),
  memberCount: z.int(),
  createdAt: instant(),
  updatedAt: instant(),
});
const serverWithChannels = serverSchema.extend({ channels: z.array(channelSchema).readonly() });
const memberSchema = z.object({
  profileId: uuid(),
  role: z.enum(['GUEST', 'MODERATOR', 'ADMIN']),
  permissions: z.array(z.string()).readonly(),
  joinedAt: instant(),
});

/** 72 random bits: enough that a code can't be guessed. */
const newInviteCode = (): string => randomBytes(9).toString('base64url');

const command = (given: ServersCommand): ServersCommand => given;

const serverNotFound = (): Refusal => new Refusal('server_not_found', 'There is no such server among yours.');

/** This service's routes, commands and queries. */
export const serversRoutes = (db: Database): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/servers',
    operationId: 'createServer',
    summary: 'Create a server, with a text channel and an invite; you become its owner and ADMIN',
    tags: ['servers'],
    auth: 'bearer',
    kind: 'command',
    body: z.strictObject({ name: oneLine({ max: 100 }), imageUrl: imageUrl().nullable().default(null) }),
    response: serverWithChannels,
    status: 201,
    problems: [],
    handler: async ({ actor, body, id, submit }) => {
      const result = await submit<ServerResult>(
        command({
          type: 'CreateServer',
          data: {
            serverId: id('server'),
            ownerId: actor,
            name: body.name,
            imageUrl: body.imageUrl,
            channelId: id('channel'),
            inviteCode: newInviteCode(),
          },
        }),
      );
      const createdAt = new Date(result.createdAtMs).toISOString();
      const dates = { createdAt, updatedAt: createdAt };
      return {
        id: result.serverId,
        name: body.name,
        imageUrl: body.imageUrl,
        inviteCode: result.inviteCode,
        profileId: actor,
        memberCount: 1,
        channels: [
          {
            id: result.channelId,
            name: result.channelName,
            type: 'TEXT' as const,
            serverId: result.serverId,
            profileId: actor,
            ...dates,
          },
        ],
        ...dates,
      };
    },
  }),

  defineRoute({
    method: 'get',
    path: '/servers',
    operationId: 'listServers',
    summary: 'List the servers that you are a member of, in the order of joining',
    tags: ['servers'],
    auth: 'bearer',
    kind: 'query',
    response: z.object({ items: z.array(serverSchema).readonly() }),
    status: 200,
    problems: [],
    handler: async ({ actor }) => ({ items: await serversOf(db, actor) }),
  }),

  defineRoute({
    method: 'get',
    path: '/servers/:serverId',
    operationId: 'getServer',
    summary: 'Get a server that you are a member of, with its channels',
    tags: ['servers'],
    auth: 'bearer',
    kind: 'query',
    params: z.object({ serverId: uuid() }),
    response: serverWithChannels,
    status: 200,
    problems: ['server_not_found'],
    handler: async ({ actor, params }) => {
      const found = await serverFor(db, { serverId: params.serverId, profileId: actor });
      if (!found) throw serverNotFound();
      return found;
    },
  }),

  defineRoute({
    method: 'get',
    path: '/servers/:serverId/members',
    operationId: 'listMembers',
    summary: "List a server's members by rising profile id, a page at a time",
    tags: ['servers'],
    auth: 'bearer',
    kind: 'query',
    params: z.object({ serverId: uuid() }),
    query: z.strictObject({ limit: wholeNumber({ min: 1, max: 1_000 }).default(50), after: uuid().optional() }),
    response: z.object({ items: z.array(memberSchema).readonly(), hasMore: z.boolean() }),
    status: 200,
    problems: ['server_not_found'],
    handler: async ({ actor, params, query }) => {
      const { serverId } = params;
      if (!(await isMember(db, { serverId, profileId: actor }))) throw serverNotFound();
      return membersOf(db, { serverId, limit: query.limit, after: query.after });
    },
  }),

  defineRoute({
    method: 'post',
    path: '/servers/:serverId/invites',
    operationId: 'createInvite',
    summary: 'Make an invite, which may grant permissions to those who join by it',
    tags: ['invites'],
    auth: 'bearer',
    kind: 'command',
    params: z.object({ serverId: uuid() }),
    body: z.strictObject({ permissions: z.array(permission()).max(16).default([]) }),
    response: z.object({
      code: z.string(),
      serverId: uuid(),
      permissions: z.array(permission()),
      createdAt: instant(),
    }),
    status: 201,
    problems: ['server_not_found', 'missing_permission', 'invite_exists'],
    handler: async ({ actor, body, params, submit }) => {
      const permissions = [...new Set(body.permissions)];
      const { serverId } = params;
      const result = await submit<InviteResult>(
        command({ type: 'CreateInvite', data: { serverId, code: newInviteCode(), createdBy: actor, permissions } }),
      );
      const createdAt = new Date(result.createdAtMs).toISOString();
      return { code: result.code, serverId, permissions, createdAt };
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
      code: z.string(),
      server: serverSchema.pick({ id: true, name: true, imageUrl: true, memberCount: true }),
    }),
    status: 200,
    problems: ['invite_not_found'],
    handler: ({ params }) => knownInvite(db, params.code),
  }),

  defineRoute({
    method: 'post',
    path: '/invites/:code/join',
    operationId: 'joinServer',
    summary: 'Become a member of the server that an invite is for; nothing changes for who is one already',
    tags: ['invites'],
    auth: 'bearer',
    kind: 'command',
    params: z.object({ code: inviteCode() }),
    response: memberSchema.pick({ profileId: true, role: true }).extend({ serverId: uuid() }),
    status: 200,
    problems: ['invite_not_found', 'server_not_found'],
    handler: async ({ actor, params, submit }) => {
      const { server } = await knownInvite(db, params.code);
      return submit<MembershipResult>(
        command({
          type: 'JoinServer',
          data: { serverId: server.id, profileId: actor, inviteCode: params.code },
        }),
      );
    },
  }),
];

const knownInvite = async (db: Database, code: string) => {
  const found = await inviteByCode(db, code);
  if (!found) throw new Refusal('invite_not_found', 'There is no such invite.');
  return found;
};
