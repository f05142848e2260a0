import { Readable } from 'node:stream';
import { Refusal } from '@palaver/http';
import { type ObjectStore, StoreUnavailable } from '@palaver/object-store';
import type { AddThumbnail } from '@palaver/schemas';
import { PgBoss } from 'pg-boss';
import sharp from 'sharp';
import type { StoreResult } from '../file.ts';
import { fileKey } from '../keys.ts';
import type { Drawing } from './thumbnail-process.ts';

/**
 * Small images of large ones, made behind the upload: FileStored ──▶ a job in Postgres ──▶ AddThumbnail. An image that cannot be read has none;
 * who looks for what an image does to a library that reads it finds a job that failed, and no partition that stands still.
 */

/** Pixels of the longer side, at most. */
const side = 512;
/** An image of more pixels is not opened: it would take gigabytes, however few bytes it has. */
const mostPixels = 50_000_000;

const queue = 'thumbnail';

export type Thumbnails = {
  /** Has one made, once for each file however often it is asked. */
  readonly request: (job: Drawing) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Its jobs lie in the schema `jobs` of this database. */
export const startThumbnails = async (options: {
  readonly postgresUrl: string;
  readonly store: ObjectStore;
  readonly add: (thumbnail: AddThumbnail) => Promise<StoreResult>;
  readonly onError: (error: unknown) => void;
}): Promise<Thumbnails> => {
  const { postgresUrl, store, add, onError } = options;
  const boss = new PgBoss({ connectionString: postgresUrl, schema: 'jobs', max: 3 });
  boss.on('error', onError);
  await boss.start();
  await boss.createQueue(queue, {
    policy: 'exclusive',
    retryLimit: 3,
    retryDelay: 5,
    retryBackoff: true,
    expireInSeconds: 120,
    deleteAfterSeconds: 3_600,
  });
  const worker: string = await boss.work<Drawing>(queue, { pollingIntervalSeconds: 1 }, async ([job]) => {
    // Looks for the next one at once, not in a second.
    boss.notifyWorker(worker);
    try {
      if (job) await make({ store, add }, job.data);
    } catch (error) {
      onError(error);
      // What cannot be drawn now never can.
      if (error instanceof StoreUnavailable || error instanceof Refusal) throw error;
    }
  });
  return {
    request: async ({ fileId, ownerId, objectKey }) => {
      await boss.send(queue, { fileId, ownerId, objectKey }, { singletonKey: fileId });
      boss.notifyWorker(worker);
    },
    close: () => boss.stop({ timeout: 10_000 }),
  };
};

const make = async (
  { store, add }: { store: ObjectStore; add: (thumbnail: AddThumbnail) => Promise<StoreResult> },
  { fileId, ownerId, objectKey: from }: Drawing,
): Promise<void> => {
  // It was deleted meanwhile.
  if (!(await store.stat(from))) return;
  const drawing = sharp({ limitInputPixels: mostPixels, failOn: 'error' })
    .rotate()
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .webp();
  const source = await store.read(from);
  source.once('error', (error) => drawing.destroy(error));
  const objectKey = fileKey(fileId);
  const { data, info } = await source.pipe(drawing).toBuffer({ resolveWithObject: true });
  await store.put(objectKey, Readable.from([data]), { contentType: 'image/webp' });
  const { width, height } = info;
  const added = await add({ fileId, ownerId, width, height, objectKey }).catch(async (error: unknown) => {
    await store.remove(objectKey);
    throw error;
  });
  if (added.objectKey !== objectKey) await store.remove(objectKey);
};
