import type { Codec, EventLog } from '@palaver/event-log';
import {
  type EndedSessions,
  endedSessions,
  type PublicKeys,
  publicKeysFile,
  tokenVerifier,
  type VerifyToken,
} from '@palaver/http';
import type { ConfigOf, Scope, tokenVariables } from '@palaver/runtime';
import { followSessionEnds, longestTokenMs, type SessionEnds } from './session-ends.ts';

/** What a process needs to take tokens. */
export type Tokens = {
  readonly keys: PublicKeys;
  /** By signature and claims alone. */
  readonly verifySigned: VerifyToken;
  /** Sessions of which no token is taken any more. */
  readonly ended: EndedSessions;
};

/**
 * Reads the public keys, and follows the ends of sessions; waits for what is not there yet, since a process that does not know what has
 * ended must not take tokens.
 */
export const openTokens = async (options: {
  readonly config: ConfigOf<typeof tokenVariables>;
  readonly scope: Scope;
  readonly log: EventLog;
  /** Of the topic of `ends`. */
  readonly codec: Codec;
  readonly ends: SessionEnds;
}): Promise<Tokens> => {
  const { config, scope, log, codec, ends } = options;
  const { logger } = scope;
  const keys = await scope.waitFor('the key set', () =>
    publicKeysFile({
      path: config.jwksFile,
      onFault: (error) =>
        logger.warn({ err: error, path: config.jwksFile }, 'the key set cannot be read; the last one stays'),
    }),
  );
  scope.onStop('key set', keys.close);
  const ended = endedSessions({ keepMs: longestTokenMs });
  const following = await scope.waitFor('ended sessions', () => followSessionEnds({ log, codec, ends, ended, logger }));
  scope.onStop('ended sessions', () => following.close());
  const verifySigned = tokenVerifier({ jwks: keys, issuer: config.tokenIssuer, audience: config.tokenAudience });
  return { keys, verifySigned, ended };
};
