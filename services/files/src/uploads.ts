import type { Readable } from 'node:stream';
import { type Context, Refusal } from '@palaver/http';
import { ObjectNotFound, PartsRefused, TooLarge, UploadNotFound } from '@palaver/object-store';
import type { UploadView } from '@palaver/projection-files';
import type { RejectReason, RequestUpload } from '@palaver/schemas';
import type { StoreResult } from './file.ts';
import { type Announced, inspect, type Received, type Verdict } from './inspect.ts';
import { fileKey, uploadKey } from './keys.ts';
import { command } from './route-parts.ts';
import { type FileStore, orOutage } from './store-guard.ts';
import { tap } from './tap.ts';

/**
 * How bytes become a file. Whichever way they come, they are read once from beginning to end on their way to where they stay, so that size,
 * checksum and type are those of what is kept:
 *
 *   streamed   request ──────────────────────────────────▶ files/<file>/<try>  ──▶ good: StoreFile
 *   direct     client ──▶ uploads/<file> ──complete──────▶ files/<file>/<try>  ──▶ bad, broken off: RejectUpload, bytes removed
 *
 * A direct upload is copied because its policy would let the client replace it after it was looked at. Each try has a place of its own: of two
 * at once, the first that is decided is kept, and the other removes its own bytes. Of a process that was killed in between the sweep removes what
 * is left (`store-sweep.ts`).
 */

/** Above this many bytes a direct upload comes in parts of it. */
export const partBytes = 8 * 1024 * 1024;

const codes: Readonly<Record<RejectReason, { readonly code: string; readonly detail: string }>> = {
  TOO_LARGE: { code: 'file_too_large', detail: 'The file is larger than it may be, or than was announced.' },
  EMPTY: { code: 'file_empty', detail: 'The file has no bytes.' },
  TYPE_MISMATCH: { code: 'file_type_mismatch', detail: 'The bytes are not of the type that was announced.' },
  CHECKSUM_MISMATCH: {
    code: 'file_checksum_mismatch',
    detail: 'The bytes do not have the checksum that was announced.',
  },
  OVER_QUOTA: { code: 'quota_exceeded', detail: 'Your files would take more than they may.' },
  EXPIRED: { code: 'upload_over', detail: 'The upload has expired.' },
  ABORTED: { code: 'upload_over', detail: 'The upload was given up.' },
};

export const refusalOf = (reason: RejectReason): Refusal => new Refusal(codes[reason].code, codes[reason].detail);

type Submit = Context['submit'];
export type Begun = Omit<RequestUpload, 'quotaBytes'>;
/** `mine`: whether these bytes are kept, and not others that came before them. */
export type Kept = Received & {
  readonly width: number | null;
  readonly height: number | null;
  readonly mine: boolean;
};

type Incoming = {
  readonly bytes: Readable;
  /** Aborted when whoever sends goes away. */
  readonly signal?: AbortSignal;
  /** Whether the same upload may be sent again: then one that breaks off stays under way. */
  readonly retried?: boolean;
};

/**
 * Keeps the bytes of an upload that was begun, or gives it up. Throws the reason, `upload_over`, and what the store throws.
 */
export const keep = async (
  { store, submit }: { store: FileStore; submit: Submit },
  upload: Pick<UploadView, 'id' | 'ownerId'> & Announced,
  { bytes, signal, retried = false }: Incoming,
): Promise<Kept> => {
  const objectKey = fileKey(upload.id);
  const of = { fileId: upload.id, ownerId: upload.ownerId };
  const received = await receive(store, { objectKey, upload, bytes, signal }).catch(async (error: unknown) => {
    // It would only keep its part of the quota until it expires.
    if (!retried) await submit(command({ type: 'RejectUpload', data: { ...of, reason: 'ABORTED' } })).catch(() => null);
    throw error;
  });
  const verdict: Verdict = received ? await inspect(upload, received) : { kind: 'bad', reason: 'TOO_LARGE' };
  if (verdict.kind === 'bad') {
    await store.remove(objectKey);
    await submit(command({ type: 'RejectUpload', data: { ...of, reason: verdict.reason } }));
    throw refusalOf(verdict.reason);
  }
  const { kind: _, ...dimensions } = verdict;
  const { size, sha256 } = received!;
  const data = { ...of, size, sha256, ...dimensions, objectKey };
  // Null is what a repeated request was told when it was given up.
  const kept = await submit<StoreResult | null>(command({ type: 'StoreFile', data })).catch(async (error: unknown) => {
    // Of an unknown outcome the bytes may be those that are kept.
    if (error instanceof Refusal && !unknown.has(error.code)) await store.remove(objectKey);
    throw error;
  });
  const mine = kept?.objectKey === objectKey;
  if (!mine) await store.remove(objectKey);
  if (kept === null) throw refusalOf('ABORTED');
  return { ...received!, ...dimensions, mine };
};

const unknown: ReadonlySet<string> = new Set(['command_timeout', 'log_unavailable']);

/** Null when there is more than was announced. */
const receive = async (
  store: FileStore,
  given: { objectKey: string; upload: Announced; bytes: Readable; signal: AbortSignal | undefined },
): Promise<Received | null> => {
  const { objectKey, upload, bytes, signal } = given;
  if (bytes.errored) throw bytes.errored;
  const { through, leading } = tap();
  // For good: the source may break after the store has stopped listening.
  through.on('error', () => undefined);
  bytes.once('error', (error) => through.destroy(error));
  const options = { contentType: upload.type, maxBytes: upload.size, ...(signal ? { signal } : {}) };
  try {
    const { size, sha256 } = await store.put(objectKey, bytes.pipe(through), options);
    return { size, sha256, leading: leading() };
  } catch (error) {
    if (error instanceof TooLarge) return null;
    if (signal?.aborted) throw new Refusal('invalid_input', 'The client went away.', { cause: error });
    throw orOutage(bytes.errored ?? error);
  } finally {
    if (!bytes.readableEnded) bytes.unpipe(through).resume();
  }
};

/** Reads a direct upload back and keeps it. Throws `upload_incomplete`, and what `keep` throws. */
export const complete = async (parts: { store: FileStore; submit: Submit }, upload: UploadView): Promise<Kept> => {
  const { store } = parts;
  if (upload.multipartId !== null) await joinParts(store, { ...upload, multipartId: upload.multipartId });
  const key = uploadKey(upload.id);
  const size = (await store.stat(key))?.size ?? 0;
  if (size < upload.size) throw new Refusal('upload_incomplete', `${size} of ${upload.size} bytes are there.`);
  const from = await store.read(key).catch((error: unknown) => {
    if (error instanceof ObjectNotFound) throw new Refusal('upload_incomplete', 'Its bytes are gone.');
    throw error;
  });
  const kept = await keep(parts, upload, { bytes: from, retried: true });
  await store.remove(key);
  return kept;
};

/** Joined already, when somebody else was faster, or the process that did it was killed before it went on. */
const joinParts = async (store: FileStore, upload: UploadView & { readonly multipartId: string }): Promise<void> => {
  const at = { key: uploadKey(upload.id), uploadId: upload.multipartId };
  const parts = await store.partsOf(at);
  if (parts === null) return;
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const whole = parts.every(
    (part, index) => part.part === index + 1 && (part.size === partBytes || index === parts.length - 1),
  );
  if (!whole || size < upload.size) {
    throw new Refusal('upload_incomplete', `${size} of ${upload.size} bytes are there, in parts of ${partBytes} each.`);
  }
  try {
    await store.completeMultipart({ ...at, parts });
  } catch (error) {
    if (await store.stat(at.key)) return;
    if (!(error instanceof PartsRefused || error instanceof UploadNotFound)) throw error;
    throw new Refusal('upload_incomplete', 'Its parts are not those that were asked for.', { cause: error });
  }
};
