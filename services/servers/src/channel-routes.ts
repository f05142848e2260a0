import {
  defineRoute,
  entityTag,
  expectedVersion,
  oneLine,
  Refusal,
  type Route,
  reply,
  text,
  uuid,
} from '@palaver/http';
import { channelFor, type Database } from '@palaver/projection-servers';
import { channelPermissions, type MemberRole } from '@palaver/schemas';
import { z } from 'zod';
import type { ChannelResult } from './channel.ts';
import {
  changed,
  changesSomething,
  command,
  inServer,
  instant,
  isoTime,
  role,
  standingFor,
  version,
} from './route-parts.ts';

/** Channels and what they give and take, over HTTP. */

const inChannel = () => inServer().extend({ channelId: uuid() });
const channelType = () => z.enum(['TEXT', 'AUDIO', 'VIDEO', 'CATEGORY']);
const channelPermission = () => z.enum(channelPermissions);
const maxSlowModeSeconds = 21_600;
/** Positions need not be dense, so there is room between any two of 500 channels. */
const maxPosition = 1_000_000;

const fields = {
  name: oneLine({ max: 100 }).meta({ minLength: 1, maxLength: 100, examples: ['general'] }),
  topic: text({ min: 1, max: 1_024 }).meta({
    minLength: 1,
    maxLength: 1_024,
    examples: ['All that fits nowhere else'],
  }),
  categoryId: uuid().meta({ description: 'The channel of type CATEGORY that it stands in' }),
  position: z.int().min(0).max(maxPosition).meta({ description: 'Rising; equal ones stand by id' }),
  slowModeSeconds: z
    .int()
    .min(0)
    .max(maxSlowModeSeconds)
    .meta({ description: 'Pause between two messages of a member; 0 for none', examples: [10] }),
};

export const channelSchema = z
  .object({
    id: uuid(),
    name: z.string().meta({ examples: ['general'] }),
    type: channelType(),
    topic: z
      .string()
      .nullable()
      .meta({ examples: ['All that fits nowhere else'] }),
    categoryId: uuid().nullable(),
    position: z.int(),
    slowModeSeconds: z.int(),
    serverId: uuid(),
    profileId: uuid().meta({ description: 'Who made it' }),
    version: version(),
    createdAt: instant(),
    updatedAt: instant(),
  })
  .meta({ id: 'Channel' });
const overwriteSchema = z
  .object({
    role: role().nullable(),
    profileId: uuid().nullable(),
    allow: z
      .array(z.string())
      .readonly()
      .meta({ examples: [['SEND_MESSAGES']] }),
    deny: z
      .array(z.string())
      .readonly()
      .meta({ examples: [[]] }),
  })
  .meta({ id: 'Overwrite' });

const channelOf = (result: ChannelResult) => ({
  id: result.channelId,
  name: result.name,
  type: result.type,
  topic: result.topic,
  categoryId: result.categoryId,
  position: result.position,
  slowModeSeconds: result.slowModeSeconds,
  serverId: result.serverId,
  profileId: result.createdBy,
  version: result.version,
  createdAt: isoTime(result.createdAtMs),
  updatedAt: isoTime(result.updatedAtMs),
});

export const channelRoutes = (db: Database): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/servers/:serverId/channels',
    operationId: 'createChannel',
    summary: 'Create a channel, or a category to put channels in',
    description: 'Needs MANAGE_CHANNELS.',
    tags: ['channels'],
    auth: 'bearer',
    kind: 'command',
    isTagged: true,
    takesReason: true,
    params: inServer(),
    body: z.strictObject({
      name: fields.name,
      type: channelType().default('TEXT'),
      topic: fields.topic.nullable().default(null),
      categoryId: fields.categoryId.nullable().default(null),
      position: fields.position.nullable().default(null),
      slowModeSeconds: fields.slowModeSeconds.default(0),
    }),
    response: channelSchema,
    status: 201,
    problems: [
      'server_not_found',
      'missing_permission',
      'channel_name_taken',
      'too_many_channels',
      'category_not_found',
      'channel_type_fixed',
      'channel_exists',
    ],
    handler: async ({ actor, body, id, params, submit }) => {
      const data = { ...body, serverId: params.serverId, channelId: id('channel'), by: actor };
      const result = await submit<ChannelResult>(command({ type: 'CreateChannel', data }));
      return reply({ etag: String(result.version), body: channelOf(result) });
    },
  }),

  defineRoute({
    method: 'get',
    path: '/servers/:serverId/channels/:channelId',
    operationId: 'getChannel',
    summary: 'Get a channel that you may see',
    description: 'With its overwrites: what it gives and takes of roles and members.',
    tags: ['channels'],
    auth: 'bearer',
    kind: 'query',
    isTagged: true,
    params: inChannel(),
    response: channelSchema.extend({ overwrites: z.array(overwriteSchema).readonly() }),
    status: 200,
    problems: ['server_not_found', 'channel_not_found'],
    handler: async ({ actor, params, timeMs }) => {
      const found = await channelFor(db, { ...params, profileId: actor, atMs: timeMs });
      if (found) return reply({ etag: entityTag(found.version, found), body: found });
      await standingFor(db, { serverId: params.serverId, actor });
      throw new Refusal('channel_not_found', 'There is no such channel among those that you may see.');
    },
  }),

  defineRoute({
    method: 'patch',
    path: '/servers/:serverId/channels/:channelId',
    operationId: 'changeChannel',
    summary: 'Change a channel',
    description: 'A field that is left out stays; null empties it. Needs MANAGE_CHANNELS.',
    tags: ['channels'],
    auth: 'bearer',
    kind: 'command',
    isTagged: true,
    takesReason: true,
    params: inChannel(),
    body: z
      .strictObject({
        name: fields.name.optional(),
        type: channelType().optional(),
        topic: fields.topic.nullable().optional(),
        categoryId: fields.categoryId.nullable().optional(),
        position: fields.position.optional(),
        slowModeSeconds: fields.slowModeSeconds.optional(),
      })
      .refine(changesSomething.check, changesSomething.fault)
      .meta(changesSomething.documented),
    response: channelSchema,
    status: 200,
    problems: [
      'server_not_found',
      'channel_not_found',
      'missing_permission',
      'channel_name_taken',
      'category_not_found',
      'channel_type_fixed',
      'precondition_failed',
    ],
    handler: async ({ actor, body, ifMatch, params, submit }) => {
      const data = {
        ...params,
        by: actor,
        name: body.name ?? null,
        type: body.type ?? null,
        topic: changed(body.topic),
        categoryId: changed(body.categoryId),
        position: body.position ?? null,
        slowModeSeconds: body.slowModeSeconds ?? null,
        expectedVersion: expectedVersion(ifMatch),
      };
      const result = await submit<ChannelResult>(command({ type: 'ChangeChannel', data }));
      return reply({ etag: String(result.version), body: channelOf(result) });
    },
  }),

  defineRoute({
    method: 'delete',
    path: '/servers/:serverId/channels/:channelId',
    operationId: 'deleteChannel',
    summary: 'Delete a channel with its messages, for good',
    description: 'Needs MANAGE_CHANNELS.',
    tags: ['channels'],
    auth: 'bearer',
    kind: 'command',
    takesReason: true,
    params: inChannel(),
    response: z.void(),
    status: 204,
    problems: ['server_not_found', 'channel_not_found', 'missing_permission'],
    handler: async ({ actor, params, submit }) => {
      await submit(command({ type: 'DeleteChannel', data: { ...params, by: actor } }));
      return reply({});
    },
  }),

  ...overwriteRoutes({
    of: 'Role',
    path: '/servers/:serverId/channels/:channelId/overwrites/roles/:role',
    params: inChannel().extend({ role: role() }),
    who: 'a role below your own',
  }),
  ...overwriteRoutes({
    of: 'Member',
    path: '/servers/:serverId/channels/:channelId/overwrites/members/:profileId',
    params: inChannel().extend({ profileId: uuid() }),
    who: 'a member below your rank',
  }),
];

type Target = {
  readonly serverId: string;
  readonly channelId: string;
  readonly role?: MemberRole;
  readonly profileId?: string;
};

/** The two routes of what a channel gives to and takes from a role, and the two for a member. */
function overwriteRoutes<Params extends z.ZodType<Target>>(these: {
  readonly of: 'Role' | 'Member';
  readonly path: string;
  readonly params: Params;
  readonly who: string;
}): readonly Route[] {
  const { of, path, params, who } = these;
  const common = { path, tags: ['channels'], auth: 'bearer', kind: 'command', takesReason: true, params } as const;
  const problems = ['server_not_found', 'channel_not_found', 'missing_permission', 'rank_too_low'] as const;
  const targetOf = ({ serverId, channelId, role, profileId }: Target) => ({
    serverId,
    channelId,
    role: role ?? null,
    profileId: profileId ?? null,
  });
  return [
    defineRoute({
      ...common,
      method: 'put',
      operationId: `set${of}Overwrite`,
      summary: `Give ${who} permissions in a channel, or take them`,
      description: 'Replaces what was set. Needs MANAGE_ROLES, and the permissions themselves.',
      body: z
        .strictObject({
          allow: z.array(channelPermission()).max(16).default([]),
          deny: z.array(channelPermission()).max(16).default([]),
        })
        .refine(({ allow, deny }) => !allow.some((one) => deny.includes(one)), {
          error: 'must not both allow and deny the same',
          params: { code: 'exclusive' },
        }),
      response: z.void(),
      status: 204,
      problems: [...problems, 'member_not_found', 'too_many_overwrites'],
      handler: async ({ actor, body, params: given, submit }) => {
        const allow = [...new Set(body.allow)];
        const deny = [...new Set(body.deny)];
        const data = { ...targetOf(given), by: actor, allow, deny };
        await submit(command({ type: 'SetChannelOverwrite', data }));
        return reply({});
      },
    }),
    defineRoute({
      ...common,
      method: 'delete',
      operationId: `remove${of}Overwrite`,
      summary: `Let a channel do for ${who} as the server does`,
      description: 'Needs MANAGE_ROLES, and the permissions that were given or taken.',
      response: z.void(),
      status: 204,
      problems: [...problems, 'overwrite_not_found'],
      handler: async ({ actor, params: given, submit }) => {
        await submit(command({ type: 'RemoveChannelOverwrite', data: { ...targetOf(given), by: actor } }));
        return reply({});
      },
    }),
  ];
}
