import { runWorker } from '@palaver/process';
import { eventSchemas } from '@palaver/schemas';
import { serversProjection } from './index.ts';

await runWorker(
  {
    projection: serversProjection,
    schemas: [...eventSchemas.servers, ...eventSchemas.auth, ...eventSchemas.files],
    usualPort: 3014,
  },
  process.env,
);
