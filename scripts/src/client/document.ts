import { EDGE_PROBLEMS, type OpenApiDocument, openApiDocument, type ProblemTable, type Route } from '@palaver/http';
import { type AuthParts, authProblems, authRoutes } from '@palaver/service-auth';
import { filesProblems, filesRoutes } from '@palaver/service-files';
import { mergeDocuments } from '@palaver/service-gateway';
import { messagesProblems, messagesRoutes, searchRoutes } from '@palaver/service-messages';
import { serversProblems, serversRoutes } from '@palaver/service-servers';

/** The document of the whole API, made of the services' routes as the gateway merges it: no house needs to run. */

// What routes are made of is used when they are asked, and here nobody asks.
const unused = <Parts>(): Parts => ({ limits: {} }) as Parts;

const services: readonly (readonly [string, readonly Route[], ProblemTable])[] = [
  ['auth', authRoutes(unused<AuthParts>()), authProblems],
  ['servers', serversRoutes(unused(), unused()), serversProblems],
  ['messages', [...messagesRoutes(unused(), unused()), ...searchRoutes(unused())], messagesProblems],
  ['files', filesRoutes(unused()), filesProblems],
];

export const routes: readonly Route[] = services.flatMap(([, own]) => own);

/** One of each service. */
export const documents: readonly OpenApiDocument[] = services.map(([name, own, problems]) =>
  openApiDocument({ name, routes: own, problems: { ...EDGE_PROBLEMS, ...problems } }),
);

export const document = mergeDocuments(documents);
