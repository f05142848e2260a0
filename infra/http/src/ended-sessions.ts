import { Refusal } from './problem.ts';
import { challenge, type VerifyToken } from './token.ts';

/**
 * Sessions that have ended while tokens of theirs may still be good. An entry lives for `keepMs` after its session's end, which must be
 * longer than any token lives: what is kept is bounded by how many sessions end in that time.
 */
export type EndedSessions = {
  /** `atMs`: when it ended, ms since the epoch. */
  end(sessionId: string, atMs: number): void;
  has(sessionId: string): boolean;
  readonly size: number;
};

export const endedSessions = (options: { keepMs: number; now?: () => number }): EndedSessions => {
  const { keepMs, now = Date.now } = options;
  const untilMs = new Map<string, number>();

  // Entries come nearly in the order of their times, so those that are over stand in front.
  const forget = (): void => {
    for (const [sessionId, until] of untilMs) {
      if (until > now()) return;
      untilMs.delete(sessionId);
    }
  };

  return {
    end(sessionId, atMs) {
      forget();
      if (atMs + keepMs > now()) untilMs.set(sessionId, Math.max(atMs + keepMs, untilMs.get(sessionId) ?? 0));
    },
    has: (sessionId) => (untilMs.get(sessionId) ?? 0) > now(),
    get size() {
      return untilMs.size;
    },
  };
};

/** Takes what `verify` takes, but for tokens of sessions that have ended: they throw `Refusal` `session_ended`. */
export const refuseEnded =
  (verify: VerifyToken, ended: Pick<EndedSessions, 'has'>): VerifyToken =>
  (token) => {
    const claims = verify(token);
    if (claims.sid !== undefined && ended.has(claims.sid)) {
      throw new Refusal('session_ended', 'The session of this token has ended; sign in again.', {
        headers: challenge('invalid_token'),
      });
    }
    return claims;
  };
