import type { Handlers, Table } from '@palaver/projector';
import type { FilePurpose, FilesEvent } from '@palaver/schemas';
import type { Pool } from 'pg';

/**
 * Pictures that are files: a part of every model whose service shows some. Each folds those of its purpose for itself, from `files.events`;
 * a picture that is gone is in no answer, whoever still names it.
 */

// Rows.

export type PictureRow = { file_id: string; owner_id: string; place_id: string };

export const pictureTable: Table = {
  name: 'picture',
  // `place_id`: where it is meant for, which stands in the place of a channel.
  columns: { file_id: 'uuid not null', owner_id: 'uuid not null', place_id: 'uuid not null' },
  primaryKey: ['file_id'],
};

// Fold.

export type PictureFact = Extract<FilesEvent, { type: 'FileStored' | 'FileDeleted' }>;

export const pictureHandlers = (purpose: FilePurpose): Handlers<PictureFact> => ({
  FileStored: (data) =>
    data.purpose === purpose
      ? [
          {
            kind: 'put',
            table: 'picture',
            row: { file_id: data.fileId, owner_id: data.ownerId, place_id: data.channelId },
          },
        ]
      : [],
  FileDeleted: ({ fileId }) => [{ kind: 'remove', table: 'picture', key: { file_id: fileId } }],
});

// Queries.

export type PictureFor = { readonly fileId: string; readonly ownerId: string; readonly placeId: string };

/** What a service asks of pictures. */
export type Pictures = {
  /** Whether there is such a picture of this owner's, meant for this place. */
  readonly isFor: (asked: PictureFor) => Promise<boolean>;
  /** Where everybody gets it: what an `<img>` takes. */
  readonly addressOf: (fileId: string) => string;
};

/** `publicUrl`: of the gateway, without a path. */
export const picturesOf = (pool: Pool, publicUrl: string): Pictures => ({
  isFor: async ({ fileId, ownerId, placeId }) => {
    const { rowCount } = await pool.query({
      name: 'picture-for',
      text: 'select from picture where file_id = $1 and owner_id = $2 and place_id = $3',
      values: [fileId, ownerId, placeId],
    });
    return rowCount === 1;
  },
  addressOf: (fileId) => `${publicUrl}/api/files/${fileId}/picture`,
});
