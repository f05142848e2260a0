import { defineRoute, Refusal, type Route, reply, text, uuid, wholeNumber } from '@palaver/http';
import type { FilesQueries, UploadView } from '@palaver/projection-files';
import type { FilePurpose } from '@palaver/schemas';
import { z } from 'zod';
import { uploadKey } from './keys.ts';
import { incomingFile } from './multipart.ts';
import { cleanName } from './name.ts';
import { demandPlace, demandType, onePlace, placeProblems, purposeFields } from './purpose.ts';
import { command, fileSchema, shown as shownFile, viewOf } from './route-parts.ts';
import type { FileStore } from './store-guard.ts';
import { type Begun, complete, keep, partBytes } from './uploads.ts';

/** Sending files over HTTP: through the service, or past it to the object store. */

export type UploadLimits = {
  /** Most bytes of a file. */
  readonly fileBytes: number;
  /** The same, of a picture of a profile or a server. */
  readonly pictureBytes: number;
  /** Most bytes of all files of a profile. */
  readonly quotaBytes: number;
  /** How long an upload may take, ms. */
  readonly uploadMs: number;
};

/** Uploads that a profile may have under way through one instance: each takes the memory of a part. */
const mostAtOnce = 10;
/** What a multipart body holds besides the file. */
const formBytes = 64 * 1024;
/** Of a presigned address. */
const addressSeconds = 600;

const mediaType = () =>
  z
    .string()
    .max(127)
    .toLowerCase()
    .regex(/^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/, 'must be a media type')
    .meta({ examples: ['image/png'] });
const sha256 = () =>
  z
    .string()
    .toLowerCase()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
    .meta({ description: 'SHA-256 in hex' });

const uploadSchema = z
  .object({
    id: uuid(),
    expiresAt: z.iso.datetime(),
    post: z
      .object({
        url: z.string().meta({ examples: ['https://files.example.com/palaver'] }),
        fields: z.record(z.string(), z.string()),
      })
      .nullable()
      .meta({ description: 'Where to send the file as multipart/form-data: these fields first, then `file`' }),
    parts: z
      .object({
        partBytes: z.int(),
        count: z.int(),
        received: z.array(z.int()).readonly().meta({ description: 'Numbers of the parts that are there, from 1' }),
      })
      .nullable()
      .meta({ description: 'Of a large file, which comes in parts' }),
  })
  .meta({ id: 'Upload' });

const ofUpload = () => z.object({ fileId: uuid() });

export const uploadRoutes = (parts: {
  queries: FilesQueries;
  store: FileStore;
  limits: UploadLimits;
}): readonly Route[] => {
  const { queries, store, limits } = parts;

  const mostBytes = (purpose: FilePurpose): number =>
    purpose === 'ATTACHMENT' ? limits.fileBytes : Math.min(limits.pictureBytes, limits.fileBytes);
  const tooLarge = (bytes: number): Refusal => new Refusal('file_too_large', `It may have at most ${bytes} bytes.`);

  /** Throws `upload_not_found` also to others than its owner. */
  const ownUpload = async (fileId: string, ownerId: string): Promise<UploadView> => {
    const upload = await queries.uploadById(fileId);
    if (upload?.ownerId !== ownerId) throw new Refusal('upload_not_found', 'You have no such upload under way.');
    return upload;
  };

  /** Somebody was faster, or the request is a repeated one: the answer is of the bytes that are kept. */
  const keptBefore = async (fileId: string, sha256: string) => {
    const file = await queries.fileById(fileId);
    if (!file) throw new Refusal('not_yet_visible', 'The file is kept, but not yet visible here.');
    if (file.sha256 !== sha256) {
      throw new Refusal('idempotency_key_reused', 'The Idempotency-Key was used for other bytes.');
    }
    return viewOf(file);
  };

  const streaming = new Map<string, number>();
  /** Throws `too_many_uploads`. */
  const oneMore = async <Result>(ownerId: string, work: () => Promise<Result>): Promise<Result> => {
    const before = streaming.get(ownerId) ?? 0;
    if (before >= mostAtOnce) {
      throw new Refusal('too_many_uploads', `At most ${mostAtOnce} uploads at once.`, {
        headers: { 'Retry-After': '5' },
      });
    }
    streaming.set(ownerId, before + 1);
    try {
      return await work();
    } finally {
      const left = streaming.get(ownerId)! - 1;
      if (left > 0) streaming.set(ownerId, left);
      else streaming.delete(ownerId);
    }
  };

  const shown = async (upload: Pick<UploadView, 'id' | 'type' | 'size' | 'expiresAt' | 'multipartId'>) => {
    const { id, type, size, expiresAt, multipartId } = upload;
    const key = uploadKey(id);
    if (multipartId === null) {
      const expiresInSeconds = Math.max(1, Math.floor((Date.parse(expiresAt) - Date.now()) / 1_000));
      const post = await store.presignedPost({
        key,
        contentType: type,
        minBytes: size,
        maxBytes: size,
        expiresInSeconds,
      });
      return { id, expiresAt, post, parts: null };
    }
    const there = (await store.partsOf({ key, uploadId: multipartId })) ?? [];
    const received = there.map(({ part }) => part);
    return { id, expiresAt, post: null, parts: { partBytes, count: Math.ceil(size / partBytes), received } };
  };

  return [
    defineRoute({
      method: 'post',
      path: '/files',
      operationId: 'uploadFile',
      summary: 'Send a file',
      description:
        'For a channel, or as a picture of yours or of a server, as `purpose` says: an attachment needs `channelId`, and a server image takes `serverId`. Large files are better sent by `POST /files/uploads`.',
      tags: ['files'],
      auth: 'bearer',
      kind: 'command',
      query: z
        .strictObject({ ...purposeFields(), sha256: sha256().optional() })
        .refine(onePlace.channel.check, onePlace.channel.fault)
        .refine(onePlace.server.check, onePlace.server.fault),
      upload: 'multipart/form-data',
      response: fileSchema,
      status: 201,
      problems: [
        ...placeProblems,
        'quota_exceeded',
        'upload_over',
        'file_exists',
        'too_many_uploads',
        'file_too_large',
        'file_empty',
        'not_a_picture',
        'file_type_mismatch',
        'file_checksum_mismatch',
        'store_unavailable',
      ],
      handler: async ({ actor, query, request, id, submit, timeMs }) => {
        const place = await demandPlace(queries, { actor, said: query, timeMs });
        const most = mostBytes(place.purpose);
        const length = Number(request.headers['content-length'] ?? most);
        if (length > most + formBytes) throw tooLarge(most);
        return oneMore(actor, async () => {
          const incoming = await incomingFile(request);
          const type = mediaType().safeParse(incoming.type).data ?? 'application/octet-stream';
          demandType(place.purpose, type);
          const begun: Begun = {
            ...place,
            fileId: id('file'),
            ownerId: actor,
            name: cleanName(incoming.name),
            type,
            size: Math.min(length, most),
            sha256: query.sha256 ?? null,
            multipartId: null,
            expiresAt: timeMs + limits.uploadMs,
          };
          await submit(command({ type: 'RequestUpload', data: { ...begun, quotaBytes: limits.quotaBytes } }));
          const gone = new AbortController();
          request.once('close', () => request.complete || gone.abort());
          const retried = request.headers['idempotency-key'] !== undefined;
          const how = { bytes: incoming.bytes, signal: gone.signal, retried };
          const kept = await keep({ store, submit }, { ...begun, id: begun.fileId }, how);
          return kept.mine ? fileOf(begun, kept, timeMs) : keptBefore(begun.fileId, kept.sha256);
        });
      },
    }),

    defineRoute({
      method: 'post',
      path: '/files/uploads',
      operationId: 'beginUpload',
      summary: 'Begin to send a file straight to the object store',
      description:
        'Send it to the address of the answer, or part by part where that lists parts, and complete the upload. `purpose` is as in `POST /files`.',
      tags: ['files'],
      auth: 'bearer',
      kind: 'command',
      body: z
        .strictObject({
          ...purposeFields(),
          name: text({ min: 1, max: 255 }).meta({ examples: ['cat.png'] }),
          type: mediaType(),
          size: z
            .int()
            .min(1)
            .meta({ description: 'Bytes', examples: [12_345] }),
          sha256: sha256().nullable().default(null),
        })
        .refine(onePlace.channel.check, onePlace.channel.fault)
        .refine(onePlace.server.check, onePlace.server.fault),
      response: uploadSchema,
      status: 201,
      problems: [
        ...placeProblems,
        'not_a_picture',
        'quota_exceeded',
        'file_exists',
        'file_too_large',
        'store_unavailable',
      ],
      handler: async ({ actor, body, id, submit, timeMs }) => {
        const place = await demandPlace(queries, { actor, said: body, timeMs });
        demandType(place.purpose, body.type);
        const most = mostBytes(place.purpose);
        if (body.size > most) throw tooLarge(most);
        const fileId = id('file');
        const at = { key: uploadKey(fileId), contentType: body.type };
        const multipartId = body.size > partBytes ? await store.beginMultipart(at) : null;
        const { name, type, size, sha256 } = body;
        const expiresAt = timeMs + limits.uploadMs;
        const begun: Begun = {
          ...place,
          fileId,
          ownerId: actor,
          name: cleanName(name),
          type,
          size,
          sha256,
          multipartId,
          expiresAt,
        };
        try {
          await submit(command({ type: 'RequestUpload', data: { ...begun, quotaBytes: limits.quotaBytes } }));
        } catch (error) {
          if (multipartId !== null) await store.abortMultipart({ key: at.key, uploadId: multipartId });
          throw error;
        }
        return shown({ ...begun, id: fileId, expiresAt: new Date(expiresAt).toISOString() });
      },
    }),

    defineRoute({
      method: 'get',
      path: '/files/uploads/:fileId',
      operationId: 'getUpload',
      summary: 'See where to send the file, and which parts are there',
      description: 'So an upload can be taken up again.',
      tags: ['files'],
      auth: 'bearer',
      kind: 'query',
      params: ofUpload(),
      response: uploadSchema,
      status: 200,
      problems: ['upload_not_found', 'store_unavailable'],
      handler: async ({ actor, params }) => shown(await ownUpload(params.fileId, actor)),
    }),

    defineRoute({
      method: 'get',
      path: '/files/uploads/:fileId/parts/:part',
      operationId: 'getUploadPart',
      summary: 'Get the address to PUT a part of a large file to',
      description: 'Send it without a Content-Type, or with `application/octet-stream`.',
      tags: ['files'],
      auth: 'bearer',
      kind: 'query',
      params: ofUpload().extend({ part: wholeNumber({ min: 1, max: 10_000 }) }),
      response: z.object({
        url: z
          .string()
          .meta({ examples: ['https://files.example.com/palaver/cat.png?partNumber=1&X-Amz-Signature=0a1b'] }),
        expiresAt: z.iso.datetime(),
      }),
      status: 200,
      problems: ['upload_not_found', 'part_not_found', 'store_unavailable'],
      handler: async ({ actor, params: { fileId, part }, timeMs }) => {
        const { multipartId, size } = await ownUpload(fileId, actor);
        if (multipartId === null || part > Math.ceil(size / partBytes)) {
          throw new Refusal('part_not_found', 'The upload has no such part.');
        }
        const at = { key: uploadKey(fileId), uploadId: multipartId, part };
        const url = await store.presignedPart({ ...at, expiresInSeconds: addressSeconds });
        return { url, expiresAt: new Date(timeMs + addressSeconds * 1_000).toISOString() };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/files/uploads/:fileId/complete',
      operationId: 'completeUpload',
      summary: 'Complete an upload',
      description:
        'The file is read back from the store: what is larger, of another type or of another checksum than was said is refused, and gone; of what is smaller, the upload is incomplete.',
      tags: ['files'],
      auth: 'bearer',
      kind: 'command',
      params: ofUpload(),
      response: fileSchema,
      status: 200,
      problems: [
        'upload_not_found',
        'upload_incomplete',
        'upload_over',
        'file_too_large',
        'file_empty',
        'file_type_mismatch',
        'file_checksum_mismatch',
        'store_unavailable',
      ],
      handler: async ({ actor, params, submit, timeMs }) => {
        const done = await queries.fileById(params.fileId);
        if (done?.ownerId === actor) return viewOf(done);
        const upload = await ownUpload(params.fileId, actor);
        const kept = await complete({ store, submit }, upload);
        return kept.mine ? fileOf({ ...upload, fileId: upload.id }, kept, timeMs) : keptBefore(upload.id, kept.sha256);
      },
    }),

    defineRoute({
      method: 'delete',
      path: '/files/uploads/:fileId',
      operationId: 'abortUpload',
      summary: 'Give an upload up',
      tags: ['files'],
      auth: 'bearer',
      kind: 'command',
      params: ofUpload(),
      response: z.void(),
      status: 204,
      problems: ['upload_not_found', 'upload_over'],
      handler: async ({ actor, params, submit }) => {
        await ownUpload(params.fileId, actor);
        const data = { fileId: params.fileId, ownerId: actor, reason: 'ABORTED' } as const;
        await submit(command({ type: 'RejectUpload', data }));
        return reply({});
      },
    }),
  ];
};

type Named = Pick<Begun, 'fileId' | 'ownerId' | 'purpose' | 'channelId' | 'name' | 'type'>;

const fileOf = (
  { fileId, ownerId, purpose, channelId, name, type }: Named,
  { size, sha256, width, height }: { size: number; sha256: string; width: number | null; height: number | null },
  createdAtMs: number,
) => {
  const createdAt = new Date(createdAtMs).toISOString();
  return shownFile({
    id: fileId,
    ownerId,
    purpose,
    channelId,
    messageId: null,
    name,
    type,
    size,
    sha256,
    width,
    height,
    thumbnail: null,
    createdAt,
  });
};
