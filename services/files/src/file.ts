import { accept, commandRule, event, type NewEvent, refuse, streamKind } from '@palaver/decider';
import type {
  AddThumbnail,
  DeleteFile,
  FileDeleted,
  FileRejected,
  FilesEvent,
  FileStored,
  FileUploadRequested,
  QuotaChanged,
  RejectUpload,
  RequestUpload,
  StoreFile,
  ThumbnailAdded,
} from '@palaver/schemas';

/**
 * The files of a profile. Its root is the owner's id, so that what all of them take together is decided by one owner of the partition.
 *
 *   RequestUpload ──▶ requested ──StoreFile──▶ stored ──DeleteFile──▶ deleted
 *                         └──────RejectUpload──▶ rejected
 */

// State.

type Asked = Pick<FileUploadRequested, 'channelId' | 'purpose' | 'name' | 'type' | 'size'>;
type FileState =
  | { readonly is: 'requested'; readonly asked: Asked }
  | { readonly is: 'stored'; readonly size: number; readonly objectKey: string; readonly thumbnailKey?: string }
  | { readonly is: 'rejected' | 'deleted' }
  | null;
/** Bytes of all files that are kept, and of uploads under way: a running total, since the files' own events are erased with them. */
type QuotaState = number;

// Evolve.

export const file = streamKind<
  FileState,
  | { type: 'FileUploadRequested'; data: FileUploadRequested }
  | { type: 'FileStored'; data: FileStored }
  | { type: 'ThumbnailAdded'; data: ThumbnailAdded }
  | { type: 'FileRejected'; data: FileRejected }
  | { type: 'FileDeleted'; data: FileDeleted }
>({
  kind: 'file',
  initial: null,
  evolve: {
    FileUploadRequested: (_, { channelId, purpose, name, type, size }) => ({
      is: 'requested',
      asked: { channelId, purpose, name, type, size },
    }),
    FileStored: (_, { size, objectKey }) => ({ is: 'stored', size, objectKey }),
    ThumbnailAdded: (state, { objectKey }) => (state?.is === 'stored' ? { ...state, thumbnailKey: objectKey } : state),
    FileRejected: () => ({ is: 'rejected' }),
    FileDeleted: () => ({ is: 'deleted' }),
  },
});

export const quota = streamKind<QuotaState, { type: 'QuotaChanged'; data: QuotaChanged }>({
  kind: 'quota',
  initial: 0,
  evolve: { QuotaChanged: (_, { usedBytes }) => usedBytes },
});

// Decisions.

type Of = { readonly ownerId: string; readonly fileId: string };

const root = ({ ownerId }: Of): string => ownerId;
const reads = ({ ownerId, fileId }: Of) => ({ file: file.of(ownerId, fileId), quota: quota.of(ownerId) });

const notFound = refuse('file_not_found', 'There is no such file.');

const used = (ownerId: string, usedBytes: number): NewEvent<FilesEvent> =>
  event(quota.of(ownerId), { type: 'QuotaChanged', data: { ownerId, usedBytes } });

export const requestUpload = commandRule<RequestUpload, FilesEvent>()({
  root,
  reads,
  decide: (states, { quotaBytes, ...asked }) => {
    if (states.file) return refuse('file_exists', 'A file with this id exists already.');
    const usedBytes = states.quota + asked.size;
    if (usedBytes > quotaBytes) {
      return refuse(
        'quota_exceeded',
        `Your files take ${states.quota} of ${quotaBytes} bytes; this one has ${asked.size}.`,
      );
    }
    const requested = { type: 'FileUploadRequested', data: asked } as const;
    return accept<FilesEvent>(
      [event(file.of(asked.ownerId, asked.fileId), requested), used(asked.ownerId, usedBytes)],
      null,
    );
  },
});

/** Which bytes are kept: those of who was first. */
export type StoreResult = { readonly objectKey: string };

export const storeFile = commandRule<StoreFile, FilesEvent>()({
  root,
  reads,
  decide: (states, data) => {
    if (!states.file) return notFound;
    if (states.file.is === 'stored') {
      return accept<FilesEvent>([], { objectKey: states.file.objectKey } satisfies StoreResult);
    }
    if (states.file.is !== 'requested') return refuse('upload_over', 'The upload was given up.');
    const { size, ...asked } = states.file.asked;
    const stored = { type: 'FileStored', data: { ...data, ...asked } } as const;
    const usedBytes = states.quota - size + data.size;
    return accept<FilesEvent>([event(file.of(data.ownerId, data.fileId), stored), used(data.ownerId, usedBytes)], {
      objectKey: data.objectKey,
    } satisfies StoreResult);
  },
});

/** Changes nothing when it has one, whose bytes stay. */
export const addThumbnail = commandRule<AddThumbnail, FilesEvent>()({
  root,
  reads,
  decide: (states, data) => {
    if (states.file?.is !== 'stored') return notFound;
    const { thumbnailKey } = states.file;
    if (thumbnailKey !== undefined) return accept<FilesEvent>([], { objectKey: thumbnailKey } satisfies StoreResult);
    const added = { type: 'ThumbnailAdded', data } as const;
    return accept<FilesEvent>([event(file.of(data.ownerId, data.fileId), added)], {
      objectKey: data.objectKey,
    } satisfies StoreResult);
  },
});

/** Changes nothing when it was given up before. */
export const rejectUpload = commandRule<RejectUpload, FilesEvent>()({
  root,
  reads,
  decide: (states, data) => {
    if (!states.file) return notFound;
    if (states.file.is === 'rejected') return accept<FilesEvent>([], null);
    if (states.file.is !== 'requested') return refuse('upload_over', 'The upload was completed.');
    const rejected = { type: 'FileRejected', data } as const;
    const usedBytes = states.quota - states.file.asked.size;
    return accept<FilesEvent>(
      [event(file.of(data.ownerId, data.fileId), rejected), used(data.ownerId, usedBytes)],
      null,
    );
  },
});

/** What it takes of the quota; null when it is gone. */
const sizeOf = (state: NonNullable<FileState>): number | null => {
  switch (state.is) {
    case 'requested':
      return state.asked.size;
    case 'stored':
      return state.size;
    default:
      return null;
  }
};

/** Changes nothing when it was deleted before. */
export const deleteFile = commandRule<DeleteFile, FilesEvent>()({
  root,
  reads,
  decide: (states, data) => {
    if (!states.file) return notFound;
    const size = sizeOf(states.file);
    if (size === null) return accept<FilesEvent>([], null);
    const deleted = { type: 'FileDeleted', data } as const;
    return accept<FilesEvent>(
      [event(file.of(data.ownerId, data.fileId), deleted), used(data.ownerId, states.quota - size)],
      null,
    );
  },
});
