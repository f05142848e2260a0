import type { IncomingMessage } from 'node:http';
import { defineRoute, nextPageQuery, pageSchema, Refusal, type Route, reply, uuid } from '@palaver/http';
import { ObjectNotFound } from '@palaver/object-store';
import type { FilesQueries, StoredFile } from '@palaver/projection-files';
import { parse as parseRange } from 'range-parser';
import { z } from 'zod';
import { command, fileSchema, viewOf } from './route-parts.ts';
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

  return [
    defineRoute({
      method: 'get',
      path: '/files',
      operationId: 'listFiles',
      summary: 'See your files, and how much they take, by rising id, a page at a time',
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
        return { ...page, usedBytes, quotaBytes };
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
      summary: 'Get a file through the service, whole or a range of it',
      tags: ['files'],
      auth: 'bearer',
      kind: 'query',
      params: ofFile(),
      response: z.string().meta({ contentMediaType: 'application/octet-stream' }),
      produces: 'application/octet-stream',
      status: 200,
      problems: ['file_not_found', 'range_not_satisfiable', 'store_unavailable'],
      handler: async ({ actor, params, request, timeMs }) => {
        const file = await readable({ ...params, actor, timeMs });
        const range = rangeOf(request, file);
        const stream = await store.read(file.objectKey, range ?? undefined).catch((error: unknown) => {
          throw error instanceof ObjectNotFound ? notFound(error) : error;
        });
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
      params: ofFile(),
      response: z.string().meta({ contentMediaType: 'image/webp' }),
      produces: 'image/webp',
      status: 200,
      problems: ['file_not_found', 'store_unavailable'],
      handler: async ({ actor, params, timeMs }) => {
        const { thumbnailKey, sha256 } = await readable({ ...params, actor, timeMs });
        if (thumbnailKey === null) throw notFound();
        const stream = await store.read(thumbnailKey).catch((error: unknown) => {
          throw error instanceof ObjectNotFound ? notFound(error) : error;
        });
        const headers = headersOf({ name: 'thumbnail.webp', type: 'image/webp' });
        return reply({ headers, etag: `${sha256}-thumbnail`, stream });
      },
    }),

    defineRoute({
      method: 'get',
      path: '/files/:fileId/address',
      operationId: 'getFileAddress',
      summary: 'Get an address to download a file from the object store, good for a minute',
      tags: ['files'],
      auth: 'bearer',
      kind: 'query',
      params: ofFile(),
      response: z.object({ url: z.string(), expiresAt: z.iso.datetime() }),
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

/** Half-open, bytes; null for the whole file. One range is answered, as RFC 9110 14.2 lets a server; several are not. */
const rangeOf = (request: IncomingMessage, { size, sha256 }: StoredFile): { from: number; to: number } | null => {
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
