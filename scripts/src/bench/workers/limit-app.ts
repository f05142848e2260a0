import type { Json } from '@palaver/decider';
import { createApp, listen, readJwks, tokenVerifier } from '@palaver/http';
import type { MessagesQueries } from '@palaver/projection-messages';
import { createLogger, createMetrics, tokenVariables } from '@palaver/runtime';
import type { PostMessage } from '@palaver/schemas';
import { messagesProblems, messagesRoutes, type PostResult } from '@palaver/service-messages';
import { serveCalls } from '../worker.ts';

/**
 * The limit of the messages service: its own app, with its routes, token check, body parsing, validation, access log and metrics,
 * but neither a look-up of who may post nor an append.
 */

const calls = {
  /** Resolves with the URL it listens on. */
  start: async ({ jwksFile }: { jwksFile: string }): Promise<string> => {
    const app = createApp({
      name: 'messages',
      routes: messagesRoutes(allowEverybody),
      verifyToken: tokenVerifier({
        jwks: readJwks(jwksFile),
        issuer: tokenVariables.tokenIssuer.default!,
        audience: tokenVariables.tokenAudience.default!,
      }),
      logger: createLogger({ name: 'messages' }),
      metrics: createMetrics('messages'),
      problems: messagesProblems,
      ready: () => [],
      commands: {
        submit: async ({ data, timeMs }) => {
          const result: PostResult = { messageId: (data as PostMessage).messageId, seq: 1, createdAtMs: timeMs };
          return { outcome: { kind: 'accepted', result: result as Json }, position: { partition: 0, offset: 1 } };
        },
      },
    });
    return (await listen(app, { host: '127.0.0.1', port: 0 })).url;
  },
};
export type LimitAppCalls = typeof calls;

const serverId = crypto.randomUUID();
const allowEverybody: MessagesQueries = {
  accessTo: async () => ({ serverId, type: 'TEXT', role: 'GUEST', permissions: [] }),
  history: async () => null,
};

serveCalls(calls);
