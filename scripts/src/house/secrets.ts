import { createHash, generateKeyPairSync, randomBytes, type webcrypto } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretFiles } from './processes.ts';

/**
 * The secrets of a house, made when they are missing and kept since: tokens and stored password hashes depend on them. Each file
 * can be read by its owner only.
 */
export const keepSecrets = async (dataDir: string): Promise<SecretFiles> => {
  const folder = join(dataDir, 'secrets');
  const files: SecretFiles = {
    signingKey: join(folder, 'signing-key.json'),
    publicKeys: join(folder, 'public-keys.json'),
    authKey: join(folder, 'auth-key'),
  };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(files.signingKey) || !existsSync(files.publicKeys)) {
    const { privateKey, publicKeys } = newSigningKey();
    await writeSecret(files.publicKeys, JSON.stringify(publicKeys));
    await writeSecret(files.signingKey, JSON.stringify(privateKey));
  }
  if (!existsSync(files.authKey)) await writeSecret(files.authKey, randomBytes(32).toString('base64'));
  return files;
};

/** An RSA key as a private JSON Web Key, and the set of public keys that goes with it. */
export const newSigningKey = (): {
  readonly privateKey: webcrypto.JsonWebKey;
  readonly publicKeys: { keys: webcrypto.JsonWebKey[] };
} => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const open = pair.publicKey.export({ format: 'jwk' });
  const naming = { kid: thumbprint(open), alg: 'RS256', use: 'sig' };
  return {
    privateKey: { ...pair.privateKey.export({ format: 'jwk' }), ...naming },
    publicKeys: { keys: [{ ...open, ...naming }] },
  };
};

/** RFC 7638: the hash of the required members in the order of their names. */
const thumbprint = ({ e, kty, n }: webcrypto.JsonWebKey): string =>
  createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');

/** Put in place when complete, so that an interruption leaves no half of one. */
const writeSecret = async (path: string, text: string): Promise<void> => {
  await writeFile(`${path}.partial`, `${text}\n`, { mode: 0o600 });
  await rename(`${path}.partial`, path);
};
