import { deriveKey, keyedHash, keyLength, type Sealer, sealer } from './sealing.ts';

/** What the auth service does with its one key: each purpose has a key of its own, derived from it. */
export type Secrets = {
  /** The identity of a normalized address on the log, base64url: the same for the same address, and no way back. */
  emailHash(email: string): string;
  /** The salt of a sign-up's password (16 bytes): the same for a repeated command, so that its hash is too. */
  passwordSalt(commandId: string): Buffer;
  /**
   * Tells one sign-up from another under one Idempotency-Key. It holds the password's argon2id hash in place of the password, so that
   * guessing at it is no cheaper than guessing at the hash itself.
   */
  signUpFingerprint(request: { emailHash: string; name: string; passwordHash: string }): string;
  /** Seals password hashes. */
  readonly passwords: Sealer;
  /** Seals (wraps) the data keys of profiles. */
  readonly dataKeys: Sealer;
  /** Makes refresh tokens. */
  readonly refreshTokens: Buffer;
  /** Hides whose failed sign-ins are counted. */
  readonly attempts: Buffer;
  /** Hides whose mails are counted. */
  readonly mailAttempts: Buffer;
  /** Makes the tokens that go out by mail. */
  readonly mailTokens: Buffer;
};

/** Throws `TypeError` unless the key has 32 bytes. */
export const secretsOf = (key: Uint8Array): Secrets => {
  if (key.length !== keyLength) throw new TypeError(`the auth key must have ${keyLength} bytes`);
  const emailKey = deriveKey(key, 'email hash');
  const saltKey = deriveKey(key, 'password salt');
  const fingerprintKey = deriveKey(key, 'sign-up fingerprint');
  return {
    emailHash: (email) => keyedHash(emailKey, email).toString('base64url'),
    passwordSalt: (commandId) => keyedHash(saltKey, commandId).subarray(0, 16),
    signUpFingerprint: ({ emailHash, name, passwordHash }) =>
      keyedHash(fingerprintKey, emailHash, name, passwordHash).toString('base64url'),
    passwords: sealer(deriveKey(key, 'passwords')),
    dataKeys: sealer(deriveKey(key, 'data keys')),
    refreshTokens: deriveKey(key, 'refresh tokens'),
    attempts: deriveKey(key, 'attempts'),
    mailAttempts: deriveKey(key, 'mail attempts'),
    mailTokens: deriveKey(key, 'mail tokens'),
  };
};
