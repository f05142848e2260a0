import { runWorker } from '@palaver/process';
import { eventSchemas } from '@palaver/schemas';
import { authProjection } from './index.ts';

await runWorker(
  { projection: authProjection, schemas: [...eventSchemas.auth, ...eventSchemas.files], usualPort: 3013 },
  process.env,
);
