import { Refusal, uuid } from '@palaver/http';
import type { FilesQueries } from '@palaver/projection-files';
import type { FilePurpose } from '@palaver/schemas';
import { z } from 'zod';

/** What a file is sent for: who may, where it is meant for, and what it may be. */

type Said = {
  readonly purpose: FilePurpose;
  readonly channelId?: string | undefined;
  readonly serverId?: string | undefined;
};

/** The fields of a request that say it, to be refined by `onePlace`. */
export const purposeFields = () => ({
  purpose: z.enum(['ATTACHMENT', 'AVATAR', 'SERVER_IMAGE']).default('ATTACHMENT'),
  channelId: uuid()
    .optional()
    .meta({
      description: 'Of an attachment: where it will be posted',
      examples: ['01900000-0000-7000-8000-000000000001'],
    }),
  serverId: uuid().optional().meta({ description: 'Of a server image: whose; without it, of a server yet to be made' }),
});

const exclusive = { code: 'exclusive' };
export const onePlace = {
  channel: {
    check: ({ purpose, channelId }: Said): boolean => (purpose === 'ATTACHMENT') === (channelId !== undefined),
    fault: { path: ['channelId'], error: 'must be given for an attachment, and for nothing else', params: exclusive },
  },
  server: {
    check: ({ purpose, serverId }: Said): boolean => purpose === 'SERVER_IMAGE' || serverId === undefined,
    fault: { path: ['serverId'], error: 'must be given for a server image alone', params: exclusive },
  },
};

/** What a file is for, and the id that stands for where: of a channel, or in the place of one (`FileStored.avsc`). */
export type Place = { readonly purpose: FilePurpose; readonly channelId: string };

type Asked = { readonly actor: string; readonly said: Said; readonly timeMs: number };

/** What `demandPlace` refuses with. */
export const placeProblems = [
  'channel_not_found',
  'server_not_found',
  'missing_permission',
  'timed_out',
  'blocked',
] as const;

/** Throws `channel_not_found`, `server_not_found`, `timed_out`, `blocked`, `missing_permission`. */
export const demandPlace = async (queries: FilesQueries, { actor, said, timeMs }: Asked): Promise<Place> => {
  const { purpose, serverId, channelId = serverId ?? actor } = said;
  if (purpose === 'ATTACHMENT') await demandAttach(queries, { channelId, actor, timeMs });
  if (serverId !== undefined) await demandManage(queries, { serverId, actor, timeMs });
  return { purpose, channelId };
};

type Of<Id> = Id & { readonly actor: string; readonly timeMs: number };

const missing = (permission: string): Refusal =>
  new Refusal('missing_permission', `It needs the permission ${permission}.`);

const demandAttach = async (
  { accessTo }: Pick<FilesQueries, 'accessTo'>,
  { channelId, actor, timeMs }: Of<{ readonly channelId: string }>,
): Promise<void> => {
  const access = await accessTo({ channelId, profileId: actor, atMs: timeMs });
  if (!access) throw new Refusal('channel_not_found', 'There is no such channel among yours.');
  if (access.timedOut) throw new Refusal('timed_out', 'You may only read until your time-out is over.');
  if (access.blocked) throw new Refusal('blocked', 'One of you has blocked the other.');
  if (!access.permissions.has('ATTACH_FILES')) throw missing('ATTACH_FILES');
};

const demandManage = async (
  { permissionsIn }: Pick<FilesQueries, 'permissionsIn'>,
  { serverId, actor, timeMs }: Of<{ readonly serverId: string }>,
): Promise<void> => {
  const permissions = await permissionsIn({ serverId, profileId: actor, atMs: timeMs });
  if (!permissions) throw new Refusal('server_not_found', 'There is no such server among yours.');
  if (!permissions.has('MANAGE_SERVER')) throw missing('MANAGE_SERVER');
};

/** What every browser shows, and what small images are made of. */
const pictureTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** Throws `not_a_picture`. */
export const demandType = (purpose: FilePurpose, type: string): void => {
  if (purpose === 'ATTACHMENT' || pictureTypes.has(type)) return;
  const detail = `A picture is of one of the types ${[...pictureTypes].join(', ')}.`;
  throw new Refusal('not_a_picture', detail, { errors: [{ pointer: '/type', detail, code: 'not_a_picture' }] });
};
