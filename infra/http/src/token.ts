import type { KeyObject } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { Refusal } from './problem.ts';
import { type JsonWebKeySet, type PublicKeys, publicKeysOf } from './public-keys.ts';

/** What a token says. `sub` is the profile's id, `jti` the token's own, `sid` the session's, `scope` words joined by spaces. */
export type Claims = {
  readonly sub: string;
  readonly jti: string;
  readonly exp: number;
  readonly iat?: number;
  readonly sid?: string;
  readonly scope?: string;
};

export type VerifyToken = (token: string) => Claims;

/**
 * Verifies RS256 tokens by the key that their `kid` names. Keys are kept as `KeyObject`s: given a PEM, jsonwebtoken would parse it
 * anew for every token, at fifty times the cost. The algorithm, the issuer and the audience are ours to say, not the token's.
 * The verifier throws `Refusal`: `token_expired` or `token_invalid`.
 */
export const tokenVerifier = (options: {
  /** A set that stays as it is, or keys that may change. */
  jwks: JsonWebKeySet | PublicKeys;
  issuer: string;
  audience: string;
}): VerifyToken => {
  const keys = 'keyOf' in options.jwks ? options.jwks : publicKeysOf(options.jwks);
  const checks = { algorithms: ['RS256' as const], issuer: options.issuer, audience: options.audience };

  return (token) => {
    const key = keys.keyOf(keyIdOf(token));
    if (key === undefined) throw tokenInvalid();
    return claimsOf(verified(token, key, checks));
  };
};

const verified = (token: string, key: KeyObject, checks: jsonwebtoken.VerifyOptions): unknown => {
  try {
    return jsonwebtoken.verify(token, key, checks);
  } catch (error) {
    if (error instanceof jsonwebtoken.TokenExpiredError) throw tokenExpired();
    throw tokenInvalid();
  }
};

const keyIdOf = (token: string): string => {
  try {
    const header = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString()) as {
      kid?: unknown;
    };
    return typeof header.kid === 'string' ? header.kid : '';
  } catch {
    return '';
  }
};

const claimsOf = (payload: unknown): Claims => {
  const { sub, jti, exp } = payload as Partial<Claims>;
  if (typeof sub !== 'string' || typeof jti !== 'string' || typeof exp !== 'number') throw tokenInvalid();
  return payload as Claims;
};

/** The `WWW-Authenticate` of a refused token, RFC 6750. */
export const challenge = (error?: string): Record<string, string> => ({
  'WWW-Authenticate': `Bearer realm="palaver"${error === undefined ? '' : `, error="${error}"`}`,
});

const tokenExpired = (): Refusal =>
  new Refusal('token_expired', 'The token has expired; sign in again or refresh it.', {
    headers: challenge('invalid_token'),
  });

const tokenInvalid = (): Refusal =>
  new Refusal('token_invalid', 'The token was not issued by this Palaver, or not in this form.', {
    headers: challenge('invalid_token'),
  });

/**
 * The token of an `Authorization` header, null when there is none.
 * Throws `Refusal` `unauthenticated` when the header is of another scheme.
 */
export const bearerToken = (authorization: string | undefined): string | null => {
  if (authorization === undefined) return null;
  const match = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization);
  if (match?.[1] === undefined) throw unauthenticated('The Authorization header must be: Bearer <token>.');
  return match[1];
};

export const unauthenticated = (detail = 'Send the header Authorization: Bearer <token>.'): Refusal =>
  new Refusal('unauthenticated', detail, { headers: challenge() });
