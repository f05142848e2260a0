import type { Route } from '@palaver/http';
import type { Database } from '@palaver/projection-servers';
import type { Pictures } from '@palaver/projection-shared';
import { auditRoutes } from './audit-routes.ts';
import { channelRoutes } from './channel-routes.ts';
import { inviteRoutes } from './invite-routes.ts';
import { memberRoutes } from './member-routes.ts';
import { serverRoutes } from './server-routes.ts';

export { serversProblems } from './problems.ts';

/** This service's routes, commands and queries. */
export const serversRoutes = (db: Database, pictures: Pictures): readonly Route[] => [
  ...serverRoutes(db, pictures),
  ...channelRoutes(db),
  ...memberRoutes(db),
  ...inviteRoutes(db, pictures),
  ...auditRoutes(db),
];
