import {
  defineRoute,
  nextPageQuery,
  oneLine,
  pageSchema,
  Refusal,
  type Route,
  reply,
  uuid,
  wholeNumber,
} from '@palaver/http';
import { bansOf, type Database, memberFor, membersOf } from '@palaver/projection-servers';
import type { ServersCommand } from '@palaver/schemas';
import { z } from 'zod';
import { command, demand, inServer, instant, role, standingFor } from './route-parts.ts';

/** Members, and who is kept out, over HTTP. */

const concerning = () => inServer().extend({ profileId: uuid() });

export const memberSchema = z
  .object({
    profileId: uuid(),
    role: role(),
    permissions: z
      .array(z.string())
      .readonly()
      .meta({ description: 'Granted by the invite', examples: [['IMPORT_MESSAGES']] }),
    nickname: z
      .string()
      .nullable()
      .meta({ examples: ['Countess'] }),
    timedOutUntil: instant().nullable(),
    joinedAt: instant(),
  })
  .meta({ id: 'Member' });
const banSchema = z
  .object({
    profileId: uuid(),
    bannedBy: z.string().meta({ examples: ['01900000-0000-7000-8000-000000000001'] }),
    reason: z
      .string()
      .nullable()
      .meta({ examples: ['Said it once too often'] }),
    createdAt: instant(),
  })
  .meta({ id: 'Ban' });

const day = 24 * 60 * 60 * 1_000;
const maxTimeOutMs = 28 * day;

export const memberRoutes = (db: Database): readonly Route[] => [
  defineRoute({
    method: 'get',
    path: '/servers/:serverId/members',
    operationId: 'listMembers',
    summary: "List a server's members",
    description: 'By rising profile id, a page at a time.',
    tags: ['members'],
    auth: 'bearer',
    kind: 'query',
    params: inServer(),
    query: z.strictObject({
      limit: wholeNumber({ min: 1, max: 1_000 }).default(50),
      after: uuid().optional().meta({ description: 'The last profile of the page before' }),
    }),
    response: pageSchema(memberSchema),
    status: 200,
    problems: ['server_not_found'],
    handler: async ({ actor, params, query }) => {
      const { serverId } = params;
      await standingFor(db, { serverId, actor });
      return membersOf(db, { serverId, limit: query.limit, after: query.after });
    },
  }),

  defineRoute({
    method: 'get',
    path: '/servers/:serverId/members/:profileId',
    operationId: 'getMember',
    summary: 'Get a member of a server that you are in',
    tags: ['members'],
    auth: 'bearer',
    kind: 'query',
    params: concerning(),
    response: memberSchema,
    status: 200,
    problems: ['server_not_found', 'member_not_found'],
    handler: async ({ actor, params }) => {
      await standingFor(db, { serverId: params.serverId, actor });
      const found = await memberFor(db, params);
      if (!found) throw new Refusal('member_not_found', 'There is no such member.');
      return found;
    },
  }),

  defineRoute({
    method: 'delete',
    path: '/servers/:serverId/members/me',
    operationId: 'leaveServer',
    summary: 'Leave a server',
    description: 'Its owner must hand it on or delete it first. Nothing changes for who is no member.',
    tags: ['members'],
    auth: 'bearer',
    kind: 'command',
    params: inServer(),
    response: z.void(),
    status: 204,
    problems: ['owner_must_transfer'],
    handler: async ({ actor, params, submit }) => {
      const data = { serverId: params.serverId, profileId: actor, heirId: null, accountDeleted: false };
      await submit(command({ type: 'LeaveServer', data }));
      return reply({});
    },
  }),

  toMember({
    method: 'delete',
    path: '/servers/:serverId/members/:profileId',
    operationId: 'kickMember',
    summary: 'Kick a member',
    description: 'One below your rank, who may join again. Needs KICK_MEMBERS.',
    command: (of) => ({ type: 'KickMember', data: of }),
  }),
  toMember({
    method: 'put',
    path: '/servers/:serverId/members/:profileId/role',
    operationId: 'changeMemberRole',
    summary: 'Change the role of a member',
    description: 'Of one below your rank, to a role below yours. Needs MANAGE_ROLES.',
    body: z.strictObject({ role: role().meta({ examples: ['MODERATOR'] }) }),
    command: (of, body) => ({ type: 'ChangeMemberRole', data: { ...of, role: body.role } }),
  }),
  toMember({
    method: 'put',
    path: '/servers/:serverId/members/:profileId/nickname',
    operationId: 'changeNickname',
    summary: 'Change what somebody is called in a server',
    description: 'Yourself, or with MANAGE_ROLES a member below your rank; null ends it.',
    body: z.strictObject({
      nickname: oneLine({ max: 32 })
        .nullable()
        .meta({ examples: ['Countess'] }),
    }),
    command: (of, body) => ({ type: 'ChangeNickname', data: { ...of, nickname: body.nickname } }),
  }),
  toMember({
    method: 'put',
    path: '/servers/:serverId/members/:profileId/timeout',
    operationId: 'timeOutMember',
    summary: 'Time a member out',
    description: 'One below your rank, for 28 days at most, who may only look until then. Needs KICK_MEMBERS.',
    body: z.strictObject({
      until: z.iso
        .datetime({ offset: true })
        .meta({ description: 'Ahead, by 28 days at most', examples: ['2026-12-24T18:00:00Z'] }),
    }),
    command: (of, body, timeMs) => ({ type: 'TimeOutMember', data: { ...of, until: timeOutEnd(body.until, timeMs) } }),
  }),
  toMember({
    method: 'delete',
    path: '/servers/:serverId/members/:profileId/timeout',
    operationId: 'endTimeOut',
    summary: "End a member's time-out",
    description: 'Of one below your rank. Needs KICK_MEMBERS.',
    command: (of) => ({ type: 'TimeOutMember', data: { ...of, until: null } }),
  }),

  defineRoute({
    method: 'get',
    path: '/servers/:serverId/bans',
    operationId: 'listBans',
    summary: 'List who is banned',
    description: 'By rising profile id, a page at a time. Needs BAN_MEMBERS.',
    tags: ['members'],
    auth: 'bearer',
    kind: 'query',
    params: inServer(),
    query: nextPageQuery(uuid(), 'profile'),
    response: pageSchema(banSchema),
    status: 200,
    problems: ['server_not_found', 'missing_permission'],
    handler: async ({ actor, params, query, timeMs }) => {
      const { serverId } = params;
      await demand(db, { serverId, actor, permission: 'BAN_MEMBERS', timeMs });
      return bansOf(db, { serverId, limit: query.limit, after: query.after });
    },
  }),

  toMember({
    method: 'put',
    path: '/servers/:serverId/bans/:profileId',
    operationId: 'banMember',
    summary: 'Ban a profile',
    description: 'Member or not, unless it is of your rank or above. Needs BAN_MEMBERS.',
    problems: ['server_not_found', 'missing_permission', 'rank_too_low'],
    command: (of) => ({ type: 'BanMember', data: of }),
  }),
  toMember({
    method: 'delete',
    path: '/servers/:serverId/bans/:profileId',
    operationId: 'unbanMember',
    summary: 'Unban a profile',
    description: 'Needs BAN_MEMBERS.',
    problems: ['server_not_found', 'ban_not_found', 'missing_permission'],
    command: (of) => ({ type: 'UnbanMember', data: of }),
  }),
];

type Concerning = { readonly serverId: string; readonly profileId: string; readonly by: string };

/** A route by which somebody does something to a profile of a server: one command, nothing to answer, a reason for the audit log. */
function toMember<Body extends z.ZodType = z.ZodUndefined>(these: {
  readonly method: 'put' | 'delete';
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly body?: Body;
  readonly problems?: readonly string[];
  readonly command: (of: Concerning, body: z.output<Body>, timeMs: number) => ServersCommand;
}): Route {
  const { command: commandOf, ...route } = these;
  return defineRoute({
    problems: ['server_not_found', 'member_not_found', 'missing_permission', 'rank_too_low'],
    ...route,
    tags: ['members'],
    auth: 'bearer',
    kind: 'command',
    takesReason: true,
    params: concerning(),
    response: z.void(),
    status: 204,
    handler: async ({ actor, body, params, submit, timeMs }) => {
      await submit(commandOf({ ...params, by: actor }, body, timeMs));
      return reply({});
    },
  });
}

/** Throws `Refusal` `invalid_input` unless it is ahead, and not too far. */
const timeOutEnd = (until: string, timeMs: number): number => {
  const endMs = Date.parse(until);
  if (endMs > timeMs && endMs <= timeMs + maxTimeOutMs) return endMs;
  const detail = 'must be ahead, by 28 days at most';
  throw new Refusal('invalid_input', `/until: ${detail}.`, {
    errors: [{ pointer: '/until', detail, code: 'out_of_range' }],
  });
};
