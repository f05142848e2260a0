export * from './app.ts';
export { type Cidrs, clientAddress, networkOf, parseCidrs } from './client-address.ts';
export { type Given, giveCommand, type Submitter } from './commands.ts';
export { type EndedSessions, endedSessions, refuseEnded } from './ended-sessions.ts';
export type { JsonObject } from './example.ts';
export { type BeginExchange, type Exchange, exchangeOf, exchanges } from './exchange.ts';
export {
  instant,
  limit,
  nextPageQuery,
  notTogether,
  oneLine,
  pageQuery,
  pageSchema,
  text,
  uuid,
  webAddress,
  wholeNumber,
} from './input.ts';
export { type OpenApiDocument, openApiDocument } from './openapi.ts';
export type { PositionWaiter } from './positions.ts';
export { EDGE_PROBLEMS, type InputFault, type ProblemDocument, type ProblemTable, Refusal } from './problem.ts';
export {
  type JsonWebKeySet,
  type PublicKeys,
  type PublicKeysFile,
  publicKeysFile,
  publicKeysOf,
  readJwks,
} from './public-keys.ts';
export {
  type Auth,
  type Context,
  defineRoute,
  type GivenCommand,
  type Method,
  type Reply,
  type Route,
  reply,
} from './route.ts';
export { type Listening, type ListenOptions, listen, PortTaken } from './server.ts';
export { type Check, closeShell, openShell, type Ready, type ShellOptions, sendJson, sendProblem } from './shell.ts';
export * from './token.ts';
export { entityTag, expectedVersion } from './versions.ts';
export { hasBody } from './unread.ts';
