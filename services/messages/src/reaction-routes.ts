import { defineRoute, nextPageQuery, pageSchema, type Route, uuid } from '@palaver/http';
import type { MessagesQueries } from '@palaver/projection-messages';
import { z } from 'zod';
import type { ReactionResult } from './channel.ts';
import { accessOf, command, demand, demandProblems, messageNotFound, ofMessage } from './route-parts.ts';

/** Reactions over HTTP: one of a kind for each member and message. */

/** No pattern of the document: JSON Schema has no flag `v`. */
const emoji = () =>
  z
    .string()
    .max(64)
    .refine((value) => /^\p{RGI_Emoji}$/v.test(value), {
      error: 'must be one emoji',
      params: { code: 'invalid_format' },
    })
    .meta({ format: 'emoji', examples: ['👍'] });
const ofReaction = () => ofMessage().extend({ emoji: emoji() });

export const reactionRoutes = ({ accessTo, messageFor, reactorsOf }: MessagesQueries): readonly Route[] => [
  defineRoute({
    method: 'put',
    path: '/channels/:channelId/messages/:messageId/reactions/:emoji/me',
    operationId: 'addReaction',
    summary: 'React to a message with an emoji',
    tags: ['messages'],
    auth: 'bearer',
    kind: 'command',
    params: ofReaction(),
    response: z.object({ count: z.int() }),
    status: 200,
    problems: [...demandProblems, 'message_not_found', 'too_many_emoji'],
    handler: async ({ actor, params, submit, timeMs }) => {
      demand(await accessOf(accessTo, { actor, params, timeMs }), 'SEND_MESSAGES');
      const { count } = await submit<ReactionResult>(command({ type: 'AddReaction', data: { ...params, by: actor } }));
      return { count };
    },
  }),

  defineRoute({
    method: 'delete',
    path: '/channels/:channelId/messages/:messageId/reactions/:emoji/me',
    operationId: 'removeReaction',
    summary: 'Take your reaction back',
    tags: ['messages'],
    auth: 'bearer',
    kind: 'command',
    params: ofReaction(),
    response: z.object({ count: z.int() }),
    status: 200,
    problems: ['channel_not_found', 'message_not_found'],
    handler: async ({ actor, params, submit, timeMs }) => {
      await accessOf(accessTo, { actor, params, timeMs });
      const data = { ...params, by: actor };
      const { count } = await submit<ReactionResult>(command({ type: 'RemoveReaction', data }));
      return { count };
    },
  }),

  defineRoute({
    method: 'get',
    path: '/channels/:channelId/messages/:messageId/reactions/:emoji',
    operationId: 'listReactions',
    summary: 'List who reacted with an emoji',
    description: 'By rising profile id, a page at a time.',
    tags: ['messages'],
    auth: 'bearer',
    kind: 'query',
    params: ofReaction(),
    query: nextPageQuery(uuid(), 'profile'),
    response: pageSchema(uuid()),
    status: 200,
    problems: ['channel_not_found', 'message_not_found'],
    handler: async ({ actor, params, query, timeMs }) => {
      await accessOf(accessTo, { actor, params, timeMs });
      if (!(await messageFor({ ...params, profileId: actor }))) throw messageNotFound();
      return reactorsOf({ ...params, limit: query.limit, after: query.after });
    },
  }),
];
