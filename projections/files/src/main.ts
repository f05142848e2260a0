import { runWorker } from '@palaver/process';
import { eventSchemas } from '@palaver/schemas';
import { filesProjection } from './index.ts';

await runWorker(
  {
    projection: filesProjection,
    schemas: [...eventSchemas.files, ...eventSchemas.messages, ...eventSchemas.servers, ...eventSchemas.auth],
    usualPort: 3016,
  },
  process.env,
);
