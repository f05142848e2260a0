/**
 * Writes `generated/paths.ts`, the types of the public API, from its OpenAPI document. `--check` writes nothing and fails when the
 * file is not what it would write.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTypescript, { astToString } from 'openapi-typescript';
import { document } from './document.ts';

const path = join(import.meta.dirname, 'generated', 'paths.ts');

// What has a default may be left out.
const types = await openapiTypescript(JSON.stringify(document), { defaultNonNullable: false });
const wanted = `// Generated from the routes of all services by \`pnpm generate\`; not to be edited.\n\n${astToString(types)}`;

if (!existsSync(path) || readFileSync(path, 'utf8') !== wanted) {
  if (process.argv.includes('--check')) {
    console.error('scripts/src/client/generated/paths.ts is not what the routes say: run `pnpm generate`');
    process.exitCode = 1;
  } else writeFileSync(path, wanted);
}
