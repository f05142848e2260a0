import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'minio';
import { StoreUnavailable, translated } from './errors.ts';
import { boundedTransport, type TimeOuts } from './transport.ts';

export type Access = {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  readonly timeOuts: TimeOuts;
};

/** minio keeps the listing of parts to its subclasses. */
export class S3Client extends Client {
  uploadedParts(bucket: string, key: string, uploadId: string) {
    return this.listParts(bucket, key, uploadId);
  }
}

/**
 * A client is a handful of fields, made anew for a signal. The region is given, so that none is asked for before the first request. minio's
 * own repeats, which write to the console, are off. Bytes are not part of the signature, not even over HTTP: a store must hold all of
 * them before it can tell whether that is right. Their checksum is a header of its own.
 */
export const connect = (endpoint: string, access: Access, signal?: AbortSignal): S3Client => {
  const { hostname, port, protocol, pathname } = new URL(endpoint);
  if (pathname !== '/') throw new TypeError(`The object store's URL cannot have a path: ${endpoint}`);
  const secure = protocol === 'https:';
  const client = new S3Client({
    endPoint: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port),
    useSSL: secure,
    region: access.region,
    accessKey: access.accessKey,
    secretKey: access.secretKey,
    retryOptions: { disableRetry: true },
    transport: boundedTransport(secure, access.timeOuts, signal),
  });
  client.enableSHA256 = false;
  return client;
};

const repeatAfterMs = 200;

/** One request, with errors of this package's. */
export const once = async <T>(key: string, send: () => Promise<T>): Promise<T> => {
  try {
    return await send();
  } catch (error) {
    throw translated(error, key);
  }
};

/**
 * As `once`, for a request that may be repeated: after an outage one more try, since a kept connection may just have been closed. Not
 * after a time-out, which has taken long enough.
 */
export const twice = async <T>(key: string, send: () => Promise<T>): Promise<T> => {
  try {
    return await once(key, send);
  } catch (error) {
    if (!(error instanceof StoreUnavailable) || error.timedOut) throw error;
  }
  await delay(repeatAfterMs);
  return once(key, send);
};
