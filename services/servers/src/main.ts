import { serveService } from '@palaver/process';
import type { ServersModel } from '@palaver/projection-servers';
import { serversProjection } from '@palaver/projection-servers';
import { commandSchemas, consumerGroups, eventSchemas, sessionEnds } from '@palaver/schemas';
import { Kysely, PostgresDialect } from 'kysely';
import { serversDecider } from './decider.ts';
import { serversProblems, serversRoutes } from './routes.ts';

await serveService(
  {
    decider: serversDecider,
    groupId: consumerGroups.servers,
    schemas: { commands: commandSchemas.servers, events: eventSchemas.servers },
    projection: serversProjection,
    sessionEnds: { ...sessionEnds, schemas: eventSchemas.auth },
    problems: serversProblems,
    usualPort: 3004,
    routes: ({ pool }) => serversRoutes(new Kysely<ServersModel>({ dialect: new PostgresDialect({ pool }) })),
  },
  process.env,
);
