import { serveService, startErasure } from '@palaver/process';
import type { ServersModel } from '@palaver/projection-servers';
import { membershipsOfDeleted, serversProjection } from '@palaver/projection-servers';
import { picturesOf } from '@palaver/projection-shared';
import { publicVariables } from '@palaver/runtime';
import { commandSchemas, consumerGroups, eventSchemas, sessionEnds } from '@palaver/schemas';
import { Kysely, PostgresDialect } from 'kysely';
import { serversDecider } from './decider.ts';
import { endLeftMemberships } from './erasure.ts';
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
    variables: publicVariables,
    routes: ({ config, scope, pool, commands, positions }) => {
      const db = new Kysely<ServersModel>({ dialect: new PostgresDialect({ pool }) });
      const left = (asked: { since: Date; limit: number }) => membershipsOfDeleted(db, asked);
      startErasure(scope, (asked) => endLeftMemberships({ left, commands, positions }, asked));
      return serversRoutes(db, picturesOf(pool, config.publicUrl));
    },
  },
  process.env,
);
