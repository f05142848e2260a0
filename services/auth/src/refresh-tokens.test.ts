import { expect, test } from 'vitest';
import { refreshHash, refreshTokenLength, refreshTokens } from './refresh-tokens.ts';

const tokens = refreshTokens(Buffer.alloc(32, 7));
const parts = {
  profileId: '01900000-0000-7000-8000-000000000001',
  sessionId: '01900000-0000-8000-8000-000000000002',
  commandId: '01900000-0000-8000-8000-000000000003',
};
const { commandId: _, ...named } = parts;

test('a token names its profile and session, and the same command makes the same one', () => {
  const token = tokens.issue(parts);
  expect(token).toMatch(/^[\w-]+$/);
  expect(token).toHaveLength(refreshTokenLength);
  expect(tokens.issue(parts)).toBe(token);
  expect(tokens.parse(token)).toEqual(named);
});

test('another command makes another one', () => {
  const other = tokens.issue({ ...parts, commandId: parts.profileId });
  expect(other).not.toBe(tokens.issue(parts));
  expect(refreshHash(other)).not.toBe(refreshHash(tokens.issue(parts)));
});

test('what this service has not made is no token', () => {
  const token = tokens.issue(parts);
  const foreign = refreshTokens(Buffer.alloc(32, 8)).issue(parts);
  const changed = token.slice(0, 5) + (token[5] === 'A' ? 'B' : 'A') + token.slice(6);
  for (const bad of ['', 'x', token.slice(1), `${token}A`, `${token}=`, foreign, changed]) {
    expect(tokens.parse(bad)).toBeNull();
  }
});

test('the same bytes in another spelling are no token', () => {
  // The last character holds bits that no byte needs.
  const token = tokens.issue(parts);
  const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(token.at(-1)!);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const twin = token.slice(0, -1) + alphabet[last ^ 1];
  expect(Buffer.from(twin, 'base64url')).toEqual(Buffer.from(token, 'base64url'));
  expect(tokens.parse(twin)).toBeNull();
});
