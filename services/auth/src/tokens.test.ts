import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { tokenVerifier } from '@palaver/http';
import { describe, expect, test } from 'vitest';
import { accessTokenSeconds, parsePrivateKey, thumbprint, tokenIssuer } from './tokens.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const names = { issuer: 'palaver', audience: 'palaver-api' };
const jwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid: thumbprint(privateKey) };
const verify = tokenVerifier({ jwks: { keys: [jwk] }, ...names });

describe('access tokens', () => {
  test('are taken by who holds the public key, and name the profile', () => {
    const { accessToken, tokenType, expiresInSeconds } = tokenIssuer({ privateKey, ...names })('profile-1');
    const claims = verify(accessToken);
    expect(tokenType).toBe('Bearer');
    expect(claims).toMatchObject({ sub: 'profile-1', iss: 'palaver', aud: 'palaver-api' });
    expect(claims.exp - claims.iat!).toBe(accessTokenSeconds);
    expect(expiresInSeconds).toBe(accessTokenSeconds);
  });

  test('each have an id of their own', () => {
    const issue = tokenIssuer({ privateKey, ...names });
    expect(verify(issue('p').accessToken).jti).not.toBe(verify(issue('p').accessToken).jti);
  });

  test('the thumbprint is that of RFC 7638, section 3.1', () => {
    const example = {
      kty: 'RSA',
      e: 'AQAB',
      n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    };
    expect(thumbprint(createPublicKey({ key: example, format: 'jwk' }))).toBe(
      'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    );
  });
});

describe('the signing key', () => {
  test('comes as JWK or PEM', () => {
    const asJwk = parsePrivateKey(JSON.stringify(privateKey.export({ format: 'jwk' })));
    const asPem = parsePrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
    expect([thumbprint(asJwk), thumbprint(asPem)]).toEqual([thumbprint(privateKey), thumbprint(privateKey)]);
  });

  test('must be RSA', () => {
    const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => parsePrivateKey(ec.export({ format: 'pem', type: 'pkcs8' }).toString())).toThrow(TypeError);
    expect(() => parsePrivateKey('no key')).toThrow();
  });
});
