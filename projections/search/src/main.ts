import { runWorker } from '@palaver/process';
import { eventSchemas } from '@palaver/schemas';
import { searchProjection } from './index.ts';

await runWorker({ projection: searchProjection, schemas: eventSchemas.messages, usualPort: 3018 }, process.env);
