// Generated from schemas/files by `pnpm generate`; not to be edited.

/** What a file is for: to hang on a message, or to be the picture of its owner or of a server. */
export type FilePurpose = 'ATTACHMENT' | 'AVATAR' | 'SERVER_IMAGE';

/** Why an upload came to nothing. */
export type RejectReason = 'TOO_LARGE' | 'EMPTY' | 'TYPE_MISMATCH' | 'CHECKSUM_MISMATCH' | 'OVER_QUOTA' | 'EXPIRED' | 'ABORTED';

/** Give an image the small one that was made of it. */
export type AddThumbnail = {
  /** The file. */
  readonly fileId: string;
  /** Profile that it belongs to. */
  readonly ownerId: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Where it lies in the object store, as WebP. */
  readonly objectKey: string;
};

/** Delete a file, for good. */
export type DeleteFile = {
  /** The file. */
  readonly fileId: string;
  /** Profile that it belongs to. */
  readonly ownerId: string;
};

/** Give an upload up. */
export type RejectUpload = {
  /** The file. */
  readonly fileId: string;
  /** Profile that it belongs to. */
  readonly ownerId: string;
  /** Why. */
  readonly reason: RejectReason;
};

/** Begin an upload. That who asks may send files to the channel, or pictures of the server, was resolved by the edge. */
export type RequestUpload = {
  /** The file. */
  readonly fileId: string;
  /** Profile that it belongs to. */
  readonly ownerId: string;
  /** Where it is meant for: a channel; of an avatar the owner's id stands here; of a server's picture the server's, or the owner's for a server that is yet to be made. */
  readonly channelId: string;
  /** What it is for. */
  readonly purpose: FilePurpose;
  /** As its owner calls it, 1-255 characters; no path. */
  readonly name: string;
  /** The type that its owner says it has. */
  readonly type: string;
  /** The most it may have, bytes; what it has, for a direct upload. */
  readonly size: number;
  /** The checksum that it must have, SHA-256 in hex; null when its owner names none. */
  readonly sha256: string | null;
  /** The object store's name for an upload in parts; null for one in a piece. */
  readonly multipartId: string | null;
  /** When the upload is given up; ms since the epoch. */
  readonly expiresAt: number;
  /** How much its owner may keep. */
  readonly quotaBytes: number;
};

/** Keep an upload whose bytes lie in the object store; the edge has read them. */
export type StoreFile = {
  /** The file. */
  readonly fileId: string;
  /** Profile that it belongs to. */
  readonly ownerId: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
  /** Of an image, pixels; null for anything else. */
  readonly width: number | null;
  /** Of an image, pixels; null for anything else. */
  readonly height: number | null;
  /** Where it lies in the object store. */
  readonly objectKey: string;
};

export type FilesCommand =
  | { readonly type: 'AddThumbnail'; readonly data: AddThumbnail }
  | { readonly type: 'DeleteFile'; readonly data: DeleteFile }
  | { readonly type: 'RejectUpload'; readonly data: RejectUpload }
  | { readonly type: 'RequestUpload'; readonly data: RequestUpload }
  | { readonly type: 'StoreFile'; readonly data: StoreFile };

export const filesCommandSchemas = [
  {
    topic: 'files.commands',
    fullName: 'palaver.files.AddThumbnail',
    schema: {"type":"record","name":"AddThumbnail","namespace":"palaver.files","doc":"Give an image the small one that was made of it.","fields":[{"name":"fileId","type":{"type":"string","logicalType":"uuid"},"doc":"The file."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that it belongs to."},{"name":"width","type":"int","doc":"Pixels."},{"name":"height","type":"int","doc":"Pixels."},{"name":"objectKey","type":"string","doc":"Where it lies in the object store, as WebP."}]},
  },
  {
    topic: 'files.commands',
    fullName: 'palaver.files.DeleteFile',
    schema: {"type":"record","name":"DeleteFile","namespace":"palaver.files","doc":"Delete a file, for good.","fields":[{"name":"fileId","type":{"type":"string","logicalType":"uuid"},"doc":"The file."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that it belongs to."}]},
  },
  {
    topic: 'files.commands',
    fullName: 'palaver.files.RejectUpload',
    schema: {"type":"record","name":"RejectUpload","namespace":"palaver.files","doc":"Give an upload up.","fields":[{"name":"fileId","type":{"type":"string","logicalType":"uuid"},"doc":"The file."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that it belongs to."},{"name":"reason","type":{"type":"enum","name":"RejectReason","namespace":"palaver.files","doc":"Why an upload came to nothing.","symbols":["TOO_LARGE","EMPTY","TYPE_MISMATCH","CHECKSUM_MISMATCH","OVER_QUOTA","EXPIRED","ABORTED"],"default":"ABORTED"},"doc":"Why."}]},
  },
  {
    topic: 'files.commands',
    fullName: 'palaver.files.RequestUpload',
    schema: {"type":"record","name":"RequestUpload","namespace":"palaver.files","doc":"Begin an upload. That who asks may send files to the channel, or pictures of the server, was resolved by the edge.","fields":[{"name":"fileId","type":{"type":"string","logicalType":"uuid"},"doc":"The file."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that it belongs to."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Where it is meant for: a channel; of an avatar the owner's id stands here; of a server's picture the server's, or the owner's for a server that is yet to be made."},{"name":"purpose","type":{"type":"enum","name":"FilePurpose","namespace":"palaver.files","doc":"What a file is for: to hang on a message, or to be the picture of its owner or of a server.","symbols":["ATTACHMENT","AVATAR","SERVER_IMAGE"],"default":"ATTACHMENT"},"doc":"What it is for.","default":"ATTACHMENT"},{"name":"name","type":"string","doc":"As its owner calls it, 1-255 characters; no path."},{"name":"type","type":"string","doc":"The type that its owner says it has."},{"name":"size","type":"long","doc":"The most it may have, bytes; what it has, for a direct upload."},{"name":"sha256","type":["null","string"],"doc":"The checksum that it must have, SHA-256 in hex; null when its owner names none.","default":null},{"name":"multipartId","type":["null","string"],"doc":"The object store's name for an upload in parts; null for one in a piece.","default":null},{"name":"expiresAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the upload is given up; ms since the epoch."},{"name":"quotaBytes","type":"long","doc":"How much its owner may keep."}]},
  },
  {
    topic: 'files.commands',
    fullName: 'palaver.files.StoreFile',
    schema: {"type":"record","name":"StoreFile","namespace":"palaver.files","doc":"Keep an upload whose bytes lie in the object store; the edge has read them.","fields":[{"name":"fileId","type":{"type":"string","logicalType":"uuid"},"doc":"The file."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that it belongs to."},{"name":"size","type":"long","doc":"Bytes."},{"name":"sha256","type":"string","doc":"SHA-256 in hex."},{"name":"width","type":["null","int"],"doc":"Of an image, pixels; null for anything else.","default":null},{"name":"height","type":["null","int"],"doc":"Of an image, pixels; null for anything else.","default":null},{"name":"objectKey","type":"string","doc":"Where it lies in the object store."}]},
  },
] as const;

/** A file was deleted; its bytes go. Says all that is left of it. */
export type FileDeleted = {
  /** The file. */
  readonly fileId: string;
  /** Profile that it belongs to. */
  readonly ownerId: string;
};

/** An upload came to nothing; its bytes go. Says all that is left of it. */
export type FileRejected = {
  /** The file. */
  readonly fileId: string;
  /** Profile that it belongs to. */
  readonly ownerId: string;
  /** Why. */
  readonly reason: RejectReason;
};

/** A file is kept. Says all there is to know of it. */
export type FileStored = {
  /** The file. */
  readonly fileId: string;
  /** Profile that it belongs to. */
  readonly ownerId: string;
  /** Where it is meant for: a channel; of an avatar the owner's id stands here; of a server's picture the server's, or the owner's for a server that is yet to be made. */
  readonly channelId: string;
  /** What it is for. */
  readonly purpose: FilePurpose;
  /** As its owner calls it, 1-255 characters; no path. */
  readonly name: string;
  /** Media type; its leading bytes agree. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
  /** Of an image, pixels; null for anything else. */
  readonly width: number | null;
  /** Of an image, pixels; null for anything else. */
  readonly height: number | null;
  /** Where it lies in the object store. */
  readonly objectKey: string;
};

/** An upload was begun, and its size is taken from its owner's quota. */
export type FileUploadRequested = {
  /** The file. */
  readonly fileId: string;
  /** Profile that it belongs to. */
  readonly ownerId: string;
  /** Where it is meant for: a channel; of an avatar the owner's id stands here; of a server's picture the server's, or the owner's for a server that is yet to be made. */
  readonly channelId: string;
  /** What it is for. */
  readonly purpose: FilePurpose;
  /** As its owner calls it, 1-255 characters; no path. */
  readonly name: string;
  /** The type that its owner says it has. */
  readonly type: string;
  /** The most it may have, bytes; what it has, for a direct upload. */
  readonly size: number;
  /** The checksum that it must have, SHA-256 in hex; null when its owner names none. */
  readonly sha256: string | null;
  /** The object store's name for an upload in parts; null for one in a piece. */
  readonly multipartId: string | null;
  /** When the upload is given up; ms since the epoch. */
  readonly expiresAt: number;
};

/** What a profile's files take together. Each says all there is, so earlier ones of its stream may go. */
export type QuotaChanged = {
  /** Profile that it belongs to. */
  readonly ownerId: string;
  /** Of all files that are kept, and of uploads that are under way. */
  readonly usedBytes: number;
};

/** An image has a small one. */
export type ThumbnailAdded = {
  /** The file. */
  readonly fileId: string;
  /** Profile that it belongs to. */
  readonly ownerId: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Where it lies in the object store, as WebP. */
  readonly objectKey: string;
};

export type FilesEvent =
  | { readonly type: 'FileDeleted'; readonly data: FileDeleted }
  | { readonly type: 'FileRejected'; readonly data: FileRejected }
  | { readonly type: 'FileStored'; readonly data: FileStored }
  | { readonly type: 'FileUploadRequested'; readonly data: FileUploadRequested }
  | { readonly type: 'QuotaChanged'; readonly data: QuotaChanged }
  | { readonly type: 'ThumbnailAdded'; readonly data: ThumbnailAdded };

export const filesEventSchemas = [
  {
    topic: 'files.events',
    fullName: 'palaver.files.FileDeleted',
    schema: {"type":"record","name":"FileDeleted","namespace":"palaver.files","doc":"A file was deleted; its bytes go. Says all that is left of it.","fields":[{"name":"fileId","type":{"type":"string","logicalType":"uuid"},"doc":"The file."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that it belongs to."}]},
  },
  {
    topic: 'files.events',
    fullName: 'palaver.files.FileRejected',
    schema: {"type":"record","name":"FileRejected","namespace":"palaver.files","doc":"An upload came to nothing; its bytes go. Says all that is left of it.","fields":[{"name":"fileId","type":{"type":"string","logicalType":"uuid"},"doc":"The file."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that it belongs to."},{"name":"reason","type":{"type":"enum","name":"RejectReason","namespace":"palaver.files","doc":"Why an upload came to nothing.","symbols":["TOO_LARGE","EMPTY","TYPE_MISMATCH","CHECKSUM_MISMATCH","OVER_QUOTA","EXPIRED","ABORTED"],"default":"ABORTED"},"doc":"Why."}]},
  },
  {
    topic: 'files.events',
    fullName: 'palaver.files.FileStored',
    schema: {"type":"record","name":"FileStored","namespace":"palaver.files","doc":"A file is kept. Says all there is to know of it.","fields":[{"name":"fileId","type":{"type":"string","logicalType":"uuid"},"doc":"The file."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that it belongs to."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Where it is meant for: a channel; of an avatar the owner's id stands here; of a server's picture the server's, or the owner's for a server that is yet to be made."},{"name":"purpose","type":{"type":"enum","name":"FilePurpose","namespace":"palaver.files","doc":"What a file is for: to hang on a message, or to be the picture of its owner or of a server.","symbols":["ATTACHMENT","AVATAR","SERVER_IMAGE"],"default":"ATTACHMENT"},"doc":"What it is for.","default":"ATTACHMENT"},{"name":"name","type":"string","doc":"As its owner calls it, 1-255 characters; no path."},{"name":"type","type":"string","doc":"Media type; its leading bytes agree."},{"name":"size","type":"long","doc":"Bytes."},{"name":"sha256","type":"string","doc":"SHA-256 in hex."},{"name":"width","type":["null","int"],"doc":"Of an image, pixels; null for anything else.","default":null},{"name":"height","type":["null","int"],"doc":"Of an image, pixels; null for anything else.","default":null},{"name":"objectKey","type":"string","doc":"Where it lies in the object store."}]},
  },
  {
    topic: 'files.events',
    fullName: 'palaver.files.FileUploadRequested',
    schema: {"type":"record","name":"FileUploadRequested","namespace":"palaver.files","doc":"An upload was begun, and its size is taken from its owner's quota.","fields":[{"name":"fileId","type":{"type":"string","logicalType":"uuid"},"doc":"The file."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that it belongs to."},{"name":"channelId","type":{"type":"string","logicalType":"uuid"},"doc":"Where it is meant for: a channel; of an avatar the owner's id stands here; of a server's picture the server's, or the owner's for a server that is yet to be made."},{"name":"purpose","type":{"type":"enum","name":"FilePurpose","namespace":"palaver.files","doc":"What a file is for: to hang on a message, or to be the picture of its owner or of a server.","symbols":["ATTACHMENT","AVATAR","SERVER_IMAGE"],"default":"ATTACHMENT"},"doc":"What it is for.","default":"ATTACHMENT"},{"name":"name","type":"string","doc":"As its owner calls it, 1-255 characters; no path."},{"name":"type","type":"string","doc":"The type that its owner says it has."},{"name":"size","type":"long","doc":"The most it may have, bytes; what it has, for a direct upload."},{"name":"sha256","type":["null","string"],"doc":"The checksum that it must have, SHA-256 in hex; null when its owner names none.","default":null},{"name":"multipartId","type":["null","string"],"doc":"The object store's name for an upload in parts; null for one in a piece.","default":null},{"name":"expiresAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the upload is given up; ms since the epoch."}]},
  },
  {
    topic: 'files.events',
    fullName: 'palaver.files.QuotaChanged',
    schema: {"type":"record","name":"QuotaChanged","namespace":"palaver.files","doc":"What a profile's files take together. Each says all there is, so earlier ones of its stream may go.","fields":[{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that it belongs to."},{"name":"usedBytes","type":"long","doc":"Of all files that are kept, and of uploads that are under way."}]},
  },
  {
    topic: 'files.events',
    fullName: 'palaver.files.ThumbnailAdded',
    schema: {"type":"record","name":"ThumbnailAdded","namespace":"palaver.files","doc":"An image has a small one.","fields":[{"name":"fileId","type":{"type":"string","logicalType":"uuid"},"doc":"The file."},{"name":"ownerId","type":{"type":"string","logicalType":"uuid"},"doc":"Profile that it belongs to."},{"name":"width","type":"int","doc":"Pixels."},{"name":"height","type":"int","doc":"Pixels."},{"name":"objectKey","type":"string","doc":"Where it lies in the object store, as WebP."}]},
  },
] as const;
