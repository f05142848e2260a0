import { createHash, createPrivateKey, createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto';
import { newId } from '@palaver/decider';
import jsonwebtoken from 'jsonwebtoken';

/** How long an access token is good for. */
export const accessTokenSeconds = 15 * 60;

export type AccessToken = {
  readonly accessToken: string;
  readonly tokenType: 'Bearer';
  readonly expiresInSeconds: number;
};

export type IssueToken = (profileId: string) => AccessToken;

/** Takes a private RSA key as a JSON Web Key (RFC 7517) or as PEM. Throws when it is neither. */
export const parsePrivateKey = (text: string): KeyObject => {
  const key = text.trimStart().startsWith('{')
    ? createPrivateKey({ key: JSON.parse(text) as JsonWebKeyInput['key'], format: 'jwk' })
    : createPrivateKey(text);
  if (key.asymmetricKeyType !== 'rsa') throw new TypeError('the signing key must be an RSA key');
  return key;
};

/** The key's id: the thumbprint of RFC 7638, SHA-256 over its required members in order, base64url. */
export const thumbprint = (key: KeyObject): string => {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const { e, kty, n } = publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
};

/** Issues RS256 access tokens. The key is a `KeyObject`: from a PEM, jsonwebtoken would parse it anew for each token. */
export const tokenIssuer = (options: { privateKey: KeyObject; issuer: string; audience: string }): IssueToken => {
  const { privateKey, issuer, audience } = options;
  const keyid = thumbprint(privateKey);
  return (profileId) => ({
    accessToken: jsonwebtoken.sign({}, privateKey, {
      algorithm: 'RS256',
      keyid,
      issuer,
      audience,
      subject: profileId,
      jwtid: newId(),
      expiresIn: accessTokenSeconds,
    }),
    tokenType: 'Bearer',
    expiresInSeconds: accessTokenSeconds,
  });
};
