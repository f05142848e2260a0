import { expect, test } from 'vitest';
import { secretsOf } from '../secrets.ts';
import { mailTokenLength, mailTokens } from './mail-tokens.ts';

const secrets = secretsOf(Buffer.alloc(32, 1));
const tokens = mailTokens(secrets.mailTokens);
const emailHash = secrets.emailHash('ada@example.com');
const account = { passwordId: 'p1', emailHash };
const parts = {
  purpose: 'reset',
  profileId: '01900000-0000-7000-8000-000000000001',
  expiresAtMs: 1_800_000_000_000,
  emailHash,
} as const;
const now = parts.expiresAtMs - 1;
const token = tokens.derive(parts, account);

test('a token says what it was made of, and the same parts make the same one', () => {
  expect(token).toMatch(/^[\w-]+$/);
  expect(token).toHaveLength(mailTokenLength);
  expect(tokens.derive(parts, account)).toBe(token);
  expect(tokens.read(token)).toEqual(parts);
  expect(tokens.verify(token, 'reset', account, now)).toBe(true);
});

test('it is good for one purpose, until it expires', () => {
  expect(tokens.verify(token, 'email', account, now)).toBe(false);
  expect(tokens.verify(token, 'reset', account, now + 1)).toBe(false);
  const email = tokens.derive({ ...parts, purpose: 'email' }, account);
  expect(tokens.verify(email, 'email', account, now)).toBe(true);
  expect(tokens.verify(email, 'reset', account, now)).toBe(false);
});

test('one for a new address is good for that once the account has it, and for nothing once the password is another', () => {
  const email = tokens.derive(
    { ...parts, purpose: 'email' },
    { ...account, emailHash: secrets.emailHash('old@example.com') },
  );
  expect(tokens.verify(email, 'email', account, now)).toBe(true);
  expect(tokens.verify(email, 'email', { ...account, passwordId: 'p2' }, now)).toBe(false);
});

test('one for a new password is good for nothing once the account has another password or address', () => {
  expect(tokens.verify(token, 'reset', { ...account, passwordId: 'p2' }, now)).toBe(false);
  expect(tokens.verify(token, 'reset', { ...account, emailHash: secrets.emailHash('b@example.com') }, now)).toBe(false);
});

test('whatever bit of it changes, and whoever else makes one, it is refused', () => {
  const bytes = Buffer.from(token, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(tokens.verify(changed.toString('base64url'), 'reset', account, now)).toBe(false);
  }
  const foreign = mailTokens(secretsOf(Buffer.alloc(32, 2)).mailTokens).derive(parts, account);
  for (const bad of ['', 'x', token.slice(1), `${token}AAAA`, `${token}=`, foreign]) {
    expect(tokens.verify(bad, 'reset', account, now)).toBe(false);
  }
  expect(tokens.read('x')).toBeNull();
});
