import { serveService, startErasure } from '@palaver/process';
import { leftByDeleted, messagesProjection, messagesQueries } from '@palaver/projection-messages';
import { commandSchemas, consumerGroups, eventSchemas, sessionEnds } from '@palaver/schemas';
import { messagesDecider } from './decider.ts';
import { eraseLeftMessages } from './erasure.ts';
import { messagesProblems, messagesRoutes } from './routes.ts';
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
    routes: async ({ scope, pool, commands, positions }) => {
      const typing = typingIn(pool);
      await scope.waitFor('database', () => typing.migrate());
      const left = (asked: { since: Date; limit: number }) => leftByDeleted(pool, asked);
      startErasure(scope, (asked) => eraseLeftMessages({ left, commands, positions }, asked));
      return messagesRoutes(messagesQueries(pool), typing);
    },
  },
  process.env,
);
