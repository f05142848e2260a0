import { openObjectStore } from '@palaver/object-store';
import { serveService, startErasure, startFollowing, startJob } from '@palaver/process';
import { filesProjection, filesQueries, leftFiles, strayAmong } from '@palaver/projection-files';
import { objectStoreVariables, parsers, variable } from '@palaver/runtime';
import { commandSchemas, consumerGroups, eventSchemas, sessionEnds } from '@palaver/schemas';
import { filesDecider } from './decider.ts';
import { eraseLeftFiles, removalProcess, removeBytes } from './erasure.ts';
import { filesProblems, filesRoutes } from './routes.ts';
import { guardedStore } from './store-guard.ts';
import { sweepStore } from './store-sweep.ts';

const hourMs = 3_600_000;
/** An upload lasts no longer; nor does a request (`requestTimeoutMs`). */
const uploadMs = hourMs;
/** What its owner never posts or shows is kept for so long. */
const keptUnusedMs = 24 * hourMs;
const sweepEveryMs = hourMs;

const variables = {
  ...objectStoreVariables,
  fileBytes: variable({
    name: 'PALAVER_FILE_MAX_BYTES',
    parse: parsers.count,
    default: 25 * 1024 * 1024,
    doc: 'the most bytes that a file may have',
  }),
  pictureBytes: variable({
    name: 'PALAVER_PICTURE_MAX_BYTES',
    parse: parsers.count,
    default: 8 * 1024 * 1024,
    doc: 'the most bytes that the picture of a profile or a server may have',
  }),
  quotaBytes: variable({
    name: 'PALAVER_FILE_QUOTA_BYTES',
    parse: parsers.count,
    default: 1024 ** 3,
    doc: 'the most bytes that the files of a profile may take',
  }),
};

await serveService(
  {
    decider: filesDecider,
    groupId: consumerGroups.files,
    schemas: { commands: commandSchemas.files, events: eventSchemas.files },
    projection: filesProjection,
    sessionEnds: { ...sessionEnds, schemas: eventSchemas.auth },
    problems: filesProblems,
    usualPort: 3002,
    variables,
    requestTimeoutMs: 300_000,
    routes: async (parts) => {
      const { config, scope, pool, commands, positions } = parts;
      const store = openObjectStore({
        endpoint: config.s3Endpoint,
        accessKey: config.s3AccessKey,
        secretKey: config.s3SecretKey,
        bucket: config.s3Bucket,
        publicEndpoint: config.s3PublicEndpoint,
      });
      await scope.waitFor('object store', () => store.ready());
      await startFollowing(parts, {
        decider: filesDecider,
        manager: removalProcess,
        act: (gone) => removeBytes(store, gone),
      });
      const left = (asked: { since: Date; limit: number }) => leftFiles(pool, { ...asked, keptUnusedMs });
      startErasure(scope, (asked) => eraseLeftFiles({ left, commands, positions }, asked));
      startJob(scope, {
        name: 'store sweep',
        restMs: sweepEveryMs,
        turn: async () => {
          const removed = await sweepStore({
            store,
            strayAmong: (found) => strayAmong(pool, found),
            minAgeMs: 2 * uploadMs,
          });
          if (removed > 0) scope.logger.info({ removed }, 'bytes that belonged to nothing were removed from the store');
        },
      });
      const { fileBytes, pictureBytes, quotaBytes } = config;
      const limits = { fileBytes, pictureBytes, quotaBytes, uploadMs };
      return filesRoutes({ queries: filesQueries(pool), store: guardedStore(store), limits });
    },
  },
  process.env,
);
