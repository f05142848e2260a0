import { defineRoute, limit, pageSchema, type Route, uuid, wholeNumber } from '@palaver/http';
import { auditOf, type Database } from '@palaver/projection-servers';
import type { ServersEvent } from '@palaver/schemas';
import { z } from 'zod';
import { demand, inServer, instant } from './route-parts.ts';

/** What was done in a server and by whom, over HTTP: the events themselves, but for what somebody was called. */

const actions = [
  'ServerCreated',
  'ServerChanged',
  'OwnershipTransferred',
  'ServerDeleted',
  'ChannelCreated',
  'ChannelChanged',
  'ChannelDeleted',
  'ChannelOverwriteSet',
  'ChannelOverwriteRemoved',
  'InviteCreated',
  'InviteRevoked',
  'MemberJoined',
  'MemberLeft',
  'MemberKicked',
  'MemberBanned',
  'MemberUnbanned',
  'MemberTimedOut',
  'MemberRoleChanged',
  'NicknameChanged',
] as const satisfies readonly ServersEvent['type'][];

const anId = '01900000-0000-7000-8000-000000000001';
const auditEntrySchema = z
  .object({
    id: z.int(),
    action: z.enum(actions),
    actor: z.string().meta({ description: 'The profile that did it, or `system`', examples: [anId] }),
    reason: z.string().nullable().meta({ description: 'What `X-Audit-Log-Reason` said' }),
    target: z
      .string()
      .meta({ description: 'A profile, channel or server, or the code of an invite', examples: [anId] }),
    changes: z.record(z.string(), z.unknown()),
    createdAt: instant(),
  })
  .meta({ id: 'AuditEntry' });

export const auditRoutes = (db: Database): readonly Route[] => [
  defineRoute({
    method: 'get',
    path: '/servers/:serverId/audit-log',
    operationId: 'listAuditLog',
    summary: 'Read what was done in a server',
    description: 'Newest first, a page at a time. Needs MANAGE_SERVER.',
    tags: ['audit log'],
    auth: 'bearer',
    kind: 'query',
    params: inServer(),
    query: z.strictObject({
      limit: limit(),
      before: wholeNumber().optional().meta({ description: 'The last entry of the page before' }),
      actor: z.union([uuid(), z.literal('system')]).optional(),
      action: z.enum(actions).optional(),
      target: z
        .string()
        .regex(/^[\w-]{1,64}$/, 'must be an id or an invite code')
        .optional()
        .meta({ description: 'A profile, channel or server, or the code of an invite' }),
    }),
    response: pageSchema(auditEntrySchema),
    status: 200,
    problems: ['server_not_found', 'missing_permission'],
    handler: async ({ actor, params, query, timeMs }) => {
      const { serverId } = params;
      await demand(db, { serverId, actor, permission: 'MANAGE_SERVER', timeMs });
      return auditOf(db, { serverId, ...query });
    },
  }),
];
