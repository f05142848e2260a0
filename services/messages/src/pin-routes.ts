import { defineRoute, type Route, reply } from '@palaver/http';
import type { MessagesQueries } from '@palaver/projection-messages';
import { z } from 'zod';
import { accessOf, command, demand, demandProblems, inChannel, messageSchema, ofMessage } from './route-parts.ts';

/** Pinned messages over HTTP: 50 a channel, so their list is one answer. */

export const pinRoutes = ({ accessTo, pinsFor }: MessagesQueries): readonly Route[] => {
  const change = (method: 'put' | 'delete', type: 'PinMessage' | 'UnpinMessage', summary: string): Route =>
    defineRoute({
      method,
      path: '/channels/:channelId/pins/:messageId',
      operationId: type === 'PinMessage' ? 'pinMessage' : 'unpinMessage',
      summary,
      description: 'In a server it needs MANAGE_MESSAGES.',
      tags: ['messages'],
      auth: 'bearer',
      kind: 'command',
      takesReason: true,
      params: ofMessage(),
      response: z.void(),
      status: 204,
      problems: [...demandProblems, 'message_not_found', ...(type === 'PinMessage' ? ['too_many_pins'] : [])],
      handler: async ({ actor, params, submit, timeMs }) => {
        const access = await accessOf(accessTo, { actor, params, timeMs });
        demand(access, access.type === 'DIRECT' ? 'SEND_MESSAGES' : 'MANAGE_MESSAGES');
        await submit(command({ type, data: { ...params, by: actor, manages: true } }));
        return reply({});
      },
    });
  return [
    change('put', 'PinMessage', 'Pin a message'),
    change('delete', 'UnpinMessage', 'Unpin a message'),
    defineRoute({
      method: 'get',
      path: '/channels/:channelId/pins',
      operationId: 'listPins',
      summary: 'Read the pinned messages of a channel',
      description: 'The last pinned first.',
      tags: ['messages'],
      auth: 'bearer',
      kind: 'query',
      params: inChannel(),
      response: z.object({ items: z.array(messageSchema).readonly() }),
      status: 200,
      problems: ['channel_not_found'],
      handler: async ({ actor, params, timeMs }) => {
        const { channelId } = params;
        await accessOf(accessTo, { actor, params, timeMs });
        return { items: await pinsFor({ channelId, profileId: actor }) };
      },
    }),
  ];
};
