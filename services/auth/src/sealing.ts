import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';

/**
 * Sealing: what lies on the log or in a database for a secret.
 *
 * A sealed value is nonce (12 bytes), ciphertext, tag (16 bytes) of AES-256-GCM. Its nonce is an HMAC of what is sealed and where
 * it belongs, so the same value in the same place always gives the same bytes: a repeated command is the same command, and a nonce is
 * never used for two values (the construction of RFC 5297, SIV, with a 96-bit synthetic nonce).
 */
export type Sealer = {
  /** `place` says what is sealed for whom, such as `password:<profile id>`; a value unseals in its own place only. */
  seal(plain: Uint8Array, place: string): Buffer;
  /** Throws `UnsealError` when the bytes were sealed under another key or for another place, or were changed. */
  unseal(sealed: Uint8Array, place: string): Buffer;
};

export class UnsealError extends Error {
  override readonly name = 'UnsealError';
}

export const keyLength = 32;
const nonceLength = 12;
const tagLength = 16;

/** A key for one purpose, derived from another by HKDF-SHA-256: purposes never share a key. */
export const deriveKey = (key: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, '', `palaver/auth/${purpose}`, keyLength));

/** HMAC-SHA-256 over parts told apart by their lengths. */
export const keyedHash = (key: Uint8Array, ...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part);
  return hmac.digest();
};

export const sealer = (key: Uint8Array): Sealer => {
  const cipherKey = deriveKey(key, 'seal');
  const nonceKey = deriveKey(key, 'nonce');
  return {
    seal(plain, place) {
      const nonce = keyedHash(nonceKey, place, plain).subarray(0, nonceLength);
      const cipher = createCipheriv('aes-256-gcm', cipherKey, nonce).setAAD(Buffer.from(place));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    unseal(sealed, place) {
      if (sealed.length < nonceLength + tagLength) throw new UnsealError('too short to be sealed');
      const nonce = sealed.subarray(0, nonceLength);
      const decipher = createDecipheriv('aes-256-gcm', cipherKey, nonce, { authTagLength: tagLength })
        .setAAD(Buffer.from(place))
        .setAuthTag(sealed.subarray(-tagLength));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(nonceLength, -tagLength)), decipher.final()]);
      } catch (cause) {
        throw new UnsealError('sealed under another key or for another place, or changed', { cause });
      }
    },
  };
};
