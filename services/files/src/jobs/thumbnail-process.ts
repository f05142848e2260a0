import type { ProcessManager } from '@palaver/decider';
import type { FileStored, FilesCommand, FilesEvent } from '@palaver/schemas';

/** What a small image is made of. */
export type Drawing = Pick<FileStored, 'fileId' | 'ownerId' | 'objectKey'>;

const drawable: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

/** Each image that is stored is to have a small one. */
export const thumbnailProcess: ProcessManager<FilesEvent, FilesCommand, Drawing> = {
  name: 'thumbnails',
  tasks: {
    FileStored: ({ fileId, ownerId, objectKey, type }) => (drawable.has(type) ? { fileId, ownerId, objectKey } : null),
  },
};
