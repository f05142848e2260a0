import { Refusal, uuid } from '@palaver/http';
import type { FileView, StoredFile } from '@palaver/projection-files';
import type { AccessTo } from '@palaver/projection-shared';
import type { FilesCommand } from '@palaver/schemas';
import { z } from 'zod';

/** What several of this service's routes are made of. */

export const command = (given: FilesCommand): FilesCommand => given;

export const fileSchema = z.object({
  id: uuid(),
  ownerId: uuid(),
  channelId: uuid(),
  messageId: uuid().nullable().meta({ description: 'The message that it hangs on; null until it does' }),
  name: z.string(),
  type: z.string().meta({ description: 'Media type' }),
  size: z.int().meta({ description: 'Bytes' }),
  sha256: z.string().meta({ description: 'In hex' }),
  width: z.int().nullable().meta({ description: 'Of an image, pixels' }),
  height: z.int().nullable().meta({ description: 'Of an image, pixels' }),
  thumbnail: z
    .object({ width: z.int(), height: z.int() })
    .nullable()
    .meta({ description: 'Of an image, once it was made' }),
  createdAt: z.iso.datetime(),
});

type Asked = { readonly actor: string; readonly params: { readonly channelId: string }; readonly timeMs: number };

/** What `demandAttach` refuses with. */
export const attachProblems = ['channel_not_found', 'missing_permission', 'timed_out', 'blocked'] as const;

/** Throws `channel_not_found`, `timed_out`, `blocked`, `missing_permission`. */
export const demandAttach = async (accessTo: AccessTo, { actor, params, timeMs }: Asked): Promise<void> => {
  const access = await accessTo({ channelId: params.channelId, profileId: actor, atMs: timeMs });
  if (!access) throw new Refusal('channel_not_found', 'There is no such channel among yours.');
  if (access.timedOut) throw new Refusal('timed_out', 'You may only read until your time-out is over.');
  if (access.blocked) throw new Refusal('blocked', 'One of you has blocked the other.');
  if (!access.permissions.has('ATTACH_FILES')) {
    throw new Refusal('missing_permission', 'It needs the permission ATTACH_FILES.');
  }
};

/** Where the bytes are is nobody's to know. */
export const viewOf = ({ objectKey: _, thumbnailKey: __, ...file }: StoredFile): FileView => file;
