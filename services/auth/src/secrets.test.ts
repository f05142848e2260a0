import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { secretsOf } from './secrets.ts';

const secrets = secretsOf(Buffer.alloc(32, 1));
const other = secretsOf(Buffer.alloc(32, 2));

describe('the secrets of one key', () => {
  test('an address has one hash, which tells nothing without the key', () => {
    expect(secrets.emailHash('ada@example.com')).toMatch(/^[\w-]{43}$/);
    expect(secrets.emailHash('ada@example.com')).toBe(secretsOf(Buffer.alloc(32, 1)).emailHash('ada@example.com'));
    expect(secrets.emailHash('bob@example.com')).not.toBe(secrets.emailHash('ada@example.com'));
    expect(other.emailHash('ada@example.com')).not.toBe(secrets.emailHash('ada@example.com'));
  });

  test('a command has one salt of 16 bytes', () => {
    expect(secrets.passwordSalt('a')).toHaveLength(16);
    expect(secrets.passwordSalt('a')).toEqual(secrets.passwordSalt('a'));
    expect(secrets.passwordSalt('b')).not.toEqual(secrets.passwordSalt('a'));
    expect(other.passwordSalt('a')).not.toEqual(secrets.passwordSalt('a'));
  });

  test('a fingerprint changes with address, name and password', () => {
    const request = { emailHash: 'e', name: 'n', passwordHash: 'p' };
    const prints = [
      request,
      { ...request, emailHash: 'x' },
      { ...request, name: 'x' },
      { ...request, passwordHash: 'x' },
    ].map((one) => secrets.signUpFingerprint(one));
    expect(new Set(prints).size).toBe(4);
    expect(secrets.signUpFingerprint({ ...request })).toBe(prints[0]);
  });

  test('what is sealed for one purpose does not unseal for another', () => {
    const sealed = secrets.passwords.seal(Buffer.from('x'), 'place');
    expect(() => secrets.dataKeys.unseal(sealed, 'place')).toThrow();
    expect(() => other.passwords.unseal(sealed, 'place')).toThrow();
  });

  test.each([0, 16, 31, 33, 64])('a key of %d bytes is refused', (length) => {
    expect(() => secretsOf(randomBytes(length))).toThrow(TypeError);
  });
});
