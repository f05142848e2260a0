import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { defineRoute, nextPageQuery, pageSchema, Refusal, type Route, reply, uuid } from '@palaver/http';
import { ObjectNotFound } from '@palaver/object-store';
import type { FilesQueries, StoredFile } from '@palaver/projection-files';
import { parse as parseRange } from 'range-parser';
import { z } from 'zod';
import { command, fileSchema, shown, viewOf } from './route-parts.ts';
import type { FileStore } from './store-guard.ts';
import { dispositionOf, headersOf } from './serve.ts';

/** Files over HTTP: for their owners, and for who may read the channel of the message that they hang on. */

/** Of the address that a file is downloaded by. */
const addressSeconds = 60;

const ofFile = () => z.object({ fileId: uuid() });

const notFound = (cause?: unknown): Refusal => new Refusal('file_not_found', 'There is no such file.', { cause });

export const fileRoutes = (parts: {
  queries: FilesQueries;
  store: FileStore;
  quotaBytes: number;
}): readonly Route[] => {
  const { queries, store, quotaBytes } = parts;

  /** Throws `file_not_found` also to those who may not read it. */
  const readable = async (asked: { fileId: string; actor: string; timeMs: number }): Promise<StoredFile> => {
    const { fileId, actor, timeMs } = asked;
    const file = await queries.fileById(fileId);
    if (!file) throw notFound();
    if (file.ownerId === actor) return file;
    if (file.messageId === null) throw notFound();
    const access = await queries.accessTo({ channelId: file.channelId, profileId: actor, atMs: timeMs });
    if (!access) throw notFound();
    return file;
  };

  /** Throws `file_not_found`, `store_unavailable`. */
  const bytesOf = (objectKey: string, range: Range | null = null): Promise<Readable> =>
    store.read(objectKey, range ?? undefined).catch((error: unknown) => {
      throw error instanceof ObjectNotFound ? notFound(error) : error;
    });

  return [
    defineRoute({
      method: 'get',
      path: '/files',
      operationId: 'listFiles',
      summary: 'List your files, and how much they take',
      description: 'By rising id, a page at a time.',
      tags: ['files'],
      auth: 'bearer',
      kind: 'query',
      query: nextPageQuery(uuid(), 'file'),
      response: pageSchema(fileSchema).extend({ usedBytes: z.int(), quotaBytes: z.int() }),
      status: 200,
      problems: [],
      handler: async ({ actor, query: { limit, after } }) => {
        const [page, usedBytes] = await Promise.all([
          queries.filesOf({ ownerId: actor, limit, after }),
          queries.usedBytesOf(actor),
        ]);
        return { ...page, items: page.items.map(shown), usedBytes, quotaBytes };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/files/:fileId',
      operationId: 'getFile',
      summary: 'See what is known of a file',
      tags: ['files'],
      auth: 'bearer',
      kind: 'query',
      params: ofFile(),
      response: fileSchema,
      status: 200,
      problems: ['file_not_found'],
      handler: async ({ actor, params, timeMs }) => {
        return viewOf(await readable({ ...params, actor, timeMs }));
      },
    }),

    defineRoute({
      method: 'get',
      path: '/files/:fileId/content',
      operationId: 'downloadFile',
      summary: 'Get a file, whole or a range of it',
      description: 'With `Range` one range of bytes: 206, or 416 beyond the end.',
      tags: ['files'],
      auth: 'bearer',
      kind: 'query',
      isTagged: true,
      takesRanges: true,
      params: ofFile(),
      response: z.string().meta({ contentMediaType: 'application/octet-stream' }),
      produces: '*/*',
      status: 200,
      problems: ['file_not_found', 'range_not_satisfiable', 'store_unavailable'],
      handler: async ({ actor, params, request, timeMs }) => {
        const file = await readable({ ...params, actor, timeMs });
        const range = rangeOf(request, file);
        const stream = await bytesOf(file.objectKey, range);
        const { from, to } = range ?? { from: 0, to: file.size };
        const headers = { ...headersOf(file), 'Accept-Ranges': 'bytes', 'Content-Length': String(to - from) };
        if (!range) return reply({ headers, etag: file.sha256, stream });
        const contentRange = { 'Content-Range': `bytes ${from}-${to - 1}/${file.size}` };
        return reply({ status: 206, headers: { ...headers, ...contentRange }, etag: file.sha256, stream });
      },
    }),

    defineRoute({
      method: 'get',
      path: '/files/:fileId/thumbnail',
      operationId: 'downloadThumbnail',
      summary: 'Get the small image that was made of an image, as WebP',
      tags: ['files'],
      auth: 'bearer',
      kind: 'query',
      isTagged: true,
      params: ofFile(),
      response: z.string().meta({ contentMediaType: 'image/webp' }),
      produces: 'image/webp',
      status: 200,
      problems: ['file_not_found', 'store_unavailable'],
      handler: async ({ actor, params, timeMs }) => {
        const small = thumbnailOf(await readable({ ...params, actor, timeMs }));
        return reply({ headers: headersOf(small), etag: small.etag, stream: await bytesOf(small.objectKey) });
      },
    }),

    defineRoute({
      method: 'get',
      path: '/files/:fileId/picture',
      operationId: 'getPicture',
      summary: 'Get the picture of a profile or a server',
      description: 'Without a token, so that browsers can show it.',
      tags: ['files'],
      auth: 'none',
      kind: 'query',
      isTagged: true,
      params: ofFile(),
      query: z.strictObject({ size: z.enum(['full', 'thumbnail']).default('full') }),
      response: z.string().meta({ contentMediaType: 'image/*' }),
      produces: 'image/*',
      status: 200,
      problems: ['file_not_found', 'store_unavailable'],
      handler: async ({ params, query }) => {
        const file = await queries.fileById(params.fileId);
        if (!file || file.purpose === 'ATTACHMENT') throw notFound();
        const picture = query.size === 'full' ? { ...file, etag: file.sha256 } : thumbnailOf(file);
        const headers = headersOf(picture, { shared: true });
        return reply({ headers, etag: picture.etag, stream: await bytesOf(picture.objectKey) });
      },
    }),

    defineRoute({
      method: 'get',
      path: '/files/:fileId/address',
      operationId: 'getFileAddress',
      summary: 'Get an address to download a file from',
      description: 'It is of the object store itself, and good for a minute.',
      tags: ['files'],
      auth: 'bearer',
      kind: 'query',
      params: ofFile(),
      response: z.object({
        url: z.string().meta({ examples: ['https://files.example.com/palaver/cat.png?X-Amz-Signature=0a1b'] }),
        expiresAt: z.iso.datetime(),
      }),
      status: 200,
      problems: ['file_not_found', 'store_unavailable'],
      handler: async ({ actor, params, timeMs }) => {
        const file = await readable({ ...params, actor, timeMs });
        const url = await store.presignedGet({
          key: file.objectKey,
          expiresInSeconds: addressSeconds,
          contentType: file.type,
          contentDisposition: dispositionOf(file),
        });
        return { url, expiresAt: new Date(timeMs + addressSeconds * 1_000).toISOString() };
      },
    }),

    defineRoute({
      method: 'delete',
      path: '/files/:fileId',
      operationId: 'deleteFile',
      summary: 'Delete a file of yours, for good',
      tags: ['files'],
      auth: 'bearer',
      kind: 'command',
      params: ofFile(),
      response: z.void(),
      status: 204,
      problems: ['file_not_found'],
      handler: async ({ actor, params, submit }) => {
        await submit(command({ type: 'DeleteFile', data: { ...params, ownerId: actor } }));
        return reply({});
      },
    }),
  ];
};

/** Throws `file_not_found` where there is none, or not yet. */
const thumbnailOf = ({ thumbnailKey, sha256 }: StoredFile) => {
  if (thumbnailKey === null) throw notFound();
  return { name: 'thumbnail.webp', type: 'image/webp', objectKey: thumbnailKey, etag: `${sha256}-thumbnail` };
};

/** Half-open, bytes. */
type Range = { readonly from: number; readonly to: number };

/** Null for the whole file. One range is answered, as RFC 9110 14.2 lets a server; several are not. */
const rangeOf = (request: IncomingMessage, { size, sha256 }: StoredFile): Range | null => {
  const { range, 'if-range': ifRange } = request.headers;
  if (request.method !== 'GET' || range === undefined || (ifRange !== undefined && ifRange !== `"${sha256}"`))
    return null;
  const { code, type, ranges } = parseRange(size, range);
  // What is malformed is passed over.
  if (type !== 'bytes' || code === 1) return null;
  if (ranges.length === 0) {
    const headers = { 'Content-Range': `bytes */${size}` };
    throw new Refusal('range_not_satisfiable', `The file has ${size} bytes.`, { headers });
  }
  const [only, ...more] = ranges;
  return more.length > 0 ? null : { from: only!.start, to: only!.end + 1 };
};
