import { type Command, derivedId, fingerprint } from '@palaver/decider';
import { giveCommand } from '@palaver/http';
import { openObjectStore } from '@palaver/object-store';
import { runJobs, startFollowing } from '@palaver/process';
import { objectStoreVariables } from '@palaver/runtime';
import { type AddThumbnail, commandSchemas, eventSchemas } from '@palaver/schemas';
import { filesDecider } from '../decider.ts';
import type { StoreResult } from '../file.ts';
import { thumbnailProcess } from './thumbnail-process.ts';
import { startThumbnails } from './thumbnails.ts';

const addThumbnail = (data: AddThumbnail): Command => ({
  type: 'AddThumbnail',
  data,
  id: derivedId('thumbnail', data.fileId, data.objectKey),
  actor: 'system',
  timeMs: Date.now(),
  fingerprint: fingerprint(data),
});

await runJobs(
  {
    name: 'files-jobs',
    decider: filesDecider,
    schemas: { commands: commandSchemas.files, events: eventSchemas.files },
    usualPort: 3012,
    variables: objectStoreVariables,
    start: async (parts) => {
      const { config, scope, commands } = parts;
      const store = openObjectStore({
        endpoint: config.s3Endpoint,
        accessKey: config.s3AccessKey,
        secretKey: config.s3SecretKey,
        bucket: config.s3Bucket,
      });
      await scope.waitFor('object store', () => store.ready());
      const thumbnails = await scope.waitFor('database', () =>
        startThumbnails({
          postgresUrl: config.postgresUrl,
          store,
          add: async (data) => (await giveCommand<StoreResult>(commands, addThumbnail(data))).result,
          onError: (error) => scope.logger.warn({ err: error }, 'the jobs of thumbnails'),
        }),
      );
      scope.onStop('thumbnails', () => thumbnails.close());
      return startFollowing(parts, {
        decider: filesDecider,
        manager: thumbnailProcess,
        act: (job) => thumbnails.request(job),
      });
    },
  },
  process.env,
);
