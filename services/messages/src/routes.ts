import { defineRoute, type ProblemTable, pageQuery, Refusal, type Route, text, uuid, wholeNumber } from '@palaver/http';
import type { Access, AccessTo, MessagesQueries } from '@palaver/projection-messages';
import type { MessagesCommand } from '@palaver/schemas';
import { z } from 'zod';
import type { PostResult } from './channel.ts';

/** Codes of this domain over HTTP. */
export const messagesProblems = {
  channel_not_found: { status: 404, title: 'There is no such channel' },
  message_not_found: { status: 404, title: 'There is no such message' },
  not_a_text_channel: { status: 409, title: 'The channel carries no text' },
  missing_permission: { status: 403, title: 'A permission is missing' },
  timed_out: { status: 403, title: 'You are timed out' },
  message_exists: { status: 409, title: 'The message exists already' },
} as const satisfies ProblemTable;

const messageSchema = z.object({
  id: uuid(),
  channelId: uuid(),
  serverId: uuid(),
  authorId: uuid().nullable().meta({ description: 'Null when the account of its author is gone' }),
  seq: z.int(),
  content: z.string(),
  importedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
});

/** A place in a channel: a seq, or a message's id. */
const place = () => z.union([wholeNumber(), uuid()]);

const command = (given: MessagesCommand): MessagesCommand => given;

/** This service's routes, commands and queries. */
export const messagesRoutes = ({ accessTo, history }: MessagesQueries): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/channels/:channelId/messages',
    operationId: 'postMessage',
    summary: 'Post a message',
    tags: ['messages'],
    auth: 'bearer',
    kind: 'command',
    params: z.object({ channelId: uuid() }),
    body: z.strictObject({
      content: text({ min: 1, max: 4_000 }),
      importedAt: z.iso
        .datetime({ offset: true })
        .nullable()
        .default(null)
        .meta({ description: 'When it was said elsewhere; for members with the permission IMPORT_MESSAGES' }),
    }),
    response: messageSchema,
    status: 201,
    problems: ['channel_not_found', 'not_a_text_channel', 'missing_permission', 'timed_out', 'message_exists'],
    handler: async ({ actor, body, id, params, submit, timeMs }) => {
      const { channelId } = params;
      const access = await accessOf(accessTo, { channelId, profileId: actor, atMs: timeMs });
      if (access.type !== 'TEXT')
        throw new Refusal('not_a_text_channel', 'Messages are posted to TEXT channels alone.');
      if (access.timedOut) throw new Refusal('timed_out', 'You may only read until your time-out is over.');
      if (!access.permissions.has('SEND_MESSAGES')) {
        throw new Refusal('missing_permission', 'Posting needs the permission SEND_MESSAGES.');
      }
      if (body.importedAt !== null && !access.permissions.has('IMPORT_MESSAGES')) {
        throw new Refusal('missing_permission', 'importedAt needs the permission IMPORT_MESSAGES.');
      }
      const { serverId } = access;
      const importedAt = body.importedAt === null ? null : Date.parse(body.importedAt);
      const { content } = body;
      const data = { messageId: id('message'), channelId, serverId, authorId: actor, content, importedAt };
      const result = await submit<PostResult>(command({ type: 'PostMessage', data }));
      return {
        id: result.messageId,
        channelId,
        serverId,
        authorId: actor,
        seq: result.seq,
        content,
        importedAt: importedAt === null ? null : new Date(importedAt).toISOString(),
        createdAt: new Date(result.createdAtMs).toISOString(),
      };
    },
  }),

  defineRoute({
    method: 'get',
    path: '/channels/:channelId/messages',
    operationId: 'listMessages',
    summary: "Read a channel's history, newest first: the newest, or a page before, after or around a message",
    tags: ['messages'],
    auth: 'bearer',
    kind: 'query',
    params: z.object({ channelId: uuid() }),
    query: pageQuery(place()),
    response: z.object({ items: z.array(messageSchema).readonly(), hasMore: z.boolean() }),
    status: 200,
    problems: ['channel_not_found', 'message_not_found'],
    handler: async ({ actor, params, query, timeMs }) => {
      const { channelId } = params;
      await accessOf(accessTo, { channelId, profileId: actor, atMs: timeMs });
      const page = await history({ channelId, ...query });
      if (!page) throw new Refusal('message_not_found', 'There is no such message in this channel.');
      return page;
    },
  }),
];

/** Throws `channel_not_found` also to those who may not see the channel: they are not told that it exists. */
const accessOf = async (accessTo: AccessTo, of: Parameters<AccessTo>[0]): Promise<Access> => {
  const access = await accessTo(of);
  if (!access) throw new Refusal('channel_not_found', 'There is no such channel among yours.');
  return access;
};
