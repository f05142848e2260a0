import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** RFC 7517; each key carries its `kid`. */
export type JsonWebKeySet = { readonly keys: readonly (JsonWebKeyInput['key'] & { readonly kid?: string })[] };

/** The public keys that tokens may be signed with. */
export type PublicKeys = {
  /** The key of this id; undefined when there is none. */
  keyOf(kid: string): KeyObject | undefined;
  /** As they are published. */
  readonly jwks: JsonWebKeySet;
};

export const readJwks = (path: string): JsonWebKeySet => JSON.parse(readFileSync(path, 'utf8')) as JsonWebKeySet;

/** Throws when the set holds no RSA key with a kid. */
export const publicKeysOf = (set: JsonWebKeySet): PublicKeys => {
  const keys = new Map<string, KeyObject>();
  for (const key of set.keys) {
    if (key.kty !== 'RSA' || key.kid === undefined) continue;
    keys.set(key.kid, createPublicKey({ key, format: 'jwk' }));
  }
  if (keys.size === 0) throw new Error('The JSON Web Key Set holds no RSA key with a kid.');
  const published = [...keys].map(([kid, key]) => ({
    ...key.export({ format: 'jwk' }),
    kid,
    alg: 'RS256',
    use: 'sig',
  }));
  return { keyOf: (kid) => keys.get(kid), jwks: { keys: published } };
};

export type PublicKeysFile = PublicKeys & { close(): void };

/**
 * Keys of a file that may be replaced while it is used, so that keys are added and taken away without a restart. It is read again every
 * `everyMs`, and when a token names a key that is not known, though not more often than every `leastMs`: anybody can send such
 * tokens. A file that cannot be read changes nothing. Throws when it cannot be read at first.
 */
export const publicKeysFile = (options: {
  path: string;
  /** Told of a file that cannot be read. */
  onFault: (error: unknown) => void;
  everyMs?: number;
  leastMs?: number;
}): PublicKeysFile => {
  const { path, onFault, everyMs = 2_000, leastMs = 500 } = options;
  let text = readFileSync(path, 'utf8');
  let keys = publicKeysOf(JSON.parse(text) as JsonWebKeySet);
  let readAtMs = performance.now();

  const readAgain = (): void => {
    readAtMs = performance.now();
    try {
      const now = readFileSync(path, 'utf8');
      if (now === text) return;
      keys = publicKeysOf(JSON.parse(now) as JsonWebKeySet);
      text = now;
    } catch (error) {
      onFault(error);
    }
  };
  const timer = setInterval(readAgain, everyMs).unref();

  return {
    keyOf(kid) {
      const known = keys.keyOf(kid);
      if (known !== undefined || performance.now() - readAtMs < leastMs) return known;
      readAgain();
      return keys.keyOf(kid);
    },
    get jwks() {
      return keys.jwks;
    },
    close: () => clearInterval(timer),
  };
};
