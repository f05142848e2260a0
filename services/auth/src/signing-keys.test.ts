import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseSigningKey, signingKeysFile, thumbprint } from './signing-keys.ts';

const newKey = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const [first, second] = [newKey(), newKey()];
const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' });
const setOf = (...keys: KeyObject[]) => JSON.stringify({ keys: keys.map(jwkOf) });

test('the thumbprint is that of RFC 7638, section 3.1', () => {
  const example = {
    kty: 'RSA',
    e: 'AQAB',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  };
  expect(thumbprint(createPublicKey({ key: example, format: 'jwk' }))).toBe(
    'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
  );
});

describe('the signing key', () => {
  test('comes as JWK or PEM', () => {
    const pem = first.export({ format: 'pem', type: 'pkcs8' }).toString();
    const kids = [JSON.stringify(jwkOf(first)), pem].map((text) => parseSigningKey(text).kid);
    expect(kids).toEqual([thumbprint(first), thumbprint(first)]);
  });

  test('is the last one of a set', () => {
    expect(parseSigningKey(setOf(first, second)).kid).toBe(thumbprint(second));
    expect(() => parseSigningKey(setOf())).toThrow(TypeError);
  });

  test('must be RSA', () => {
    const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => parseSigningKey(ec.export({ format: 'pem', type: 'pkcs8' }).toString())).toThrow(TypeError);
    expect(() => parseSigningKey('no key')).toThrow();
  });
});

describe('a file of signing keys', () => {
  const open = async (isPublic: (kid: string) => boolean = () => true) => {
    const folder = await mkdtemp(join(tmpdir(), 'palaver-signing-keys-'));
    const path = join(folder, 'keys.json');
    await writeFile(path, setOf(first));
    const faults: unknown[] = [];
    const keys = signingKeysFile({
      path,
      isPublic: ({ kid }) => isPublic(kid),
      onChange: () => undefined,
      onFault: (error) => faults.push(error),
      everyMs: 5,
    });
    onTestFinished(async () => {
      keys.close();
      await rm(folder, { recursive: true });
    });
    return { path, keys, faults };
  };

  test('is signed with its newest key as soon as that is there', async () => {
    const { path, keys } = await open();
    expect(keys.current().kid).toBe(thumbprint(first));
    await writeFile(path, setOf(first, second));
    await vi.waitFor(() => expect(keys.current().kid).toBe(thumbprint(second)));
  });

  test('keeps to the key before while verifiers do not know the new one', async () => {
    let known = false;
    const { path, keys, faults } = await open(() => known);
    await writeFile(path, setOf(first, second));
    await vi.waitFor(() => expect(faults.length).toBeGreaterThan(1));
    expect(keys.current().kid).toBe(thumbprint(first));
    known = true;
    await vi.waitFor(() => expect(keys.current().kid).toBe(thumbprint(second)));
  });

  test('keeps to the key before when it cannot be read', async () => {
    const { path, keys, faults } = await open();
    await writeFile(path, '{"keys":');
    await vi.waitFor(() => expect(faults.length).toBeGreaterThan(0));
    expect(keys.current().kid).toBe(thumbprint(first));
  });
});
