import { createHash, createPrivateKey, createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** What tokens are signed with. A `KeyObject`: from a PEM, jsonwebtoken would parse it anew for each token. */
export type SigningKey = { readonly key: KeyObject; readonly kid: string };

/** The key's id: the thumbprint of RFC 7638, SHA-256 over its required members in order, base64url. */
export const thumbprint = (key: KeyObject): string => {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const { e, kty, n } = publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
};

const signingKey = (key: KeyObject): SigningKey => {
  if (key.asymmetricKeyType !== 'rsa') throw new TypeError('the signing key must be an RSA key');
  return { key, kid: thumbprint(key) };
};

/**
 * Takes private RSA keys: one as a JSON Web Key (RFC 7517) or as PEM, or several as a JSON Web Key Set, the newest last. Gives the newest,
 * which is the one to sign with. Throws when it is none of these.
 */
export const parseSigningKey = (text: string): SigningKey => {
  if (!text.trimStart().startsWith('{')) return signingKey(createPrivateKey(text));
  const parsed = JSON.parse(text) as JsonWebKeyInput['key'] & { keys?: readonly JsonWebKeyInput['key'][] };
  const newest = parsed.keys === undefined ? parsed : parsed.keys.at(-1);
  if (newest === undefined) throw new TypeError('the set holds no key');
  return signingKey(createPrivateKey({ key: newest, format: 'jwk' }));
};

export type SigningKeys = { readonly current: () => SigningKey; close(): void };

/**
 * The signing key of a file that may be replaced while it is used; looked at every `everyMs`. `isPublic` says whether verifiers know
 * its public half: until then, and when the file cannot be read, the key before it stays.
 */
export const signingKeysFile = (options: {
  path: string;
  isPublic: (key: SigningKey) => boolean;
  onChange: (key: SigningKey) => void;
  onFault: (error: unknown) => void;
  everyMs?: number;
}): SigningKeys => {
  const { path, isPublic, onChange, onFault, everyMs = 1_000 } = options;
  let text = readFileSync(path, 'utf8');
  let current = parseSigningKey(text);

  const timer = setInterval(() => {
    try {
      const now = readFileSync(path, 'utf8');
      if (now === text) return;
      const key = parseSigningKey(now);
      if (!isPublic(key)) throw new Error(`the key set does not hold the public half of ${key.kid}`);
      text = now;
      current = key;
      onChange(key);
    } catch (error) {
      onFault(error);
    }
  }, everyMs).unref();
  return { current: () => current, close: () => clearInterval(timer) };
};
