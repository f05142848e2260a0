import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveKey, keyedHash, sealer, UnsealError } from './sealing.ts';

const key = randomBytes(32);
const secret = Buffer.from('$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA');

describe('a sealer', () => {
  it('gives back what was sealed', () => {
    const { seal, unseal } = sealer(key);
    for (const plain of [Buffer.alloc(0), secret, randomBytes(10_000)]) {
      expect(unseal(seal(plain, 'password:1'), 'password:1')).toEqual(plain);
    }
  });

  it('hides it: nonce, ciphertext and tag, and no byte run of the plain text', () => {
    const sealed = sealer(key).seal(secret, 'password:1');
    expect(sealed.length).toBe(12 + secret.length + 16);
    expect(sealed.includes('argon2')).toBe(false);
  });

  it('gives the same bytes for the same value in the same place, and other bytes and nonces otherwise', () => {
    const { seal } = sealer(key);
    const sealed = seal(secret, 'password:1');
    expect(seal(secret, 'password:1')).toEqual(sealed);
    for (const other of [
      seal(secret, 'password:2'),
      seal(Buffer.from('other'), 'password:1'),
      sealer(randomBytes(32)).seal(secret, 'password:1'),
    ]) {
      expect(other.subarray(0, 12)).not.toEqual(sealed.subarray(0, 12));
    }
  });

  it('refuses another key, another place, and every changed byte', () => {
    const { seal, unseal } = sealer(key);
    const sealed = seal(secret, 'password:1');
    expect(() => sealer(randomBytes(32)).unseal(sealed, 'password:1')).toThrow(UnsealError);
    expect(() => unseal(sealed, 'password:2')).toThrow(UnsealError);
    for (const length of [0, 5, 27]) {
      expect(() => unseal(sealed.subarray(0, length), 'password:1')).toThrow(UnsealError);
    }
    expect(() => unseal(sealed.subarray(0, -1), 'password:1')).toThrow(UnsealError);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(() => unseal(changed, 'password:1')).toThrow(UnsealError);
    }
  });
});

describe('keys and keyed hashes', () => {
  it('differ by purpose, key and part boundary', () => {
    const all = [
      deriveKey(key, 'a'),
      deriveKey(key, 'b'),
      deriveKey(randomBytes(32), 'a'),
      keyedHash(key, 'ab', 'c'),
      keyedHash(key, 'a', 'bc'),
      keyedHash(key, 'abc'),
    ].map((hash) => hash.toString('hex'));
    expect(new Set(all).size).toBe(all.length);
    expect(deriveKey(key, 'a')).toEqual(deriveKey(Buffer.from(key), 'a'));
  });
});
