import { defineDecider } from '@palaver/decider';
import type { FilesCommand, FilesEvent } from '@palaver/schemas';
import { addThumbnail, deleteFile, file, quota, rejectUpload, requestUpload, storeFile } from './file.ts';

/** Each of these says all that is left of its stream. */
const endings: ReadonlySet<FilesEvent['type']> = new Set(['FileRejected', 'FileDeleted', 'QuotaChanged']);

/** What this service decides: the table of its commands. */
export const filesDecider = defineDecider<FilesCommand, FilesEvent>({
  name: 'files',
  version: 2,
  kinds: [file, quota],
  ends: ({ type }) => endings.has(type),
  rules: {
    RequestUpload: requestUpload,
    StoreFile: storeFile,
    RejectUpload: rejectUpload,
    DeleteFile: deleteFile,
    AddThumbnail: addThumbnail,
  },
});
