import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ObjectStore, ObjectStoreOptions } from '../index.ts';

/** Not another one, MinIO say: where its answers differ from S3's, tests expect them; README.md has the list. */
export const isS3Proxy = process.env.PALAVER_TEST_S3_ENDPOINT === undefined;

/** What `openObjectStore` takes for a bucket of this test run's. */
export const testOptions = (overrides: Partial<ObjectStoreOptions> = {}): ObjectStoreOptions => ({
  endpoint: required('PALAVER_TEST_S3'),
  accessKey: required('PALAVER_TEST_S3_ACCESS_KEY'),
  secretKey: required('PALAVER_TEST_S3_SECRET_KEY'),
  bucket: `test-${run}`,
  ...overrides,
});
const run = randomBytes(6).toString('hex');

export const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

export const bytesOf = async (stream: Readable): Promise<Buffer> => Buffer.concat(await collect(stream));
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** In chunks of a size that divides no part. */
export const bodyOf = (bytes: Buffer): Readable => {
  function* chunks() {
    for (let at = 0; at < bytes.length; at += 60_000) yield bytes.subarray(at, at + 60_000);
  }
  return Readable.from(chunks(), { objectMode: false });
};

/** Gives `bytes`, and then neither ends nor gives more. */
export const stalledBody = (bytes: Buffer): Readable => {
  let given = false;
  return new Readable({
    read() {
      if (!given) this.push(bytes);
      given = true;
    },
  });
};

export const formOf = (fields: Readonly<Record<string, string>>, bytes: Uint8Array<ArrayBuffer>): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([bytes]), 'x.bin');
  return form;
};

/** Neither an object nor an unfinished upload. */
export const isClean = async (store: ObjectStore, key: string): Promise<boolean> =>
  (await store.stat(key)) === null && (await collect(store.listMultipart(key))).length === 0;

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this test with \`npm test\`, which starts the house first`);
  return value;
}
