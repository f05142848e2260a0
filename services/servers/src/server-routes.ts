import {
  defineRoute,
  entityTag,
  expectedVersion,
  nextPageQuery,
  oneLine,
  pageSchema,
  type Route,
  reply,
  uuid,
} from '@palaver/http';
import { type Database, serverFor, serversOf } from '@palaver/projection-servers';
import type { Pictures } from '@palaver/projection-shared';
import { z } from 'zod';
import { channelSchema } from './channel-routes.ts';
import { demandPicture, imageFileId, imageUrl, onePicture, withPicture } from './picture.ts';
import {
  changed,
  changesSomething,
  command,
  inServer,
  instant,
  isoTime,
  newInviteCode,
  serverNotFound,
  standingFor,
  version,
} from './route-parts.ts';
import type { ServerChangedResult, ServerResult } from './server.ts';

/** Servers over HTTP. */

const name = () => oneLine({ max: 100 }).meta({ minLength: 1, maxLength: 100, examples: ['Analytical Engine'] });

export const serverSchema = z
  .object({
    id: uuid(),
    name: z.string().meta({ examples: ['Analytical Engine'] }),
    imageUrl: z
      .string()
      .nullable()
      .meta({ description: 'Of the picture, also where that is a file', examples: ['https://example.com/engine.png'] }),
    imageFileId: uuid().nullable(),
    inviteCode: z.string().meta({ examples: ['R2VuZXJhbCBr'] }),
    profileId: uuid().meta({ description: 'The owner' }),
    memberCount: z.int(),
    version: version(),
    createdAt: instant(),
    updatedAt: instant(),
  })
  .meta({ id: 'Server' });
const serverWithChannels = serverSchema
  .extend({ channels: z.array(channelSchema).readonly() })
  .meta({ id: 'ServerWithChannels' });

export const serverRoutes = (db: Database, pictures: Pictures): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/servers',
    operationId: 'createServer',
    summary: 'Create a server',
    description: 'It comes with a text channel, "general", and an invite; you become its owner and ADMIN.',
    tags: ['servers'],
    auth: 'bearer',
    kind: 'command',
    body: z
      .strictObject({
        name: name(),
        imageUrl: imageUrl().nullable().optional(),
        imageFileId: imageFileId().nullable().optional(),
      })
      .refine(onePicture.check, onePicture.fault)
      .meta(onePicture.documented),
    response: serverWithChannels,
    status: 201,
    problems: ['server_exists', 'picture_not_found'],
    handler: async ({ actor, body, id, submit }) => {
      const picture = { imageUrl: body.imageUrl ?? null, imageFileId: body.imageFileId ?? null };
      const { imageFileId: fileId } = picture;
      // It was sent before there was a server: meant for one of its owner's.
      if (fileId !== null) await demandPicture(pictures, { fileId, ownerId: actor, placeId: actor });
      const result = await submit<ServerResult>(
        command({
          type: 'CreateServer',
          data: {
            serverId: id('server'),
            ownerId: actor,
            name: body.name,
            ...picture,
            channelId: id('channel'),
            inviteCode: newInviteCode(),
          },
        }),
      );
      const createdAt = isoTime(result.createdAtMs);
      const dates = { createdAt, updatedAt: createdAt };
      return {
        id: result.serverId,
        name: body.name,
        ...withPicture(picture, pictures),
        inviteCode: result.inviteCode,
        profileId: actor,
        memberCount: 1,
        version: result.version,
        channels: [
          {
            id: result.channelId,
            name: result.channelName,
            type: 'TEXT' as const,
            topic: null,
            categoryId: null,
            position: 0,
            slowModeSeconds: 0,
            serverId: result.serverId,
            profileId: actor,
            version: 1,
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
    summary: 'List the servers that you are a member of',
    description: 'In the order of joining, a page at a time.',
    tags: ['servers'],
    auth: 'bearer',
    kind: 'query',
    query: nextPageQuery(uuid(), 'server'),
    response: pageSchema(serverSchema),
    status: 200,
    problems: [],
    handler: async ({ actor, query }) => {
      const page = await serversOf(db, { profileId: actor, limit: query.limit, after: query.after });
      return { ...page, items: page.items.map((server) => withPicture(server, pictures)) };
    },
  }),

  defineRoute({
    method: 'get',
    path: '/servers/:serverId',
    operationId: 'getServer',
    summary: 'Get a server that you are a member of',
    description: 'With the channels that you may see. `HEAD` tells whether it is there.',
    tags: ['servers'],
    auth: 'bearer',
    kind: 'query',
    isTagged: true,
    params: inServer(),
    response: serverWithChannels,
    status: 200,
    problems: ['server_not_found'],
    handler: async ({ actor, params, timeMs }) => {
      const found = await serverFor(db, { serverId: params.serverId, profileId: actor, atMs: timeMs });
      if (!found) throw serverNotFound();
      return reply({ etag: entityTag(found.version, found), body: withPicture(found, pictures) });
    },
  }),

  defineRoute({
    method: 'patch',
    path: '/servers/:serverId',
    operationId: 'changeServer',
    summary: 'Rename a server or change its picture',
    description: 'A field that is left out stays; null takes the picture away. Needs MANAGE_SERVER.',
    tags: ['servers'],
    auth: 'bearer',
    kind: 'command',
    isTagged: true,
    takesReason: true,
    params: inServer(),
    body: z
      .strictObject({
        name: name().optional(),
        imageUrl: imageUrl().nullable().optional(),
        imageFileId: imageFileId().nullable().optional(),
      })
      .refine(onePicture.check, onePicture.fault)
      .refine(changesSomething.check, changesSomething.fault)
      .meta({ ...onePicture.documented, ...changesSomething.documented }),
    response: serverSchema.pick({
      id: true,
      name: true,
      imageUrl: true,
      imageFileId: true,
      profileId: true,
      version: true,
      updatedAt: true,
    }),
    status: 200,
    problems: ['server_not_found', 'missing_permission', 'picture_not_found', 'precondition_failed'],
    handler: async ({ actor, body, ifMatch, params, submit }) => {
      const { serverId } = params;
      if (body.imageFileId) {
        await standingFor(db, { serverId, actor });
        await demandPicture(pictures, { fileId: body.imageFileId, ownerId: actor, placeId: serverId });
      }
      const result = await submit<ServerChangedResult>(
        command({
          type: 'ChangeServer',
          data: {
            serverId,
            by: actor,
            name: body.name ?? null,
            imageUrl: changed(body.imageUrl),
            imageFileId: changed(body.imageFileId),
            expectedVersion: expectedVersion(ifMatch),
          },
        }),
      );
      return reply({
        etag: String(result.version),
        body: {
          id: result.serverId,
          name: result.name,
          ...withPicture({ imageUrl: result.imageUrl, imageFileId: result.imageFileId }, pictures),
          profileId: result.ownerId,
          version: result.version,
          updatedAt: isoTime(result.updatedAtMs),
        },
      });
    },
  }),

  defineRoute({
    method: 'put',
    path: '/servers/:serverId/owner',
    operationId: 'transferOwnership',
    summary: 'Hand your server on to another member',
    description: 'Who becomes an ADMIN too; you stay what your role says.',
    tags: ['servers'],
    auth: 'bearer',
    kind: 'command',
    takesReason: true,
    params: inServer(),
    body: z.strictObject({ profileId: uuid().meta({ examples: ['01900000-0000-7000-8000-000000000001'] }) }),
    response: z.void(),
    status: 204,
    problems: ['server_not_found', 'member_not_found', 'missing_permission'],
    handler: async ({ actor, body, params, submit }) => {
      const data = { serverId: params.serverId, ownerId: body.profileId, by: actor };
      await submit(command({ type: 'TransferOwnership', data }));
      return reply({});
    },
  }),

  defineRoute({
    method: 'delete',
    path: '/servers/:serverId',
    operationId: 'deleteServer',
    summary: 'Delete your server with its channels and messages, for good',
    tags: ['servers'],
    auth: 'bearer',
    kind: 'command',
    takesReason: true,
    params: inServer(),
    response: z.void(),
    status: 204,
    problems: ['server_not_found', 'missing_permission'],
    handler: async ({ actor, params, submit }) => {
      await submit(command({ type: 'DeleteServer', data: { serverId: params.serverId, by: actor } }));
      return reply({});
    },
  }),
];
