import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { tokenVerifier } from '@palaver/http';
import { longestTokenMs } from '@palaver/process';
import { describe, expect, test } from 'vitest';
import { thumbprint } from './signing-keys.ts';
import { accessTokenSeconds, tokenIssuer } from './tokens.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const kid = thumbprint(privateKey);
const names = { issuer: 'palaver', audience: 'palaver-api' };
const jwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid };
const verify = tokenVerifier({ jwks: { keys: [jwk] }, ...names });

const nowMs = Date.now();
const month = 30 * 86_400_000;
const issue = (changes: object = {}, now = nowMs) =>
  tokenIssuer({ current: () => ({ key: privateKey, kid }), ...names, now: () => now })({
    profileId: 'profile-1',
    sessionId: 'session-1',
    commandId: 'command-1',
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + month,
    ...changes,
  });

describe('access tokens', () => {
  test('are taken by who holds the public key, and name profile and session', () => {
    const { accessToken, tokenType, expiresInSeconds } = issue();
    const claims = verify(accessToken);
    expect(tokenType).toBe('Bearer');
    expect(claims).toMatchObject({ sub: 'profile-1', sid: 'session-1', iss: 'palaver', aud: 'palaver-api' });
    expect(claims.exp - claims.iat!).toBe(accessTokenSeconds);
    expect(expiresInSeconds).toBe(accessTokenSeconds);
  });

  test('each have an id of their own, and the same command gives the same one', () => {
    expect(verify(issue({ commandId: 'command-2' }).accessToken).jti).not.toBe(verify(issue().accessToken).jti);
    expect(issue().accessToken).toBe(issue().accessToken);
  });

  test('given again later are good for no longer, and say so', () => {
    const later = issue({}, nowMs + 60_000);
    expect(later.accessToken).toBe(issue().accessToken);
    expect(later.expiresInSeconds).toBe(accessTokenSeconds - 60);
    expect(issue({}, nowMs + month).expiresInSeconds).toBe(0);
  });

  test('live no longer than their session', () => {
    expect(issue({ expiresAtMs: Math.floor(nowMs / 1_000) * 1_000 + 60_000 }).expiresInSeconds).toBe(60);
  });

  test('are over before verifiers forget that their session has ended', () => {
    expect(accessTokenSeconds * 1_000).toBeLessThan(longestTokenMs);
  });
});
