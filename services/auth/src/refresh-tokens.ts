import { createHash, timingSafeEqual } from 'node:crypto';
import { keyedHash } from './sealing.ts';

/**
 * Refresh tokens: profile, session and the command that they are the answer to, 16 bytes each, then 32 bytes of an HMAC over these under a
 * key of their own, all of it base64url. To others they are opaque. That the command makes the token is what lets a repeated request get
 * the same one; that this service made it can be told without asking anyone, so that no stranger's guess counts as a reuse.
 */
export type RefreshTokens = {
  issue(parts: RefreshParts): string;
  /** Null for what this service has not made. */
  parse(token: string): Omit<RefreshParts, 'commandId'> | null;
};

export type RefreshParts = { readonly profileId: string; readonly sessionId: string; readonly commandId: string };

const ID_BYTES = 16;
const MAC_BYTES = 32;
const TOKEN_BYTES = 3 * ID_BYTES + MAC_BYTES;
/** Characters of a token. */
export const refreshTokenLength = Math.ceil((TOKEN_BYTES * 4) / 3);

const bytesOf = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');
const uuidOf = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

export const refreshTokens = (key: Uint8Array): RefreshTokens => {
  const macOf = (ids: Buffer): Buffer => keyedHash(key, ids.toString('hex'));
  return {
    issue({ profileId, sessionId, commandId }) {
      const ids = Buffer.concat([profileId, sessionId, commandId].map(bytesOf));
      return Buffer.concat([ids, macOf(ids)]).toString('base64url');
    },
    parse(token) {
      const bytes = Buffer.from(token, 'base64url');
      // What decodes to the same bytes by another spelling is another token, whose hash nobody knows.
      if (bytes.length !== TOKEN_BYTES || bytes.toString('base64url') !== token) return null;
      const ids = bytes.subarray(0, 3 * ID_BYTES);
      if (!timingSafeEqual(macOf(ids), bytes.subarray(3 * ID_BYTES))) return null;
      return { profileId: uuidOf(ids.subarray(0, ID_BYTES)), sessionId: uuidOf(ids.subarray(ID_BYTES, 2 * ID_BYTES)) };
    },
  };
};

/** What lies on the log in place of a token, base64url; a token holds 256 bits that nobody can guess, so a plain hash is enough. */
export const refreshHash = (token: string): string => createHash('sha256').update(token).digest('base64url');
