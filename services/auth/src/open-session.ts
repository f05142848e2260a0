import { fingerprint, type Position } from '@palaver/decider';
import type { Give } from './commands.ts';
import { type RefreshTokens, refreshHash } from './refresh-tokens.ts';
import type { SessionResult } from './session.ts';
import type { AccessToken, IssueToken } from './tokens.ts';

/** What somebody holds who is signed in. */
export type SessionTokens = AccessToken & { readonly sessionId: string; readonly refreshToken: string };

/** A session to start. `passwordId` names the password that was proven; null when another proof was given. */
export type SessionStart = {
  readonly profileId: string;
  readonly sessionId: string;
  readonly commandId: string;
  readonly device: string | null;
  readonly passwordId: string | null;
  readonly timeMs: number;
  readonly traceparent: string;
};

export type OpeningParts = {
  readonly give: Give;
  readonly refreshTokens: RefreshTokens;
  readonly issueToken: IssueToken;
};

/** Starts a session, and gives its tokens: the same ones for the same command. Throws what giving a command throws. */
export const openSession = async (
  { profileId, sessionId, commandId, device, passwordId, timeMs, traceparent }: SessionStart,
  { give, refreshTokens, issueToken }: OpeningParts,
): Promise<{ readonly tokens: SessionTokens; readonly position: Position }> => {
  const refreshToken = refreshTokens.issue({ profileId, sessionId, commandId });
  const { result, position } = await give<SessionResult>({
    id: commandId,
    type: 'StartSession',
    data: { profileId, sessionId, refreshHash: refreshHash(refreshToken), device, passwordId },
    actor: profileId,
    timeMs,
    // Neither the password nor the device makes it another request: who comes here has proven the one, and a retry may change the other.
    fingerprint: fingerprint(['StartSession', profileId, sessionId]),
    traceparent,
  });
  return { tokens: { sessionId, ...issueToken({ ...result, commandId }), refreshToken }, position };
};
