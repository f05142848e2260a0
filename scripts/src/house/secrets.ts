import { createHash, generateKeyPairSync, randomBytes, type webcrypto } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SecretFiles } from './processes.ts';

/**
 * The secrets of a house, made when they are missing and kept since: tokens and stored password hashes depend on them. Each file
 * can be read by its owner only.
 */
export const keepSecrets = async (dataDir: string): Promise<SecretFiles> => {
  const folder = join(dataDir, 'secrets');
  const files = secretFiles(dataDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(files.signingKey) || !existsSync(files.publicKeys)) {
    const { privateKey, publicKeys } = newSigningKey();
    await writeSecret(files.publicKeys, JSON.stringify(publicKeys));
    await writeSecret(files.signingKey, JSON.stringify(privateKey));
  }
  if (!existsSync(files.authKey)) await writeSecret(files.authKey, randomBytes(32).toString('base64'));
  if (!existsSync(files.adminToken)) await writeSecret(files.adminToken, randomBytes(32).toString('base64url'));
  return files;
};

export const secretFiles = (dataDir: string): SecretFiles => {
  const folder = join(dataDir, 'secrets');
  return {
    signingKey: join(folder, 'signing-key.json'),
    publicKeys: join(folder, 'public-keys.json'),
    authKey: join(folder, 'auth-key'),
    adminToken: join(folder, 'admin-token'),
  };
};

type Jwk = webcrypto.JsonWebKey & { readonly kid?: string; readonly iat?: number };

/** Until every process has read the new public key, ms: they look for it every 2 s. */
const publishedAfterMs = 5_000;
/** A key whose successor is older than this has signed no token that is still good, s. */
const keepSeconds = 3_600;

export type Rotated = { readonly kid: string; readonly dropped: readonly string[] };

/**
 * Adds a signing key, which tokens are signed with from here on, and drops those that no good token can be signed with. Its public half
 * is there for everybody before the auth service signs with it, so no token is ever refused. Rejects when there are no secrets yet.
 */
export const rotateSigningKey = async (
  { signingKey, publicKeys }: Pick<SecretFiles, 'signingKey' | 'publicKeys'>,
  { nowSeconds = Math.floor(Date.now() / 1_000), waitMs = publishedAfterMs } = {},
): Promise<Rotated> => {
  const before = JSON.parse(await readFile(signingKey, 'utf8')) as Jwk & { keys?: readonly Jwk[] };
  const known = before.keys ?? [before];
  const published = (JSON.parse(await readFile(publicKeys, 'utf8')) as { keys: readonly Jwk[] }).keys;
  const made = newSigningKey(nowSeconds);
  const all = [...known, made.privateKey];
  const kept = all.filter((_, index) => {
    const successor = all[index + 1];
    return successor === undefined || (successor.iat ?? 0) > nowSeconds - keepSeconds;
  });
  const keptIds = new Set(kept.map(({ kid }) => kid));
  const dropped = known.map(({ kid }) => kid!).filter((kid) => !keptIds.has(kid));

  await writeSecret(publicKeys, JSON.stringify({ keys: [...published, ...made.publicKeys.keys] }));
  await delay(waitMs);
  await writeSecret(signingKey, JSON.stringify({ keys: kept }));
  const remaining = [...published, ...made.publicKeys.keys].filter(({ kid }) => !dropped.includes(kid!));
  if (dropped.length > 0) await writeSecret(publicKeys, JSON.stringify({ keys: remaining }));
  return { kid: made.privateKey.kid!, dropped };
};

/** An RSA key as a private JSON Web Key, with the time of its making (`iat`, s), and the set of public keys that goes with it. */
export const newSigningKey = (
  nowSeconds = Math.floor(Date.now() / 1_000),
): {
  readonly privateKey: Jwk;
  readonly publicKeys: { keys: Jwk[] };
} => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const open = pair.publicKey.export({ format: 'jwk' });
  const naming = { kid: thumbprint(open), alg: 'RS256', use: 'sig' };
  return {
    privateKey: { ...pair.privateKey.export({ format: 'jwk' }), ...naming, iat: nowSeconds },
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
