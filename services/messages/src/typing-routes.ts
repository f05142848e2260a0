import { defineRoute, type Route, reply, uuid } from '@palaver/http';
import type { MessagesQueries } from '@palaver/projection-messages';
import { z } from 'zod';
import { accessOf, demand, demandProblems, inChannel } from './route-parts.ts';
import type { Typing } from './typing.ts';

/** Who is typing, over HTTP. */

export const typingRoutes = ({ accessTo }: Pick<MessagesQueries, 'accessTo'>, typing: Typing): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/channels/:channelId/typing',
    operationId: 'beginTyping',
    summary: 'Say that you are typing; it is true for ten seconds',
    tags: ['messages'],
    auth: 'bearer',
    kind: 'command',
    params: inChannel(),
    response: z.void(),
    status: 204,
    problems: [...demandProblems],
    handler: async ({ actor, params, timeMs }) => {
      demand(await accessOf(accessTo, { actor, params, timeMs }), 'SEND_MESSAGES');
      await typing.begin({ ...params, profileId: actor });
      return reply({});
    },
  }),

  defineRoute({
    method: 'get',
    path: '/channels/:channelId/typing',
    operationId: 'listTyping',
    summary: 'See who is typing, the latest first, 100 at most',
    tags: ['messages'],
    auth: 'bearer',
    kind: 'query',
    params: inChannel(),
    response: z.object({ items: z.array(z.object({ profileId: uuid(), until: z.iso.datetime() })).readonly() }),
    status: 200,
    problems: ['channel_not_found'],
    handler: async ({ actor, params, timeMs }) => {
      await accessOf(accessTo, { actor, params, timeMs });
      return { items: await typing.inChannel(params.channelId) };
    },
  }),
];
