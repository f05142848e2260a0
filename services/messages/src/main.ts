import { serveService } from '@palaver/process';
import { messagesProjection, messagesQueries } from '@palaver/projection-messages';
import { commandSchemas, consumerGroups, eventSchemas, sessionEnds } from '@palaver/schemas';
import { messagesDecider } from './decider.ts';
import { messagesProblems, messagesRoutes } from './routes.ts';

await serveService(
  {
    decider: messagesDecider,
    groupId: consumerGroups.messages,
    schemas: { commands: commandSchemas.messages, events: eventSchemas.messages },
    projection: messagesProjection,
    sessionEnds: { ...sessionEnds, schemas: eventSchemas.auth },
    problems: messagesProblems,
    usualPort: 3005,
    routes: ({ pool }) => messagesRoutes(messagesQueries(pool)),
  },
  process.env,
);
