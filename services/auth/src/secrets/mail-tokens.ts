import { timingSafeEqual } from 'node:crypto';
import { keyedHash } from '../sealing.ts';

/**
 * Tokens that go out by mail: purpose, profile, expiry and the hash of an address, then 32 bytes of an HMAC over these and over what the
 * account is at that moment. Nothing of them is stored: who reads log and tables finds none, and each ends by itself when it is too old,
 * or when the account has another password since; one for a new password also when it has another address. One for a new address
 * outlives the change that it makes, so that whoever follows the link twice is not told that it failed.
 */
export type MailTokens = {
  derive(parts: MailToken, account: MailedAccount): string;
  /** What a token says, to look its account up by; null for what has not the form of one. Nothing is proven yet. */
  read(token: string): MailToken | null;
  /** Whether this service made the token, for this purpose and for the account as it is now, and it has not expired. */
  verify(token: string, purpose: MailPurpose, account: MailedAccount, nowMs: number): boolean;
};

/** `reset`: a new password without the old one. `email`: an address is its owner's. */
export type MailPurpose = 'reset' | 'email';

export type MailToken = {
  readonly purpose: MailPurpose;
  readonly profileId: string;
  /** Milliseconds since the epoch; from then on it is good for nothing. */
  readonly expiresAtMs: number;
  /** The address that it was mailed to, by its hash (base64url). */
  readonly emailHash: string;
};

/** What the account is: its password, by `passwordIdOf`, and its address, by its hash. */
export type MailedAccount = { readonly passwordId: string; readonly emailHash: string };

const purposes: readonly MailPurpose[] = ['reset', 'email'];
const EXPIRY_AT = 17;
const HASH_AT = EXPIRY_AT + 6;
const MAC_AT = HASH_AT + 32;
const TOKEN_BYTES = MAC_AT + 32;
/** Characters of a token. */
export const mailTokenLength = Math.ceil((TOKEN_BYTES * 4) / 3);

export const mailTokens = (key: Uint8Array): MailTokens => {
  const macOf = (said: Buffer, { passwordId, emailHash }: MailedAccount): Buffer =>
    keyedHash(key, said.toString('hex'), passwordId, purposes[said[0]!] === 'reset' ? emailHash : '');
  const bytesOf = (token: string): Buffer | null => {
    const bytes = Buffer.from(token, 'base64url');
    return bytes.length === TOKEN_BYTES && bytes.toString('base64url') === token ? bytes : null;
  };
  const partsOf = (bytes: Buffer): MailToken | null => {
    const purpose = purposes[bytes[0]!];
    if (!purpose) return null;
    const id = bytes.toString('hex', 1, EXPIRY_AT);
    return {
      purpose,
      profileId: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
      expiresAtMs: bytes.readUIntBE(EXPIRY_AT, 6),
      emailHash: bytes.toString('base64url', HASH_AT, MAC_AT),
    };
  };
  return {
    derive({ purpose, profileId, expiresAtMs, emailHash }, account) {
      const said = Buffer.alloc(MAC_AT);
      said[0] = purposes.indexOf(purpose);
      said.write(profileId.replaceAll('-', ''), 1, 'hex');
      said.writeUIntBE(expiresAtMs, EXPIRY_AT, 6);
      said.write(emailHash, HASH_AT, 'base64url');
      return Buffer.concat([said, macOf(said, account)]).toString('base64url');
    },
    read(token) {
      const bytes = bytesOf(token);
      return bytes && partsOf(bytes);
    },
    verify(token, purpose, account, nowMs) {
      const bytes = bytesOf(token);
      const parts = bytes && partsOf(bytes);
      if (!bytes || !parts || parts.purpose !== purpose || nowMs >= parts.expiresAtMs) return false;
      return timingSafeEqual(macOf(bytes.subarray(0, MAC_AT), account), bytes.subarray(MAC_AT));
    },
  };
};
