import { notTogether, Refusal, uuid, webAddress } from '@palaver/http';
import type { PictureFor, Pictures } from '@palaver/projection-shared';

/** The picture of a server, as it comes in and goes out: an address, or a file in its place. */

export const imageUrl = () => webAddress({ http: true }).meta({ examples: ['https://example.com/engine.png'] });
export const imageFileId = () =>
  uuid().meta({ description: 'A file of yours, sent as SERVER_IMAGE, in the place of an address' });

export const onePicture = {
  check: (body: { imageUrl?: string | null | undefined; imageFileId?: string | null | undefined }): boolean =>
    body.imageUrl === undefined || body.imageFileId === undefined,
  fault: { path: ['imageFileId'], error: 'must not be given with imageUrl', params: { code: 'exclusive' } },
  documented: notTogether('imageUrl', 'imageFileId'),
};

/** Throws `picture_not_found`. */
export const demandPicture = async (pictures: Pictures, asked: PictureFor): Promise<void> => {
  if (await pictures.isFor(asked)) return;
  const detail = 'There is no such file of yours that was sent as SERVER_IMAGE for this server.';
  const errors = [{ pointer: '/imageFileId', detail, code: 'picture_not_found' }];
  throw new Refusal('picture_not_found', detail, { errors });
};

type Pictured = { readonly imageUrl: string | null; readonly imageFileId: string | null };

/** A server as it is answered with: the address of its picture stands in one place, wherever that lies. */
export const withPicture = <Server extends Pictured>(server: Server, pictures: Pictures): Server => ({
  ...server,
  imageUrl: server.imageFileId === null ? server.imageUrl : pictures.addressOf(server.imageFileId),
});
