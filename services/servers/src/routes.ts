import type { Route } from '@palaver/http';
import type { Database } from '@palaver/projection-servers';
import { auditRoutes } from './audit-routes.ts';
import { channelRoutes } from './channel-routes.ts';
import { inviteRoutes } from './invite-routes.ts';
import { memberRoutes } from './member-routes.ts';
import { serverRoutes } from './server-routes.ts';

export { serversProblems } from './problems.ts';

/** This service's routes, commands and queries. */
export const serversRoutes = (db: Database): readonly Route[] => [
  ...serverRoutes(db),
  ...channelRoutes(db),
  ...memberRoutes(db),
  ...inviteRoutes(db),
  ...auditRoutes(db),
];
