import {
  type AccessTo,
  accessHandlers,
  accessReader,
  accessTables,
  type DirectEvent,
  type InServer,
  permissionsInServer,
  type ServersFact,
} from '@palaver/projection-shared';
import { defineProjection, type Page, pageOf, type Table } from '@palaver/projector';
import type { AuthEvent, FilePurpose, FilesEvent, MessagesEvent, Permission, ServersEvent } from '@palaver/schemas';
import type { Pool } from 'pg';
import { avatarHandlers, pictureTables, serverImageHandlers } from './pictures.ts';

/**
 * The view of files: what is kept and what is under way, which messages they hang on, and who may read these (`projections/shared`).
 * Rows, fold and queries stand side by side; only this file knows the columns.
 */

// Rows.

const tables: readonly Table[] = [
  {
    name: 'upload',
    columns: {
      id: 'uuid not null',
      owner_id: 'uuid not null',
      channel_id: 'uuid not null',
      purpose: 'text not null',
      name: 'text not null',
      type: 'text not null',
      size: 'bigint not null',
      sha256: 'text',
      multipart_id: 'text',
      expires_at: 'timestamptz not null',
    },
    primaryKey: ['id'],
    indexes: { upload_by_expiry: '(expires_at)', upload_by_owner: '(owner_id)' },
  },
  {
    name: 'file',
    columns: {
      id: 'uuid not null',
      owner_id: 'uuid not null',
      channel_id: 'uuid not null',
      purpose: 'text not null',
      name: 'text not null',
      type: 'text not null',
      size: 'bigint not null',
      sha256: 'text not null',
      width: 'integer',
      height: 'integer',
      object_key: 'text not null',
      created_at: 'timestamptz not null',
    },
    primaryKey: ['id'],
    indexes: { file_by_owner: '(owner_id, id)', file_by_age: '(created_at)', file_by_object: '(object_key)' },
  },
  {
    name: 'thumbnail',
    columns: {
      file_id: 'uuid not null',
      width: 'integer not null',
      height: 'integer not null',
      object_key: 'text not null',
    },
    primaryKey: ['file_id'],
    indexes: { thumbnail_by_object: '(object_key)' },
  },
  { name: 'quota', columns: { owner_id: 'uuid not null', used_bytes: 'bigint not null' }, primaryKey: ['owner_id'] },
  {
    // A file hangs on one message, for ever.
    name: 'attachment',
    columns: { file_id: 'uuid not null', message_id: 'uuid not null' },
    primaryKey: ['file_id'],
  },
  {
    // Its message was deleted.
    name: 'detached',
    columns: { file_id: 'uuid not null' },
    primaryKey: ['file_id'],
  },
  { name: 'deleted_owner', columns: { id: 'uuid not null', deleted_at: 'timestamptz not null' }, primaryKey: ['id'] },
  ...pictureTables,
  ...accessTables,
];

// Fold. Handlers of the four topics touch different tables, so that the order between topics does not matter.

type MessagesFact = Extract<MessagesEvent, { type: 'FileAttached' | 'MessageDeleted' }>;
type AuthFact = Extract<AuthEvent, { type: 'ProfileChanged' | 'AccountDeleted' }>;
type PictureChange = Extract<ServersEvent, { type: 'ServerChanged' }>;

export const filesProjection = defineProjection<
  FilesEvent | MessagesFact | AuthFact | ServersFact | PictureChange | DirectEvent
>({
  name: 'files',
  version: 2,
  topics: ['files.events', 'messages.events', 'servers.events', 'auth.events'],
  tables,
  handlers: {
    ...accessHandlers,
    ServerCreated: (data, meta) => [
      ...accessHandlers.ServerCreated(data, meta),
      ...serverImageHandlers.ServerCreated(data, meta),
    ],
    ServerChanged: serverImageHandlers.ServerChanged,
    ServerDeleted: (data, meta) => [
      ...accessHandlers.ServerDeleted(data, meta),
      ...serverImageHandlers.ServerDeleted(data, meta),
    ],
    ProfileChanged: avatarHandlers.ProfileChanged,
    FileUploadRequested: (data) => [
      {
        kind: 'put',
        table: 'upload',
        row: {
          id: data.fileId,
          owner_id: data.ownerId,
          channel_id: data.channelId,
          purpose: data.purpose,
          name: data.name,
          type: data.type,
          size: data.size,
          sha256: data.sha256,
          multipart_id: data.multipartId,
          expires_at: new Date(data.expiresAt),
        },
      },
    ],
    FileStored: (data, { timestampMs }) => [
      { kind: 'remove', table: 'upload', key: { id: data.fileId } },
      {
        kind: 'put',
        table: 'file',
        row: {
          id: data.fileId,
          owner_id: data.ownerId,
          channel_id: data.channelId,
          purpose: data.purpose,
          name: data.name,
          type: data.type,
          size: data.size,
          sha256: data.sha256,
          width: data.width,
          height: data.height,
          object_key: data.objectKey,
          created_at: new Date(timestampMs),
        },
      },
    ],
    FileRejected: ({ fileId }) => [{ kind: 'remove', table: 'upload', key: { id: fileId } }],
    FileDeleted: ({ fileId }) => [
      { kind: 'remove', table: 'upload', key: { id: fileId } },
      { kind: 'remove', table: 'file', key: { id: fileId } },
      { kind: 'remove', table: 'thumbnail', key: { file_id: fileId } },
    ],
    ThumbnailAdded: ({ fileId, width, height, objectKey }) => [
      { kind: 'put', table: 'thumbnail', row: { file_id: fileId, width, height, object_key: objectKey } },
    ],
    QuotaChanged: ({ ownerId, usedBytes }) => [
      { kind: 'put', table: 'quota', row: { owner_id: ownerId, used_bytes: usedBytes } },
    ],
    FileAttached: ({ fileId, messageId }) => [
      { kind: 'put', table: 'attachment', row: { file_id: fileId, message_id: messageId } },
    ],
    MessageDeleted: ({ attachments }) =>
      attachments.map((id) => ({ kind: 'put', table: 'detached', row: { file_id: id } }) as const),
    AccountDeleted: (data, meta) => [
      { kind: 'put', table: 'deleted_owner', row: { id: data.profileId, deleted_at: new Date(meta.timestampMs) } },
      ...avatarHandlers.AccountDeleted(data, meta),
    ],
  },
});

// Queries.

export type FileView = {
  readonly id: string;
  readonly ownerId: string;
  readonly purpose: FilePurpose;
  /** Where it is meant for: a channel, or what stands in the place of one for a picture. */
  readonly channelId: string;
  /** Null until it hangs on a message. */
  readonly messageId: string | null;
  readonly name: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** In hex. */
  readonly sha256: string;
  /** Of an image, pixels. */
  readonly width: number | null;
  readonly height: number | null;
  /** Of an image, once it was made; pixels. */
  readonly thumbnail: { readonly width: number; readonly height: number } | null;
  readonly createdAt: string;
};

/** A file, and where its bytes are, which is nobody's to know. */
export type StoredFile = FileView & { readonly objectKey: string; readonly thumbnailKey: string | null };

type FileRow = {
  id: string;
  owner_id: string;
  purpose: FilePurpose;
  channel_id: string;
  message_id: string | null;
  name: string;
  type: string;
  size: string;
  sha256: string;
  width: number | null;
  height: number | null;
  object_key: string;
  thumbnail: { readonly width: number; readonly height: number } | null;
  thumbnail_key: string | null;
  created_at: Date;
};

const fileView = (row: FileRow): StoredFile => ({
  id: row.id,
  ownerId: row.owner_id,
  purpose: row.purpose,
  channelId: row.channel_id,
  messageId: row.message_id,
  name: row.name,
  type: row.type,
  size: Number(row.size),
  sha256: row.sha256,
  width: row.width,
  height: row.height,
  objectKey: row.object_key,
  thumbnail: row.thumbnail,
  thumbnailKey: row.thumbnail_key,
  createdAt: row.created_at.toISOString(),
});

const columns = `f.id, f.owner_id, f.purpose, f.channel_id, a.message_id, f.name, f.type, f.size, f.sha256, f.width, f.height, f.object_key,
  f.created_at, t.object_key as thumbnail_key,
  case when t.file_id is not null then jsonb_build_object('width', t.width, 'height', t.height) end as thumbnail`;
/** What its message or its owner has left is gone at once, before the job deletes it. */
const live = `file f left join attachment a on a.file_id = f.id left join thumbnail t on t.file_id = f.id
  where not exists (select from detached d where d.file_id = f.id)
    and not exists (select from deleted_owner o where o.id = f.owner_id)`;

const fileById = async (pool: Pool, fileId: string): Promise<StoredFile | null> => {
  const { rows } = await pool.query<FileRow>({
    name: 'file-by-id',
    text: `select ${columns} from ${live} and f.id = $1`,
    values: [fileId],
  });
  return rows[0] ? fileView(rows[0]) : null;
};

export type FilesPage = { readonly ownerId: string; readonly limit: number; readonly after?: string | undefined };

/** By rising id. */
const filesOf = async (pool: Pool, { ownerId, limit, after }: FilesPage): Promise<Page<FileView>> => {
  const { rows } = await pool.query<FileRow>({
    name: 'files-of',
    text: `select ${columns} from ${live} and f.owner_id = $1 and ($2::uuid is null or f.id > $2) order by f.id limit $3`,
    values: [ownerId, after ?? null, limit + 1],
  });
  return pageOf(rows, limit, fileView);
};

/** An upload that is under way. */
export type UploadView = {
  readonly id: string;
  readonly ownerId: string;
  readonly purpose: FilePurpose;
  readonly channelId: string;
  readonly name: string;
  readonly type: string;
  /** The size that was announced, bytes. */
  readonly size: number;
  readonly sha256: string | null;
  /** The store's name for an upload in parts; null for one in a piece. */
  readonly multipartId: string | null;
  readonly expiresAt: string;
};

const uploadById = async (pool: Pool, fileId: string): Promise<UploadView | null> => {
  const { rows } = await pool.query<{
    id: string;
    owner_id: string;
    purpose: FilePurpose;
    channel_id: string;
    name: string;
    type: string;
    size: string;
    sha256: string | null;
    multipart_id: string | null;
    expires_at: Date;
  }>({
    name: 'upload-by-id',
    text: 'select id, owner_id, purpose, channel_id, name, type, size, sha256, multipart_id, expires_at from upload where id = $1',
    values: [fileId],
  });
  const [row] = rows;
  if (!row) return null;
  return {
    id: row.id,
    ownerId: row.owner_id,
    purpose: row.purpose,
    channelId: row.channel_id,
    name: row.name,
    type: row.type,
    size: Number(row.size),
    sha256: row.sha256,
    multipartId: row.multipart_id,
    expiresAt: row.expires_at.toISOString(),
  };
};

const usedBytesOf = async (pool: Pool, ownerId: string): Promise<number> => {
  const { rows } = await pool.query<{ used_bytes: string }>({
    name: 'used-bytes',
    text: 'select used_bytes from quota where owner_id = $1',
    values: [ownerId],
  });
  return Number(rows[0]?.used_bytes ?? 0);
};

/** What the files service asks its read model. */
export type FilesQueries = {
  readonly accessTo: AccessTo;
  /** Null to who is no member. */
  readonly permissionsIn: (asked: InServer) => Promise<ReadonlySet<Permission> | null>;
  readonly fileById: (fileId: string) => Promise<StoredFile | null>;
  readonly filesOf: (page: FilesPage) => Promise<Page<FileView>>;
  readonly uploadById: (fileId: string) => Promise<UploadView | null>;
  readonly usedBytesOf: (ownerId: string) => Promise<number>;
};

export const filesQueries = (pool: Pool): FilesQueries => ({
  accessTo: accessReader(pool),
  permissionsIn: (asked) => permissionsInServer(pool, asked),
  fileById: (fileId) => fileById(pool, fileId),
  filesOf: (page) => filesOf(pool, page),
  uploadById: (fileId) => uploadById(pool, fileId),
  usedBytesOf: (ownerId) => usedBytesOf(pool, ownerId),
});

/** What is to go: an upload that was given up, or a file that nobody needs. */
export type LeftFile = { readonly kind: 'upload' | 'file'; readonly fileId: string; readonly ownerId: string };

/**
 * Files of deleted messages; all that accounts deleted after `since` have; uploads that have expired; pictures that others have taken the place
 * of after `since`; files that hang on no message, and are no picture, `keptUnusedMs` after they came.
 */
export const leftFiles = async (
  pool: Pool,
  { since, limit, keptUnusedMs }: { since: Date; limit: number; keptUnusedMs: number },
): Promise<readonly LeftFile[]> => {
  const { rows } = await pool.query<{ kind: LeftFile['kind']; id: string; owner_id: string }>({
    name: 'left-files',
    text: `select 'file' as kind, f.id, f.owner_id from detached d join file f on f.id = d.file_id
           union
           select 'file', f.id, f.owner_id from deleted_owner o join file f on f.owner_id = o.id where o.deleted_at > $1
           union
           select 'upload', u.id, u.owner_id from deleted_owner o join upload u on u.owner_id = o.id where o.deleted_at > $1
           union
           select 'file', f.id, f.owner_id from picture p
           join picture_use u on u.place_id = p.place_id
           join file f on f.id = u.file_id
           where p.changed_at > $1 and not exists (select from picture shown where shown.file_id = f.id)
           union
           select 'upload', u.id, u.owner_id from upload u where u.expires_at < now()
           union
           select 'file', f.id, f.owner_id from file f
           where f.created_at < now() - make_interval(secs => $3 / 1000.0)
             and not exists (select from attachment a where a.file_id = f.id)
             and not exists (select from picture_use u where u.file_id = f.id)
           limit $2`,
    values: [since, limit, keptUnusedMs],
  });
  return rows.map(({ kind, id, owner_id }) => ({ kind, fileId: id, ownerId: owner_id }));
};

/** Of objects in the store, those that belong to no file and to no upload. `objectKeys` and `uploadIds` are looked up. */
export const strayAmong = async (
  pool: Pool,
  { objectKeys, uploadIds }: { objectKeys: readonly string[]; uploadIds: readonly string[] },
): Promise<{ readonly objectKeys: readonly string[]; readonly uploadIds: readonly string[] }> => {
  const { rows } = await pool.query<{ key: string | null; id: string | null }>(
    `select k.key, null::uuid as id from unnest($1::text[]) as k (key)
     where not exists (select from file f where f.object_key = k.key)
       and not exists (select from thumbnail t where t.object_key = k.key)
     union all
     select null, u.id from unnest($2::uuid[]) as u (id) where not exists (select from upload one where one.id = u.id)`,
    [objectKeys, uploadIds],
  );
  return {
    objectKeys: rows.flatMap(({ key }) => (key === null ? [] : [key])),
    uploadIds: rows.flatMap(({ id }) => (id === null ? [] : [id])),
  };
};
