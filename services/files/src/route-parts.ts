import { uuid } from '@palaver/http';
import type { FileView, StoredFile } from '@palaver/projection-files';
import type { FilesCommand } from '@palaver/schemas';
import { z } from 'zod';

/** What several of this service's routes are made of. */

export const command = (given: FilesCommand): FilesCommand => given;

export const fileSchema = z
  .object({
    id: uuid(),
    ownerId: uuid(),
    purpose: z.enum(['ATTACHMENT', 'AVATAR', 'SERVER_IMAGE']),
    channelId: uuid().nullable().meta({ description: 'Of an attachment' }),
    serverId: uuid().nullable().meta({ description: 'Of the picture of a server' }),
    messageId: uuid().nullable().meta({ description: 'The message that it hangs on; null until it does' }),
    name: z.string().meta({ examples: ['cat.png'] }),
    type: z.string().meta({ description: 'Media type', examples: ['image/png'] }),
    size: z.int().meta({ description: 'Bytes' }),
    sha256: z.string().meta({ description: 'In hex', examples: ['a'.repeat(64)] }),
    width: z.int().nullable().meta({ description: 'Of an image, pixels' }),
    height: z.int().nullable().meta({ description: 'Of an image, pixels' }),
    thumbnail: z
      .object({ width: z.int(), height: z.int() })
      .nullable()
      .meta({ description: 'Of an image, once it was made' }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'File' });

/** As it is answered with: where the bytes are is nobody's to know, and what stands in the place of a channel is none. */
export const viewOf = ({ objectKey: _, thumbnailKey: __, ...file }: StoredFile) => shown(file);

export const shown = <File extends Placed>({ channelId, ...file }: File) => ({
  ...file,
  channelId: file.purpose === 'ATTACHMENT' ? channelId : null,
  serverId: file.purpose === 'SERVER_IMAGE' && channelId !== file.ownerId ? channelId : null,
});

type Placed = Pick<FileView, 'purpose' | 'ownerId' | 'channelId'>;
