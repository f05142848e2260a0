import type { Route } from '@palaver/http';
import type { MessagesQueries } from '@palaver/projection-messages';
import { messageRoutes } from './message-routes.ts';
import { pinRoutes } from './pin-routes.ts';
import { reactionRoutes } from './reaction-routes.ts';

export { messagesProblems } from './problems.ts';

/** This service's routes, commands and queries. */
export const messagesRoutes = (queries: MessagesQueries): readonly Route[] => [
  ...messageRoutes(queries),
  ...reactionRoutes(queries),
  ...pinRoutes(queries),
];
