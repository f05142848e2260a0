import { defineRoute, Refusal, type Route, uuid } from '@palaver/http';
import type { MessagesQueries } from '@palaver/projection-messages';
import { z } from 'zod';
import type { MarkResult } from './reading.ts';
import { accessOf, command, inChannel, readStateSchema } from './route-parts.ts';

/** How far one has read, and what is unread, over HTTP. */

export const readingRoutes = ({ accessTo, channelsFor, readStatesOf }: MessagesQueries): readonly Route[] => [
  defineRoute({
    method: 'put',
    path: '/channels/:channelId/read-state',
    operationId: 'markRead',
    summary: 'Say how far you have read the channel',
    description: 'An older message than before makes what came after it unread again.',
    tags: ['read states'],
    auth: 'bearer',
    kind: 'command',
    params: inChannel(),
    body: z.strictObject({
      seq: z
        .int()
        .min(0)
        .max(1e15)
        .meta({ description: 'Of the last message that was read; 0 for none', examples: [1] }),
    }),
    response: readStateSchema.pick({ channelId: true, readSeq: true }),
    status: 200,
    problems: ['channel_not_found', 'seq_not_reached'],
    handler: async ({ actor, body, params, submit, timeMs }) => {
      await accessOf(accessTo, { actor, params, timeMs });
      const data = { ...params, profileId: actor, seq: body.seq };
      const { seq } = await submit<MarkResult>(command({ type: 'MarkRead', data }));
      return { channelId: params.channelId, readSeq: seq };
    },
  }),

  defineRoute({
    method: 'get',
    path: '/channels/:channelId/read-state',
    operationId: 'getReadState',
    summary: 'See how far you have read the channel, and what is unread',
    tags: ['read states'],
    auth: 'bearer',
    kind: 'query',
    params: inChannel(),
    response: readStateSchema,
    status: 200,
    problems: ['channel_not_found'],
    handler: async ({ actor, params, timeMs }) => {
      await accessOf(accessTo, { actor, params, timeMs });
      const [state] = await readStatesOf({ channelIds: [params.channelId], profileId: actor });
      return state!;
    },
  }),

  defineRoute({
    method: 'get',
    path: '/read-states',
    operationId: 'listReadStates',
    summary: 'See what is unread in each channel of a server that you may see',
    tags: ['read states'],
    auth: 'bearer',
    kind: 'query',
    query: z.strictObject({ serverId: uuid() }),
    response: z.object({ items: z.array(readStateSchema).readonly() }),
    status: 200,
    problems: ['server_not_found'],
    handler: async ({ actor, query, timeMs }) => {
      const channelIds = await channelsFor({ serverId: query.serverId, profileId: actor, atMs: timeMs });
      if (!channelIds) throw new Refusal('server_not_found', 'There is no such server among yours.');
      return { items: await readStatesOf({ channelIds, profileId: actor }) };
    },
  }),
];
