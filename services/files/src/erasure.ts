import type { ProcessManager } from '@palaver/decider';
import type { ObjectStore } from '@palaver/object-store';
import { eraseLeftovers, type Leftovers } from '@palaver/process';
import type { LeftFile } from '@palaver/projection-files';
import type { FileDeleted, FilesCommand, FilesEvent } from '@palaver/schemas';
import { uploadKey } from './keys.ts';

/**
 * What nobody needs any more goes, first from the log and then from the object store:
 *
 *   MessageDeleted ───▶ detached ────────┐
 *   AccountDeleted ───▶ deleted_owner ───┼─▶ left to do ─▶ DeleteFile, RejectUpload ─▶ FileDeleted, FileRejected ─▶ bytes removed
 *   an upload expires, a file hangs on nothing ─┘
 *
 * The read model is the list of what is left to do, as for messages; the removal follows the event, by a process manager.
 */

type ErasureParts = Omit<Leftovers<LeftFile>, 'service' | 'erasing'>;

/** Gives up all that is left. Throws what giving commands throws. */
export const eraseLeftFiles = (parts: ErasureParts, asked: { since: Date; signal: AbortSignal }): Promise<void> =>
  eraseLeftovers({ ...parts, service: 'files', erasing }, asked);

const erasing = ({ kind, fileId, ownerId }: LeftFile) =>
  kind === 'file'
    ? { type: 'DeleteFile', data: { fileId, ownerId }, idParts: [fileId, 'DeleteFile'] }
    : { type: 'RejectUpload', data: { fileId, ownerId, reason: 'EXPIRED' }, idParts: [fileId, 'RejectUpload'] };

type Gone = Pick<FileDeleted, 'fileId'>;
const gone = ({ fileId }: Gone): Gone => ({ fileId });

/** The bytes of a file that is gone are to go too. */
export const removalProcess: ProcessManager<FilesEvent, FilesCommand, Gone> = {
  name: 'file-removal',
  tasks: { FileDeleted: gone, FileRejected: gone },
};

/** Removes the bytes of a file; safe to repeat. */
export const removeBytes = async (store: ObjectStore, { fileId }: Gone): Promise<void> => {
  const upload = uploadKey(fileId);
  for await (const { key, uploadId } of store.listMultipart(upload)) await store.abortMultipart({ key, uploadId });
  await store.remove(upload);
  for await (const { key } of store.list(`files/${fileId}/`)) await store.remove(key);
};
