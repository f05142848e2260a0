import { runWorker } from '@palaver/process';
import { eventSchemas } from '@palaver/schemas';
import { messagesProjection } from './index.ts';

await runWorker(
  {
    projection: messagesProjection,
    schemas: [...eventSchemas.messages, ...eventSchemas.servers, ...eventSchemas.files, ...eventSchemas.auth],
    usualPort: 3015,
  },
  process.env,
);
