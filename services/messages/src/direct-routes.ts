import { derivedId } from '@palaver/decider';
import { defineRoute, nextPageQuery, pageSchema, Refusal, type Route, reply, uuid } from '@palaver/http';
import type { DirectChannel, MessagesQueries } from '@palaver/projection-messages';
import { z } from 'zod';
import { maxParticipants } from './direct.ts';
import { command, inChannel, readStateSchema } from './route-parts.ts';

/** Direct channels and blocks over HTTP. Their messages are those of any channel. */

const directSchema = z
  .object({
    id: uuid(),
    group: z.boolean().meta({ description: 'Whether participants come and go; between two there is one channel' }),
    profileIds: z.array(uuid()).readonly(),
  })
  .meta({ id: 'DirectChannel' });
const listedSchema = directSchema
  .extend({
    openedAt: z.iso.datetime(),
    readState: readStateSchema.omit({ channelId: true }),
  })
  .meta({ id: 'ListedDirectChannel' });

const channelNotFound = (): Refusal => new Refusal('channel_not_found', 'There is no such channel among yours.');

export const directRoutes = (queries: MessagesQueries): readonly Route[] => {
  const { acquaintanceOf, blockedBy, directChannelFor, directChannelsOf, readStatesOf } = queries;

  /** Throws `profile_not_found`, `blocked`. */
  const demandReachable = async (profileId: string, others: readonly string[]): Promise<void> => {
    const { known, blocked } = await acquaintanceOf({ profileId, others });
    const stranger = others.find((id) => !known.has(id));
    if (stranger !== undefined) throw new Refusal('profile_not_found', `There is no profile ${stranger}.`);
    if (blocked.size > 0) throw new Refusal('blocked', 'One of you has blocked the other.');
  };

  const listed = async (channels: readonly DirectChannel[], profileId: string) => {
    const states = await readStatesOf({ channelIds: channels.map(({ id }) => id), profileId });
    return channels.map((channel, index) => {
      const { channelId: _, ...readState } = states[index]!;
      return { ...channel, readState };
    });
  };

  const block = (method: 'put' | 'delete', type: 'BlockProfile' | 'UnblockProfile', summary: string): Route =>
    defineRoute({
      method,
      path: '/blocks/:profileId',
      operationId: type === 'BlockProfile' ? 'blockProfile' : 'unblockProfile',
      summary,
      description: 'While either of two has blocked the other, neither writes to the other directly.',
      tags: ['direct channels'],
      auth: 'bearer',
      kind: 'command',
      params: z.object({ profileId: uuid() }),
      response: z.void(),
      status: 204,
      problems: type === 'BlockProfile' ? ['profile_not_found', 'own_profile'] : [],
      handler: async ({ actor, params: { profileId }, submit }) => {
        if (type === 'BlockProfile') {
          if (profileId === actor) throw new Refusal('own_profile', 'That is you.');
          const { known } = await acquaintanceOf({ profileId: actor, others: [profileId] });
          if (!known.has(profileId)) throw new Refusal('profile_not_found', 'There is no such profile.');
        }
        await submit(command({ type, data: { profileId: actor, blockedId: profileId } }));
        return reply({});
      },
    });

  return [
    defineRoute({
      method: 'post',
      path: '/direct-channels',
      operationId: 'openDirectChannel',
      summary: 'Open a channel with 1 to 9 other profiles',
      description: 'With one, it is always the same channel.',
      tags: ['direct channels'],
      auth: 'bearer',
      kind: 'command',
      body: z.strictObject({
        profileIds: z
          .array(uuid())
          .min(1)
          .max(maxParticipants - 1)
          .meta({
            description: 'The others',
            examples: [['01900000-0000-7000-8000-000000000001']],
          }),
      }),
      response: directSchema,
      status: 201,
      problems: ['profile_not_found', 'own_profile', 'blocked'],
      handler: async ({ actor, body, id, submit }) => {
        const others = [...new Set(body.profileIds)];
        if (others.includes(actor)) throw new Refusal('own_profile', 'You are a participant of it anyway.');
        await demandReachable(actor, others);
        const profileIds = [actor, ...others].sort();
        const group = others.length > 1;
        const channelId = group ? id('channel') : derivedId('direct channel', ...profileIds);
        const data = { channelId, profileIds, group, openedBy: actor };
        await submit(command({ type: 'OpenDirectChannel', data }));
        return { id: channelId, group, profileIds };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/direct-channels',
      operationId: 'listDirectChannels',
      summary: 'List your direct channels, and what is unread in each',
      description: 'By rising channel id, a page at a time.',
      tags: ['direct channels'],
      auth: 'bearer',
      kind: 'query',
      query: nextPageQuery(uuid(), 'channel'),
      response: pageSchema(listedSchema),
      status: 200,
      problems: [],
      handler: async ({ actor, query: { limit, after } }) => {
        const { items, hasMore } = await directChannelsOf({ profileId: actor, limit, after });
        return { items: await listed(items, actor), hasMore };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/direct-channels/:channelId',
      operationId: 'getDirectChannel',
      summary: 'See one of your direct channels',
      tags: ['direct channels'],
      auth: 'bearer',
      kind: 'query',
      params: inChannel(),
      response: listedSchema,
      status: 200,
      problems: ['channel_not_found'],
      handler: async ({ actor, params }) => {
        const found = await directChannelFor({ ...params, profileId: actor });
        if (!found) throw channelNotFound();
        return (await listed([found], actor))[0]!;
      },
    }),

    defineRoute({
      method: 'put',
      path: '/direct-channels/:channelId/participants/:profileId',
      operationId: 'addParticipant',
      summary: 'Add somebody to a group',
      description: 'Who may read what was said before.',
      tags: ['direct channels'],
      auth: 'bearer',
      kind: 'command',
      params: inChannel().extend({ profileId: uuid() }),
      response: z.void(),
      status: 204,
      problems: ['channel_not_found', 'profile_not_found', 'blocked', 'not_a_group', 'too_many_participants'],
      handler: async ({ actor, params: { channelId, profileId }, submit }) => {
        if (!(await directChannelFor({ channelId, profileId: actor }))) throw channelNotFound();
        await demandReachable(actor, [profileId]);
        await submit(command({ type: 'AddParticipant', data: { channelId, profileId, by: actor } }));
        return reply({});
      },
    }),

    defineRoute({
      method: 'delete',
      path: '/direct-channels/:channelId/participants/me',
      operationId: 'leaveDirectChannel',
      summary: 'Leave a group',
      tags: ['direct channels'],
      auth: 'bearer',
      kind: 'command',
      params: inChannel(),
      response: z.void(),
      status: 204,
      problems: ['channel_not_found', 'not_a_group'],
      handler: async ({ actor, params: { channelId }, submit }) => {
        if (!(await directChannelFor({ channelId, profileId: actor }))) throw channelNotFound();
        const data = { channelId, profileId: actor, erased: false };
        await submit(command({ type: 'LeaveDirectChannel', data }));
        return reply({});
      },
    }),

    block('put', 'BlockProfile', 'Block a profile'),
    block('delete', 'UnblockProfile', 'Unblock a profile'),

    defineRoute({
      method: 'get',
      path: '/blocks',
      operationId: 'listBlocks',
      summary: 'List whom you have blocked',
      description: 'By rising profile id, a page at a time.',
      tags: ['direct channels'],
      auth: 'bearer',
      kind: 'query',
      query: nextPageQuery(uuid(), 'profile'),
      response: pageSchema(uuid()),
      status: 200,
      problems: [],
      handler: ({ actor, query: { limit, after } }) => blockedBy({ profileId: actor, limit, after }),
    }),
  ];
};
