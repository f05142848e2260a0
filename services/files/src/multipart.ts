import type { IncomingMessage } from 'node:http';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { Refusal } from '@palaver/http';

/** A file as it comes in a `multipart/form-data` body (RFC 7578): one file, and nothing else. */
export type IncomingFile = {
  /** As the client says. */
  readonly name: string;
  readonly type: string;
  /** Its bytes; fails when the body breaks off. */
  readonly bytes: Readable;
};

/** What clients write for the three characters that would break the header, by the HTML standard's multipart/form-data encoding. */
const asTyped = (name: string): string => name.replace(/%(?:22|0A|0D)/gi, decodeURIComponent);

const invalid = (detail: string, cause?: unknown): Refusal => new Refusal('invalid_input', detail, { cause });

/**
 * Resolves with the file as soon as it begins; the rest of the body flows as its bytes are read. Throws `unsupported_media_type`,
 * `invalid_input`.
 */
export const incomingFile = (request: IncomingMessage): Promise<IncomingFile> => {
  if (!/^multipart\/form-data\s*;/i.test(request.headers['content-type'] ?? '')) {
    throw new Refusal('unsupported_media_type', 'The body must be multipart/form-data.');
  }
  const { promise, resolve, reject } = Promise.withResolvers<IncomingFile>();
  const bytes = new PassThrough();
  // Its reader may come later than its failure, and asks for `errored` then.
  bytes.on('error', () => undefined);
  const fail = (error: Error): void => {
    reject(error);
    bytes.destroy(error);
    request.unpipe();
    request.resume();
  };
  try {
    const limits = { files: 1, fields: 0, parts: 1, headerPairs: 20 };
    const body = new Busboy({ headers: request.headers as BusboyHeaders, limits, isPartAFile: () => true });
    body.on('file', (_field, stream, name, _encoding, type) => {
      pipeline(stream, bytes, (error) => {
        if (error) fail(invalid('The body breaks off.', error));
      });
      resolve({ name: asTyped(name ?? ''), type: (type || 'application/octet-stream').toLowerCase(), bytes });
    });
    for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
      body.on(limit, () => fail(invalid('The body must hold one file, and nothing else.')));
    body.on('error', (error) => fail(invalid('The body is no multipart/form-data.', error)));
    body.on('finish', () => reject(invalid('The body holds no file.')));
    request.on('aborted', () => fail(invalid('The client went away.')));
    request.on('error', fail);
    request.pipe(body);
  } catch (error) {
    reject(invalid('The body is no multipart/form-data.', error));
  }
  return promise;
};
