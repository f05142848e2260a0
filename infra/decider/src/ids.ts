import { createHash, randomUUIDv7 } from 'node:crypto';

/** A new id: UUIDv7, so that ids sort by the time of their making. */
export const newId = (): string => randomUUIDv7();

const uuid7AtEnd = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** When the id that a name ends with was made, ms since the epoch; null unless it is a UUIDv7, which tells (RFC 9562 5.7). */
export const madeMs = (name: string): number | null => {
  if (!uuid7AtEnd.test(name)) return null;
  const at = name.length - 36;
  return Number.parseInt(name.slice(at, at + 8) + name.slice(at + 9, at + 13), 16);
};

const asUuid8 = (hash: Buffer): string => {
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/**
 * An id that the same parts always give again (actor, Idempotency-Key, purpose): a UUIDv8 of their SHA-256, RFC 9562 5.8.
 * Parts are told apart by their lengths, so `['ab', 'c']` and `['a', 'bc']` differ.
 */
export const derivedId = (...parts: readonly string[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return asUuid8(hash.digest());
};

/** Whether keys of the log and stores can hold this id: a slash would break the keys, and no store holds a NUL. */
export const isKeepable = (id: string): boolean =>
  id !== '' && id.length <= 500 && !id.includes('/') && !id.includes('\0');

/** JSON with the keys of every object sorted: equal for equal values, however they were written. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  ) ?? 'null';

/** Tells one request from another: SHA-256 of its canonical JSON, base64url, 43 characters. */
export const fingerprint = (body: unknown): string =>
  createHash('sha256').update(canonicalJson(body)).digest('base64url');
