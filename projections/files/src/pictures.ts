import type { Handlers, RecordMeta, RowChange, Table } from '@palaver/projector';
import type { AuthEvent, ServersEvent } from '@palaver/schemas';

/**
 * Which files are pictures of profiles and servers, and which were: the former are kept, the latter go. A place is a profile or a server; each
 * has rows of its own, so that the order between topics does not matter.
 */

// Rows.

export const pictureTables: readonly Table[] = [
  {
    name: 'picture',
    // `file_id`: null when it has none any more.
    columns: { place_id: 'uuid not null', file_id: 'uuid', changed_at: 'timestamptz not null' },
    primaryKey: ['place_id'],
    indexes: { picture_by_file: '(file_id)', picture_by_change: '(changed_at)' },
  },
  {
    // Once and for ever, as with attachments.
    name: 'picture_use',
    columns: { place_id: 'uuid not null', file_id: 'uuid not null' },
    primaryKey: ['place_id', 'file_id'],
    indexes: { picture_use_by_file: '(file_id)' },
  },
];

// Fold.

const ended = (placeId: string, { timestampMs }: RecordMeta): RowChange => ({
  kind: 'patch',
  table: 'picture',
  key: { place_id: placeId },
  set: { file_id: null, changed_at: new Date(timestampMs) },
});

const shown = (placeId: string, fileId: string | null, meta: RecordMeta): readonly RowChange[] => {
  if (fileId === null) return [ended(placeId, meta)];
  const row = { place_id: placeId, file_id: fileId };
  return [
    { kind: 'put', table: 'picture', row: { ...row, changed_at: new Date(meta.timestampMs) } },
    { kind: 'put', table: 'picture_use', row },
  ];
};

type AvatarFact = Extract<AuthEvent, { type: 'ProfileChanged' | 'AccountDeleted' }>;
type ServerImageFact = Extract<ServersEvent, { type: 'ServerCreated' | 'ServerChanged' | 'ServerDeleted' }>;

export const avatarHandlers: Handlers<AvatarFact> = {
  ProfileChanged: ({ profileId, avatarFileId }, meta) => shown(profileId, avatarFileId, meta),
  // Its files go with their owner.
  AccountDeleted: ({ profileId }) => [
    { kind: 'remove', table: 'picture', key: { place_id: profileId } },
    { kind: 'removeWhere', table: 'picture_use', where: { place_id: profileId } },
  ],
};

export const serverImageHandlers: Handlers<ServerImageFact> = {
  ServerCreated: ({ serverId, imageFileId }, meta) => (imageFileId === null ? [] : shown(serverId, imageFileId, meta)),
  ServerChanged: ({ serverId, imageFileId }, meta) => shown(serverId, imageFileId, meta),
  ServerDeleted: ({ serverId }, meta) => [ended(serverId, meta)],
};
