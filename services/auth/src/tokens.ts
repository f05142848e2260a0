import { derivedId } from '@palaver/decider';
import jsonwebtoken from 'jsonwebtoken';
import type { SigningKey } from './signing-keys.ts';

/** How long an access token is good for. */
export const accessTokenSeconds = 15 * 60;

export type AccessToken = {
  readonly accessToken: string;
  readonly tokenType: 'Bearer';
  /** From now; 0 when an answer is repeated so late that its token is over. */
  readonly expiresInSeconds: number;
};

/** What a token is issued for. Times are ms since the epoch. */
export type Issue = {
  readonly profileId: string;
  readonly sessionId: string;
  /** The command that it is the answer to. */
  readonly commandId: string;
  readonly issuedAtMs: number;
  /** When the session ends; no token of it lives longer. */
  readonly expiresAtMs: number;
};

export type IssueToken = (issue: Issue) => AccessToken;

/**
 * Issues RS256 access tokens, signed with what `current` gives. The same issue gives the same token again: one who repeats a request long
 * after its session has ended gets no token that is good for longer than the first was.
 */
export const tokenIssuer = (options: {
  current: () => SigningKey;
  issuer: string;
  audience: string;
  now?: () => number;
}): IssueToken => {
  const { current, issuer, audience, now = Date.now } = options;
  return ({ profileId, sessionId, commandId, issuedAtMs, expiresAtMs }) => {
    const { key, kid } = current();
    const iat = Math.floor(issuedAtMs / 1_000);
    const exp = Math.min(iat + accessTokenSeconds, Math.floor(expiresAtMs / 1_000));
    const accessToken = jsonwebtoken.sign({ sid: sessionId, iat, exp }, key, {
      algorithm: 'RS256',
      keyid: kid,
      issuer,
      audience,
      subject: profileId,
      jwtid: derivedId('access token', commandId),
    });
    return { accessToken, tokenType: 'Bearer', expiresInSeconds: Math.max(0, exp - Math.floor(now() / 1_000)) };
  };
};
