import type { Route } from '@palaver/http';
import type { MessagesQueries } from '@palaver/projection-messages';
import { directRoutes } from './direct-routes.ts';
import { messageRoutes } from './message-routes.ts';
import { pinRoutes } from './pin-routes.ts';
import { reactionRoutes } from './reaction-routes.ts';
import { readingRoutes } from './reading-routes.ts';
import type { Typing } from './typing.ts';
import { typingRoutes } from './typing-routes.ts';

export { messagesProblems } from './problems.ts';

/** This service's routes, commands and queries. */
export const messagesRoutes = (queries: MessagesQueries, typing: Typing): readonly Route[] => [
  ...messageRoutes(queries),
  ...reactionRoutes(queries),
  ...pinRoutes(queries),
  ...readingRoutes(queries),
  ...directRoutes(queries),
  ...typingRoutes(queries, typing),
];
