import {
  defineRoute,
  instant,
  limit,
  type PositionWaiter,
  pageSchema,
  Refusal,
  type Route,
  text,
  uuid,
} from '@palaver/http';
import type { MessageDetail, MessagesQueries } from '@palaver/projection-messages';
import { type Hit, type Scope, type Search, type SearchQueries, SearchTooLong } from '@palaver/projection-search';
import { z } from 'zod';
import { accessOf, messageSchema } from './route-parts.ts';

/** Search over HTTP: which messages are hits the model of search knows, what they say now the model of messages. */

const moment = (description: string) =>
  instant()
    .transform((given) => new Date(given))
    .optional()
    .meta({ description });

const searchQuery = z
  .strictObject({
    serverId: uuid().optional().meta({ description: 'Of all its channels that you may see' }),
    channelId: uuid().optional(),
    text: text({ min: 1, max: 200 })
      .optional()
      .meta({ description: 'Words, "phrases", -excluded words or "-phrases", and `or`', examples: ['kernel -panic'] }),
    authorId: uuid().optional(),
    from: moment('Posted then or later'),
    until: moment('Posted before'),
    has: z.enum(['link', 'file']).optional(),
    limit: limit(),
    before: uuid().optional().meta({ description: 'The last message of the page before' }),
  })
  .refine(({ serverId, channelId }) => (serverId === undefined) !== (channelId === undefined), {
    error: 'either serverId or channelId must be given',
    params: { code: 'exclusive' },
  })
  .refine(
    (query) => [query.text, query.authorId, query.from, query.until, query.has].some((one) => one !== undefined),
    {
      error: 'something to look for must be given: text, authorId, from, until or has',
      params: { code: 'required' },
    },
  );
type Asked = { readonly actor: string; readonly query: z.output<typeof searchQuery>; readonly timeMs: number };

const tooLong = (error: unknown): never => {
  if (!(error instanceof SearchTooLong)) throw error;
  throw new Refusal('search_too_long', 'Too much of what it asks for is said too often. Ask for something more.');
};

export const searchRoutes = ({
  messages,
  found,
  positions,
}: {
  readonly messages: Pick<MessagesQueries, 'accessTo' | 'channelsFor' | 'messagesOf'>;
  readonly found: SearchQueries;
  /** Of the model of search. */
  readonly positions: PositionWaiter;
}): readonly Route[] => {
  /** Where the asker may search. Throws `channel_not_found`, `server_not_found`. */
  const scopeOf = async ({ actor, query: { serverId, channelId }, timeMs }: Asked): Promise<Scope> => {
    if (serverId === undefined) {
      await accessOf(messages.accessTo, { actor, params: { channelId: channelId! }, timeMs });
      return { channelId: channelId! };
    }
    const channelIds = await messages.channelsFor({ serverId, profileId: actor, atMs: timeMs });
    if (!channelIds) throw new Refusal('server_not_found', 'There is no such server among yours.');
    return { serverId, channelIds };
  };

  /** Either model may be ahead: what was deleted, edited or made nobody's in one of them is no hit any more. */
  const asTheyAre = async (hits: readonly Hit[], profileId: string): Promise<readonly MessageDetail[]> => {
    const byId = new Map(hits.map((hit) => [hit.id, hit]));
    const items = await messages.messagesOf({ places: hits, profileId });
    return items.filter((item) => {
      const hit = byId.get(item.id);
      return hit?.content === item.content && hit.authorId === item.authorId;
    });
  };

  /** A page as full as there are hits, so that its last one is the place where the next begins. */
  const pageFor = async (profileId: string, asked: Search) => {
    const items: MessageDetail[] = [];
    for (let { after } = asked; ; ) {
      const hits = await found.search({ ...asked, after, limit: asked.limit - items.length }).catch(tooLong);
      items.push(...(await asTheyAre(hits.items, profileId)));
      if (!hits.hasMore || items.length === asked.limit) return { items, hasMore: hits.hasMore };
      after = hits.items.at(-1);
    }
  };

  return [
    defineRoute({
      method: 'get',
      path: '/messages/search',
      operationId: 'searchMessages',
      summary: 'Search messages, newest first',
      description:
        'Those of a channel, or of all channels of a server that you may see: either `channelId` or `serverId`, and something to look for.',
      tags: ['messages'],
      auth: 'bearer',
      kind: 'query',
      query: searchQuery,
      response: pageSchema(messageSchema),
      status: 200,
      positions,
      problems: ['server_not_found', 'channel_not_found', 'message_not_found', 'search_too_long'],
      handler: async ({ actor, query, timeMs }) => {
        const scope = await scopeOf({ actor, query, timeMs });
        const { text, authorId, from, until, has, limit, before } = query;
        const after = before === undefined ? undefined : await found.placeOf({ scope, messageId: before });
        if (after === null) throw new Refusal('message_not_found', 'The message to go on from is not there.');
        return pageFor(actor, { scope, text, authorId, from, until, has, after, limit });
      },
    }),
  ];
};
