/**
 * Every operation of the API, with made-up requests, good ones and bad ones: none is answered with a 500, none otherwise than the OpenAPI
 * document says. Schemathesis makes them up; `fuzz/schemathesis.toml` says how, and what is not to be expected.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenApiDocument } from '@palaver/http';
import { gatewayUrl } from '@palaver/http/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { FUZZED, operationIdsOf } from './coverage.ts';
import { openPlace, signInsOf, signUp, withExamples } from './fuzz/places.ts';
import { type Run, toItsEnd } from './testing.ts';
import { fuzzDir, installSchemathesis } from './tools/schemathesis.ts';

/** What these take away is not missed: they have a place of their own. */
const destructive: ReadonlySet<string> = new Set([
  ...['deleteServer', 'leaveServer', 'deleteChannel', 'deleteMessage', 'deleteFile', 'abortUpload'],
  ...['revokeInvite', 'kickMember', 'banMember'],
]);

let schemathesis: string;
/** Where it runs: its configuration, and beside it what that names. */
let folder: string;
let operations: number;
beforeAll(async () => {
  schemathesis = await installSchemathesis();
  folder = mkdtempSync(join(tmpdir(), 'palaver-fuzz-'));
  for (const file of ['schemathesis.toml', 'formats.py']) cpSync(join(fuzzDir, file), join(folder, file));
  const [ada, charles, mary] = await Promise.all([signUp('ada'), signUp('charles'), signUp('mary')]);
  writeFileSync(join(folder, 'accounts.json'), JSON.stringify(signInsOf([ada, charles])));

  const document = (await (await fetch(`${gatewayUrl()}/api/openapi.json`)).json()) as OpenApiDocument;
  operations = operationIdsOf(document).length;
  const [kept, spare] = [await openPlace(ada, mary), await openPlace(ada, mary)];
  const asked = withExamples(document, (operationId) => (destructive.has(operationId) ? spare : kept));
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(asked));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]): Promise<Run> => {
  const child = spawn(schemathesis, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill());
  return toItsEnd(child);
};

test('no request breaks a service or the document', async () => {
  const from = ['--url', `${gatewayUrl()}/api`, '--header', `X-Request-Id: ${FUZZED}`];
  const { code, output } = await run('run', 'openapi.json', ...from, '--no-color');
  expect(code, output).toBe(0);
  expect(output).toContain(`Tested: ${operations}`);
}, 600_000);
