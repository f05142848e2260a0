import { serveService, startErasure } from '@palaver/process';
import { leftByDeleted, messagesProjection, messagesQueries } from '@palaver/projection-messages';
import { searchProjection, searchQueries } from '@palaver/projection-search';
import { parsers, variable } from '@palaver/runtime';
import { commandSchemas, consumerGroups, eventSchemas, sessionEnds } from '@palaver/schemas';
import { messagesDecider } from './decider.ts';
import { eraseLeftMessages } from './erasure.ts';
import { messagesProblems, messagesRoutes } from './routes.ts';
import { searchRoutes } from './search-routes.ts';
import { typingIn } from './typing.ts';

await serveService(
  {
    decider: messagesDecider,
    groupId: consumerGroups.messages,
    schemas: { commands: commandSchemas.messages, events: eventSchemas.messages },
    projection: messagesProjection,
    sessionEnds: { ...sessionEnds, schemas: eventSchemas.auth },
    problems: messagesProblems,
    usualPort: 3005,
    variables: {
      searchPostgresUrl: variable({
        name: 'PALAVER_SEARCH_POSTGRES_URL',
        parse: parsers.url('postgres', 'postgresql'),
        secret: true,
        doc: 'the database of the read model search, as postgres://user:password@host:port/database',
      }),
    },
    routes: async ({ config, scope, pool, commands, positions, openModel }) => {
      const typing = typingIn(pool);
      await scope.waitFor('database', () => typing.migrate());
      const left = (asked: { since: Date; limit: number }) => leftByDeleted(pool, asked);
      startErasure(scope, (asked) => eraseLeftMessages({ left, commands, positions }, asked));
      const messages = messagesQueries(pool);
      const found = await openModel({
        projection: searchProjection,
        postgresUrl: config.searchPostgresUrl,
        queryTimeoutMs: 5_000,
      });
      return [
        ...messagesRoutes(messages, typing),
        ...searchRoutes({ messages, found: searchQueries(found.pool), positions: found.positions }),
      ];
    },
  },
  process.env,
);
