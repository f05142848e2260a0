import {
  defineRoute,
  instant,
  pageQuery,
  pageSchema,
  Refusal,
  type Route,
  reply,
  text,
  uuid,
  wholeNumber,
} from '@palaver/http';
import type { MessagesQueries } from '@palaver/projection-messages';
import { z } from 'zod';
import type { DeletedResult, EditResult, PostResult } from './channel.ts';
import {
  accessOf,
  command,
  content,
  demand,
  demandProblems,
  inChannel,
  mentionsIn,
  messageNotFound,
  messageSchema,
  ofMessage,
} from './route-parts.ts';

/** Messages over HTTP. */

const maxAttachments = 10;

const nonce = () =>
  z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/, 'must have 1 to 64 visible ASCII characters')
    .optional()
    .meta({ description: 'Stands for an Idempotency-Key where there is none' });

/** A place in a channel: a seq, or a message's id. */
const place = () => z.union([wholeNumber(), uuid()]);

export const messageRoutes = (queries: MessagesQueries): readonly Route[] => {
  const { accessTo, attachable, history, messageFor, versionsOf } = queries;
  return [
    defineRoute({
      method: 'post',
      path: '/channels/:channelId/messages',
      operationId: 'postMessage',
      summary: 'Post a message',
      description:
        'It has a text, or files, or both. `<@profile id>` in the text names a member, `@everyone` all of them. With an `Idempotency-Key`, or a `nonce` in its place, it can be sent again and is posted once.',
      tags: ['messages'],
      auth: 'bearer',
      kind: 'command',
      params: inChannel(),
      takesNonce: true,
      body: z
        .strictObject({
          content: text({ max: 4_000 })
            .default('')
            .meta({ description: '1-4,000 characters; none where files hang on it', examples: ['Hello, Babbage'] }),
          nonce: nonce(),
          attachments: z
            .array(uuid())
            .max(maxAttachments)
            .default([])
            .meta({ description: 'Files of yours that were sent for this channel, and hang on no message yet' }),
          replyToId: uuid()
            .nullable()
            .default(null)
            .meta({ description: 'The message of this channel that it answers' }),
          importedAt: instant()
            .nullable()
            .default(null)
            .meta({ description: 'When it was said elsewhere; for members with the permission IMPORT_MESSAGES' }),
        })
        .refine(({ content, attachments }) => content !== '' || attachments.length > 0, {
          error: 'must have at least 1 character, or files',
          path: ['content'],
          params: { code: 'too_short' },
        }),
      response: messageSchema,
      status: 201,
      problems: [
        ...demandProblems,
        'not_a_text_channel',
        'slow_mode',
        'reply_not_found',
        'file_not_attachable',
        'file_attached',
        'message_exists',
      ],
      handler: async ({ actor, body, id, params, submit, timeMs }) => {
        const { channelId } = params;
        const access = await accessOf(accessTo, { actor, params, timeMs });
        if (access.type !== 'TEXT' && access.type !== 'DIRECT') {
          throw new Refusal('not_a_text_channel', 'Messages are posted to TEXT channels and direct ones alone.');
        }
        demand(access, 'SEND_MESSAGES');
        if (body.importedAt !== null) demand(access, 'IMPORT_MESSAGES');
        const fileIds = [...new Set(body.attachments)];
        if (fileIds.length > 0) demand(access, 'ATTACH_FILES');
        const attachments = await attachable({ fileIds, ownerId: actor, channelId });
        if (!attachments) {
          throw new Refusal(
            'file_not_attachable',
            'Only files of yours that were sent for this channel hang on a message.',
          );
        }
        const { serverId, slowModeSeconds } = access;
        const importedAt = body.importedAt === null ? null : Date.parse(body.importedAt);
        const said = {
          content: body.content,
          replyToId: body.replyToId,
          ...(await mentionsIn(body.content, { ...access, channelId }, queries)),
        };
        const result = await submit<PostResult>(
          command({
            type: 'PostMessage',
            data: {
              ...said,
              messageId: id('message'),
              channelId,
              serverId: serverId ?? channelId,
              authorId: actor,
              importedAt,
              slowModeSeconds,
              attachments: fileIds,
            },
          }),
        );
        return {
          id: result.messageId,
          channelId,
          serverId,
          authorId: actor,
          seq: result.seq,
          ...said,
          editedAt: null,
          importedAt: importedAt === null ? null : new Date(importedAt).toISOString(),
          createdAt: new Date(result.createdAtMs).toISOString(),
          attachments,
          reactions: [],
          pinned: false,
        };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/channels/:channelId/messages',
      operationId: 'listMessages',
      summary: "Read a channel's history, newest first",
      description:
        'The newest page, or the one before, after or around a message: at most one of these, by `seq` or id.',
      tags: ['messages'],
      auth: 'bearer',
      kind: 'query',
      params: inChannel(),
      query: pageQuery(place()),
      response: pageSchema(messageSchema),
      status: 200,
      problems: ['channel_not_found', 'message_not_found'],
      handler: async ({ actor, params, query, timeMs }) => {
        const { channelId } = params;
        await accessOf(accessTo, { actor, params, timeMs });
        const page = await history({ channelId, profileId: actor, ...query });
        if (!page) throw messageNotFound();
        return page;
      },
    }),

    defineRoute({
      method: 'get',
      path: '/channels/:channelId/messages/:messageId',
      operationId: 'getMessage',
      summary: 'Read a message',
      tags: ['messages'],
      auth: 'bearer',
      kind: 'query',
      params: ofMessage(),
      response: messageSchema,
      status: 200,
      problems: ['channel_not_found', 'message_not_found'],
      handler: async ({ actor, params, timeMs }) => {
        await accessOf(accessTo, { actor, params, timeMs });
        const found = await messageFor({ ...params, profileId: actor });
        if (!found) throw messageNotFound();
        return found;
      },
    }),

    defineRoute({
      method: 'patch',
      path: '/channels/:channelId/messages/:messageId',
      operationId: 'editMessage',
      summary: 'Edit your message',
      description: 'What it said before is kept, for who may manage messages.',
      tags: ['messages'],
      auth: 'bearer',
      kind: 'command',
      params: ofMessage(),
      body: z.strictObject({ content: content() }),
      response: messageSchema.pick({
        id: true,
        channelId: true,
        seq: true,
        content: true,
        editedAt: true,
        mentions: true,
        mentionsEveryone: true,
      }),
      status: 200,
      problems: [...demandProblems, 'message_not_found', 'not_the_author'],
      handler: async ({ actor, body, params, submit, timeMs }) => {
        const { channelId, messageId } = params;
        const access = await accessOf(accessTo, { actor, params, timeMs });
        demand(access, 'SEND_MESSAGES');
        const said = { content: body.content, ...(await mentionsIn(body.content, { ...access, channelId }, queries)) };
        const data = { ...params, by: actor, ...said };
        const { seq, editedAtMs } = await submit<EditResult>(command({ type: 'EditMessage', data }));
        return { id: messageId, channelId, seq, ...said, editedAt: new Date(editedAtMs).toISOString() };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/channels/:channelId/messages/:messageId/versions',
      operationId: 'listVersions',
      summary: 'Read what a message said at first and after each edit',
      description: 'Needs MANAGE_MESSAGES.',
      tags: ['messages'],
      auth: 'bearer',
      kind: 'query',
      params: ofMessage(),
      response: z.object({
        items: z
          .array(z.object({ content: z.string().meta({ examples: ['Hello, Babbage'] }), since: z.iso.datetime() }))
          .readonly(),
      }),
      status: 200,
      problems: [...demandProblems, 'message_not_found'],
      handler: async ({ actor, params, timeMs }) => {
        demand(await accessOf(accessTo, { actor, params, timeMs }), 'MANAGE_MESSAGES');
        const items = await versionsOf(params);
        if (!items) throw messageNotFound();
        return { items };
      },
    }),

    defineRoute({
      method: 'delete',
      path: '/channels/:channelId/messages/:messageId',
      operationId: 'deleteMessage',
      summary: 'Delete a message, for good',
      description: 'Your own, or with MANAGE_MESSAGES any.',
      tags: ['messages'],
      auth: 'bearer',
      kind: 'command',
      takesReason: true,
      params: ofMessage(),
      response: z.void(),
      status: 204,
      problems: ['channel_not_found', 'message_not_found', 'missing_permission'],
      handler: async ({ actor, params, submit, timeMs }) => {
        const { permissions } = await accessOf(accessTo, { actor, params, timeMs });
        const data = { ...params, by: actor, manages: permissions.has('MANAGE_MESSAGES') };
        await submit(command({ type: 'DeleteMessage', data }));
        return reply({});
      },
    }),

    defineRoute({
      method: 'post',
      path: '/channels/:channelId/messages/bulk-delete',
      operationId: 'deleteMessages',
      summary: 'Delete 2 to 100 messages, for good',
      description: 'Those that are not there are passed over. Needs MANAGE_MESSAGES.',
      tags: ['messages'],
      auth: 'bearer',
      kind: 'command',
      takesReason: true,
      params: inChannel(),
      body: z.strictObject({
        messageIds: z
          .array(uuid())
          .min(2)
          .max(100)
          .meta({ examples: [['01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002']] }),
      }),
      response: z.object({ deleted: z.array(uuid()).readonly() }),
      status: 200,
      problems: [...demandProblems],
      handler: async ({ actor, body, params, submit, timeMs }) => {
        const access = await accessOf(accessTo, { actor, params, timeMs });
        demand(access, 'MANAGE_MESSAGES');
        const data = { ...params, messageIds: body.messageIds, by: actor, manages: true };
        const { deleted } = await submit<DeletedResult>(command({ type: 'DeleteMessages', data }));
        return { deleted };
      },
    }),
  ];
};
