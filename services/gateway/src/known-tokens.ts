import type { Claims, VerifyToken } from '@palaver/http';
import { LRUCache } from 'lru-cache';

/**
 * Remembers tokens that were found good, until they expire: a client sends the same one with each request, and to verify its
 * signature is a fifth of what a forwarded request costs. The service behind verifies it again.
 */
export const knownTokens = (verify: VerifyToken, { max = 10_000 } = {}): VerifyToken => {
  const known = new LRUCache<string, Claims>({ max });
  return (token) => {
    const claims = known.get(token);
    if (claims !== undefined && claims.exp * 1_000 > Date.now()) return claims;
    const verified = verify(token);
    known.set(token, verified);
    return verified;
  };
};
