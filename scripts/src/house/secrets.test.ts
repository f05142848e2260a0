import { createPrivateKey, createPublicKey, createSign, createVerify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepSecrets, rotateSigningKey } from './secrets.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'palaver-secrets-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

describe('keepSecrets', () => {
  it('makes a key pair that belongs together, under one key id', async () => {
    const files = await keepSecrets(dataDir);
    const privateKey = JSON.parse(readFileSync(files.signingKey, 'utf8'));
    const publicKey = JSON.parse(readFileSync(files.publicKeys, 'utf8')).keys[0];
    expect(publicKey.kid).toBe(privateKey.kid);
    expect(publicKey).not.toHaveProperty('d');
    const signature = createSign('RSA-SHA256')
      .update('x')
      .sign(createPrivateKey({ key: privateKey, format: 'jwk' }));
    const verifier = createVerify('RSA-SHA256').update('x');
    expect(verifier.verify(createPublicKey({ key: publicKey, format: 'jwk' }), signature)).toBe(true);
  });

  it('keeps them from others, and from one start to the next', async () => {
    const first = await keepSecrets(dataDir);
    const read = () => Object.values(first).map((path) => readFileSync(path, 'utf8'));
    const before = read();
    await keepSecrets(dataDir);
    expect(read()).toEqual(before);
    for (const path of Object.values(first)) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(Buffer.from(readFileSync(first.authKey, 'utf8'), 'base64')).toHaveLength(32);
  });
});

describe('rotateSigningKey', () => {
  const now = Math.floor(Date.now() / 1_000);
  const kidsIn = (path: string): string[] => {
    const parsed = JSON.parse(readFileSync(path, 'utf8'));
    return (parsed.keys ?? [parsed]).map(({ kid }: { kid: string }) => kid);
  };

  it('publishes the new key before it is signed with, and keeps the one before', async () => {
    const files = await keepSecrets(dataDir);
    const [first] = kidsIn(files.signingKey);
    const rotating = rotateSigningKey(files, { waitMs: 300 });
    await expect.poll(() => kidsIn(files.publicKeys).length, { interval: 5 }).toBe(2);
    expect(kidsIn(files.signingKey)).toEqual([first]);
    const { kid, dropped } = await rotating;
    expect(dropped).toEqual([]);
    expect(kidsIn(files.signingKey)).toEqual([first, kid]);
    expect(kidsIn(files.publicKeys)).toEqual([first, kid]);
    expect(JSON.parse(readFileSync(files.publicKeys, 'utf8')).keys[1]).not.toHaveProperty('d');
    for (const path of [files.signingKey, files.publicKeys]) expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('drops from both what was replaced so long ago that no good token is signed with it', async () => {
    const files = await keepSecrets(dataDir);
    const [first] = kidsIn(files.signingKey);
    const second = await rotateSigningKey(files, { waitMs: 0, nowSeconds: now - 3_700 });
    const third = await rotateSigningKey(files, { waitMs: 0, nowSeconds: now });
    expect(third.dropped).toEqual([first]);
    expect(kidsIn(files.signingKey)).toEqual([second.kid, third.kid]);
    expect(kidsIn(files.publicKeys)).toEqual([second.kid, third.kid]);
  });
});
