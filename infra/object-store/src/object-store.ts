import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { S3Error } from 'minio';
import { type Access, connect, once, type S3Client, twice } from './client.ts';
import { ObjectNotFound, PartsRefused, StoreUnavailable, translated, UploadNotFound } from './errors.ts';
import { checkKey } from './key.ts';
import { maxExpirySeconds, maxParts } from './limits.ts';
import type { TimeOuts } from './transport.ts';
import { type Part, type Uploaded, type UploadRequests, upload } from './upload.ts';

export type ObjectStat = { readonly size: number; readonly contentType: string; readonly modifiedAt: Date };
export type StoredObject = { readonly key: string; readonly size: number; readonly modifiedAt: Date };
export type UploadedPart = { readonly part: number; readonly etag: string; readonly size: number };
export type UnfinishedUpload = { readonly key: string; readonly uploadId: string; readonly initiatedAt: Date };
/** Bytes: `from` inclusive, `to` exclusive. One that ends beyond the object ends with it. */
export type ByteRange = { readonly from: number; readonly to: number };
export type UploadRef = { readonly key: string; readonly uploadId: string };

export type PutOptions = {
  readonly contentType: string;
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
};
export type PresignedPostOptions = {
  readonly key: string;
  readonly contentType: string;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly expiresInSeconds: number;
};
/** A form: all `fields` first, as they are, and then the bytes as `file`. The answer to a good one is 204. */
export type PresignedPost = { readonly url: string; readonly fields: Readonly<Record<string, string>> };
export type PresignedGetOptions = {
  readonly key: string;
  readonly expiresInSeconds: number;
  readonly contentType: string;
  /** As a header has it, in ASCII; `contentDispositionOf` makes one of any file name. */
  readonly contentDisposition: string;
};

/**
 * Objects in one bucket of a store that speaks S3. Every method that sends a request throws `StoreUnavailable` when there is no answer, and
 * `StoreRefused` when the answer is no; a key that not every store would keep as it is (`key.ts`) is a `TypeError`. The presigning ones
 * send nothing.
 */
export type ObjectStore = {
  /** Throws when the store or its bucket cannot be used. */
  ready(): Promise<void>;
  /** Makes the bucket if it is missing. */
  ensureBucket(): Promise<void>;

  /**
   * Stores a body of unknown length, in the memory of one part. When the body fails, is too long (`TooLarge`) or the signal is aborted,
   * which throws its reason, nothing remains: no object and no unfinished upload. When the store fails the object may be there.
   * An aborted signal destroys the body; otherwise it is left as it is, for it may be a request that still wants an answer.
   */
  put(key: string, body: Readable, options: PutOptions): Promise<Uploaded>;
  /** Null when there is none. A store cannot tell a missing bucket here: that is for `ready` to find. */
  stat(key: string): Promise<ObjectStat | null>;
  /**
   * Throws `ObjectNotFound`, and `RangeNotSatisfiable` for a range that begins at the end or beyond. The stream must be read or destroyed;
   * one that breaks fails with `StoreUnavailable`.
   */
  read(key: string, range?: ByteRange): Promise<Readable>;
  /** One that is not there is fine. */
  remove(key: string): Promise<void>;
  /** In the order of keys, by pages of 1,000. */
  list(prefix: string): AsyncIterable<StoredObject>;

  /** For a client to send one object with, of exactly this key and type and within the limits of size. */
  presignedPost(options: PresignedPostOptions): Promise<PresignedPost>;
  /** For a client to read one object by, with these headers whatever it was stored with. */
  presignedGet(options: PresignedGetOptions): Promise<string>;

  /** An upload by parts, which can be resumed until it is completed or aborted. Yields its id. */
  beginMultipart(options: { readonly key: string; readonly contentType: string }): Promise<string>;
  /** For a client to PUT a part by, the first being 1; sending one again replaces it. Size and type are not limited by it. */
  presignedPart(options: UploadRef & { readonly part: number; readonly expiresInSeconds: number }): Promise<string>;
  /** Null when there is no such upload. */
  partsOf(upload: UploadRef): Promise<readonly UploadedPart[] | null>;
  /** Throws `UploadNotFound` and `PartsRefused`. Is not repeated after an outage: `partsOf` and `stat` tell how it ended. */
  completeMultipart(options: UploadRef & { readonly parts: readonly Part[] }): Promise<void>;
  /** One that is not there is fine. */
  abortMultipart(upload: UploadRef): Promise<void>;
  /** Of more than 1,000 at once, those that share a key with the end of a page may be left out until the others are gone. */
  listMultipart(prefix: string): AsyncIterable<UnfinishedUpload>;
};

export type ObjectStoreOptions = {
  /** `http://host:port` or `https://host`, without a path. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly bucket: string;
  /** `us-east-1` by default, which stores other than Amazon's take. */
  readonly region?: string | undefined;
  /** What clients reach the store by: presigned URLs are made for it. As `endpoint` by default. */
  readonly publicEndpoint?: string | undefined;
  readonly timeOuts?: Partial<TimeOuts>;
};

const usualTimeOuts: TimeOuts = { connectMs: 3_000, idleMs: 15_000 };
const pageSize = 1_000;

/** Sends nothing: `ready` and `ensureBucket` do. */
export const openObjectStore = (options: ObjectStoreOptions): ObjectStore => {
  const access: Access = {
    accessKey: options.accessKey,
    secretKey: options.secretKey,
    region: options.region ?? 'us-east-1',
    timeOuts: { ...usualTimeOuts, ...options.timeOuts },
  };
  const door: Door = {
    bucket: options.bucket,
    client: connect(options.endpoint, access),
    abortable: (signal) => connect(options.endpoint, access, signal),
  };
  const outside = connect(options.publicEndpoint ?? options.endpoint, access);
  return { ...bucketOf(door), ...objectsOf(door), ...presigningOf(outside, options.bucket), ...multipartOf(door) };
};

type Door = {
  readonly bucket: string;
  readonly client: S3Client;
  abortable(signal: AbortSignal): S3Client;
};

const bucketOf = ({ client, bucket }: Door): Pick<ObjectStore, 'ready' | 'ensureBucket'> => ({
  async ready() {
    if (!(await twice('', () => client.bucketExists(bucket))))
      throw new StoreUnavailable(`There is no bucket ${bucket}`);
  },

  async ensureBucket() {
    if (await twice('', () => client.bucketExists(bucket))) return;
    await twice('', () => client.makeBucket(bucket)).catch((error) => {
      // Somebody else was faster.
      if (!(error.cause instanceof S3Error) || !error.cause.code?.startsWith('BucketAlready')) throw error;
    });
  },
});

const objectsOf = (door: Door): Pick<ObjectStore, 'put' | 'stat' | 'read' | 'remove' | 'list'> => ({
  async put(key, body, { contentType, maxBytes, signal }) {
    checkKey(key);
    return upload(uploadRequests(door, key, contentType, signal), body, { maxBytes, signal });
  },

  async stat(key) {
    checkKey(key);
    try {
      const found = await twice(key, () => door.client.statObject(door.bucket, key));
      const contentType = String(found.metaData['content-type'] ?? 'application/octet-stream');
      return { size: found.size, contentType, modifiedAt: found.lastModified };
    } catch (error) {
      if (error instanceof ObjectNotFound) return null;
      throw error;
    }
  },

  async read(key, range) {
    checkKey(key);
    if (range !== undefined) checkRange(range);
    const { from, to } = range ?? { from: 0, to: 0 };
    const response = await twice(key, () => door.client.getPartialObject(door.bucket, key, from, to - from));
    return translatedStream(response, key);
  },

  async remove(key) {
    checkKey(key);
    await twice(key, () => door.client.removeObject(door.bucket, key)).catch((error) => {
      if (!(error instanceof ObjectNotFound)) throw error;
    });
  },

  async *list(prefix) {
    let token = '';
    do {
      const page = await twice(prefix, () =>
        door.client.listObjectsV2Query(door.bucket, prefix, token, '', pageSize, ''),
      );
      for (const found of page.objects) {
        if (found.name !== undefined) yield { key: found.name, size: found.size, modifiedAt: found.lastModified };
      }
      token = page.isTruncated ? page.nextContinuationToken : '';
    } while (token !== '');
  },
});

/** An upload that failed by its signal is taken back by a request that has none. */
const uploadRequests = (
  door: Door,
  key: string,
  contentType: string,
  signal: AbortSignal | undefined,
): UploadRequests => {
  const { bucket } = door;
  const client = signal ? door.abortable(signal) : door.client;
  return {
    async putWhole(bytes) {
      await twice(key, () => client.putObject(bucket, key, bytes, bytes.length, { 'content-type': contentType }));
    },
    begin: () => once(key, () => client.initiateNewMultipartUpload(bucket, key, { 'content-type': contentType })),
    async putPart(uploadId, part, bytes) {
      const { headers } = await twice(key, () =>
        client.makeRequestAsyncOmit(
          {
            method: 'PUT',
            bucketName: bucket,
            objectName: key,
            query: `partNumber=${part}&uploadId=${encodeURIComponent(uploadId)}`,
            headers: { 'content-md5': md5Of(bytes) },
          },
          bytes,
        ),
      );
      return { part, etag: unquoted(headers.etag ?? '') };
    },
    async complete(uploadId, parts) {
      await once(key, () => client.completeMultipartUpload(bucket, key, uploadId, [...parts]));
    },
    abort: (uploadId) => abort(door, { key, uploadId }),
  };
};

const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('base64');
const unquoted = (etag: string): string => etag.replace(/^"|"$/g, '');

const presigningOf = (
  client: S3Client,
  bucket: string,
): Pick<ObjectStore, 'presignedPost' | 'presignedGet' | 'presignedPart'> => ({
  async presignedPost({ key, contentType, minBytes, maxBytes, expiresInSeconds }) {
    checkKey(key);
    checkExpiry(expiresInSeconds);
    const policy = client.newPostPolicy();
    policy.setBucket(bucket);
    policy.setKey(key);
    policy.setContentType(contentType);
    policy.setContentLengthRange(minBytes, maxBytes);
    policy.setExpires(new Date(Date.now() + expiresInSeconds * 1_000));
    const { postURL, formData } = await client.presignedPostPolicy(policy);
    return { url: postURL, fields: formData as Record<string, string> };
  },

  async presignedGet({ key, expiresInSeconds, contentType, contentDisposition }) {
    checkKey(key);
    checkExpiry(expiresInSeconds);
    return client.presignedUrl('GET', bucket, key, expiresInSeconds, {
      'response-content-type': contentType,
      'response-content-disposition': contentDisposition,
    });
  },

  async presignedPart({ key, uploadId, part, expiresInSeconds }) {
    checkKey(key);
    checkExpiry(expiresInSeconds);
    if (!Number.isInteger(part) || part < 1 || part > maxParts)
      throw new RangeError(`Part ${part} is not 1 to ${maxParts}`);
    return client.presignedUrl('PUT', bucket, key, expiresInSeconds, { partNumber: String(part), uploadId });
  },
});

const multipartOf = (
  door: Door,
): Pick<ObjectStore, 'beginMultipart' | 'partsOf' | 'completeMultipart' | 'abortMultipart' | 'listMultipart'> => {
  const { client, bucket } = door;

  async function* listMultipart(prefix: string): AsyncGenerator<UnfinishedUpload> {
    let marker = '';
    do {
      const page = await twice(prefix, () => client.listIncompleteUploadsQuery(bucket, prefix, marker, '', ''));
      for (const { key, uploadId, initiated } of page.uploads) yield { key, uploadId, initiatedAt: initiated };
      marker = page.isTruncated ? page.nextKeyMarker : '';
    } while (marker !== '');
  }

  /** S3Proxy has no parts of an upload that it does not know, where others have none such. */
  const isUnfinished = async ({ key, uploadId }: UploadRef): Promise<boolean> => {
    for await (const one of listMultipart(key)) if (one.uploadId === uploadId) return true;
    return false;
  };

  return {
    async beginMultipart({ key, contentType }) {
      checkKey(key);
      return once(key, () => client.initiateNewMultipartUpload(bucket, key, { 'content-type': contentType }));
    },

    async partsOf({ key, uploadId }) {
      checkKey(key);
      try {
        const parts = await twice(key, () => client.uploadedParts(bucket, key, uploadId));
        if (parts.length === 0 && !(await isUnfinished({ key, uploadId }))) return null;
        return parts.map(({ part, etag, size }) => ({ part, etag, size })).sort((a, b) => a.part - b.part);
      } catch (error) {
        if (error instanceof UploadNotFound) return null;
        throw error;
      }
    },

    async completeMultipart({ key, uploadId, parts }) {
      checkKey(key);
      if (parts.length === 0) throw new PartsRefused('InvalidPart', 'An upload is made of one part at least');
      const inOrder = parts.map(({ part, etag }) => ({ part, etag })).sort((a, b) => a.part - b.part);
      await once(key, () => client.completeMultipartUpload(bucket, key, uploadId, inOrder));
    },

    async abortMultipart(upload) {
      checkKey(upload.key);
      await abort(door, upload);
    },

    listMultipart,
  };
};

/** minio puts this id, alone of all, into the query as it is. */
const abort = async ({ client, bucket }: Door, { key, uploadId }: UploadRef): Promise<void> => {
  await twice(key, () => client.abortMultipartUpload(bucket, key, encodeURIComponent(uploadId))).catch((error) => {
    if (!(error instanceof UploadNotFound) && !(error instanceof ObjectNotFound)) throw error;
  });
};

/** minio reads a length of 0 as all that follows. */
const checkRange = ({ from, to }: ByteRange): void => {
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && to > from) return;
  throw new RangeError(`${from} to ${to} is no range of bytes`);
};

/** minio reads 0 as seven days. */
const checkExpiry = (seconds: number): void => {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= maxExpirySeconds) return;
  throw new RangeError(`${seconds} s is not 1 to ${maxExpirySeconds} s`);
};

const translatedStream = (response: Readable, key: string): Readable => {
  const stream = Readable.from(chunksOf(response, key), { objectMode: false });
  // Without waiting for a chunk that is under way.
  stream.once('close', () => response.destroy());
  return stream;
};

async function* chunksOf(response: Readable, key: string): AsyncGenerator<Buffer> {
  try {
    yield* response;
  } catch (error) {
    throw translated(error, key);
  }
}
