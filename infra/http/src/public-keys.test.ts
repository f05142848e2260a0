import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { publicKeysFile, publicKeysOf } from './public-keys.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = (kid: string) => ({ ...pair.publicKey.export({ format: 'jwk' }), kid });
const setOf = (...kids: string[]) => JSON.stringify({ keys: kids.map(jwk) });

const open = async (times: { everyMs?: number; leastMs?: number }) => {
  const folder = await mkdtemp(join(tmpdir(), 'palaver-public-keys-'));
  const path = join(folder, 'keys.json');
  await writeFile(path, setOf('a'));
  const onFault = vi.fn();
  const keys = publicKeysFile({ path, onFault, everyMs: 60_000, ...times });
  onTestFinished(async () => {
    keys.close();
    await rm(folder, { recursive: true });
  });
  return { path, keys, onFault };
};

test('what is published holds nothing private, whatever the file held', () => {
  const { jwks } = publicKeysOf({ keys: [{ ...pair.privateKey.export({ format: 'jwk' }), kid: 'a' }] });
  expect(jwks.keys).toEqual([{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'a', alg: 'RS256', use: 'sig' }]);
  expect(() => publicKeysOf({ keys: [] })).toThrow();
});

test('a key that is not known is looked for in the file', async () => {
  const { path, keys } = await open({ leastMs: 0 });
  expect(keys.keyOf('b')).toBeUndefined();
  await writeFile(path, setOf('a', 'b'));
  expect(keys.keyOf('b')).toBeDefined();
  expect(keys.jwks.keys.map(({ kid }) => kid)).toEqual(['a', 'b']);
});

test('but not for every token that names one', async () => {
  const { path, keys } = await open({ leastMs: 60_000 });
  await writeFile(path, setOf('a', 'b'));
  expect(keys.keyOf('b')).toBeUndefined();
});

test('a key that was taken away is good no more, without anybody asking', async () => {
  const { path, keys } = await open({ everyMs: 5 });
  await writeFile(path, setOf('b'));
  await vi.waitFor(() => expect(keys.keyOf('a')).toBeUndefined());
  expect(keys.keyOf('b')).toBeDefined();
});

test('a file that cannot be read changes nothing', async () => {
  const { path, keys, onFault } = await open({ everyMs: 5 });
  await writeFile(path, '{"keys":[');
  await vi.waitFor(() => expect(onFault).toHaveBeenCalled());
  expect(keys.keyOf('a')).toBeDefined();
});
