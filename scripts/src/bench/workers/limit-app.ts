import type { Json } from '@palaver/decider';
import { createApp, listen, readJwks, tokenVerifier } from '@palaver/http';
import { messagesQueries } from '@palaver/projection-messages';
import { modelPool } from '@palaver/projector';
import { createLogger, createMetrics, tokenVariables } from '@palaver/runtime';
import type { PostMessage } from '@palaver/schemas';
import { messagesProblems, messagesRoutes, type PostResult, typingIn } from '@palaver/service-messages';
import { serveCalls } from '../worker.ts';

/**
 * The limit of the messages service: its own app with all that it does for a post, token check, body parsing, validation, the look-up
 * of who may post, access log and metrics, but no append: a command is answered at once.
 */

const calls = {
  /** Resolves with the URL it listens on. */
  start: async ({ jwksFile, postgresUrl }: { jwksFile: string; postgresUrl: string }): Promise<string> => {
    const pool = modelPool({ connectionString: postgresUrl });
    const app = createApp({
      name: 'messages',
      routes: messagesRoutes(messagesQueries(pool), typingIn(pool)),
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

serveCalls(calls);
