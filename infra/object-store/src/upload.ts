import { createHash } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import { TooLarge } from './errors.ts';
import { maxObjectBytes, partBytes } from './limits.ts';

export type Part = { readonly part: number; readonly etag: string };

/** The requests that an upload is made of. */
export type UploadRequests = {
  putWhole(bytes: Buffer): Promise<void>;
  begin(): Promise<string>;
  putPart(uploadId: string, part: number, bytes: Buffer): Promise<Part>;
  complete(uploadId: string, parts: readonly Part[]): Promise<void>;
  abort(uploadId: string): Promise<void>;
};

export type UploadOptions = { readonly maxBytes?: number | undefined; readonly signal?: AbortSignal | undefined };
export type Uploaded = { readonly size: number; readonly sha256: string };

/**
 * Sends a body by parts, one in memory at a time; while one is sent nothing is read.
 *
 *   up to partBytes   putWhole
 *   more              begin, putPart..., complete; abort when anything fails
 */
export const upload = async (requests: UploadRequests, body: Readable, options: UploadOptions): Promise<Uploaded> => {
  const maxBytes = Math.min(options.maxBytes ?? maxObjectBytes, maxObjectBytes);
  const hash = createHash('sha256');
  const parts: Part[] = [];
  let size = 0;
  let uploadId: string | undefined;
  if (options.signal) addAbortSignal(options.signal, body);
  try {
    for await (const { bytes, last } of cut(body, maxBytes)) {
      hash.update(bytes);
      size += bytes.length;
      if (last && uploadId === undefined) {
        await requests.putWhole(bytes);
      } else {
        uploadId ??= await requests.begin();
        parts.push(await requests.putPart(uploadId, parts.length + 1, bytes));
      }
    }
    if (uploadId !== undefined) await requests.complete(uploadId, parts);
    return { size, sha256: hash.digest('hex') };
  } catch (error) {
    // What is left when the store cannot be reached any more is found by `listMultipart`.
    if (uploadId !== undefined) await requests.abort(uploadId).catch(() => {});
    options.signal?.throwIfAborted();
    throw error;
  }
};

type Cut = { readonly bytes: Buffer; readonly last: boolean };

/**
 * Parts of `partBytes`, and a last one that may be shorter and is empty only for an empty body. All share a buffer: one is good until the next
 * is asked for. The body is not destroyed: it may be a request that still wants an answer.
 */
async function* cut(body: Readable, maxBytes: number): AsyncGenerator<Cut> {
  const buffer = Buffer.allocUnsafeSlow(partBytes);
  let filled = 0;
  let total = 0;
  for await (const given of body.iterator({ destroyOnReturn: false })) {
    const chunk: Uint8Array = typeof given === 'string' ? Buffer.from(given) : given;
    total += chunk.length;
    if (total > maxBytes) throw new TooLarge(maxBytes);
    let taken = 0;
    while (taken < chunk.length) {
      if (filled === partBytes) {
        yield { bytes: buffer, last: false };
        filled = 0;
      }
      const piece = chunk.subarray(taken, taken + partBytes - filled);
      buffer.set(piece, filled);
      filled += piece.length;
      taken += piece.length;
    }
  }
  yield { bytes: buffer.subarray(0, filled), last: true };
}
