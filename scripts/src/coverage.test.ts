import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FUZZED, neverCalled, operationIdsOf } from './coverage.ts';

const document = {
  paths: {
    '/servers': { get: { operationId: 'listServers' }, post: { operationId: 'createServer' } },
    '/servers/{serverId}': { get: { operationId: 'getServer' }, parameters: [] },
  },
};
const line = (route: string, status: number, requestId = 'an id'): string =>
  JSON.stringify({ route, status, requestId, msg: 'request' });

test('every operation of a document is named', () => {
  expect(operationIdsOf(document)).toEqual(['listServers', 'createServer', 'getServer']);
});

test('an operation counts as called once a log of any instance shows it done', async () => {
  const logDir = await mkdtemp(join(tmpdir(), 'palaver-coverage-'));
  const gateway = createServer((_, res) => res.end(JSON.stringify(document))).listen(0, '127.0.0.1');
  onTestFinished(async () => {
    gateway.close();
    await rm(logDir, { recursive: true });
  });
  const wrong = [line('getServer', 404), line('getServer', 200, FUZZED)];
  await writeFile(join(logDir, 'servers.log'), `Warning: no JSON\n${wrong.join('\n')}\n`);
  await writeFile(join(logDir, 'servers-2.log'), `${line('createServer', 201)}\n`);
  await writeFile(join(logDir, 'kafka.log'), `${line('listServers', 200)}\n`);
  const { port } = gateway.address() as AddressInfo;
  const asked = { gatewayUrl: `http://127.0.0.1:${port}`, logDir, names: ['servers'] };
  expect(await neverCalled(asked)).toEqual(['listServers', 'getServer']);
});
