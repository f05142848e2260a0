/** A registry that lacks schemas, and has one that nobody released: processes end before they do anything, and the check says so. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerSchemas } from '@palaver/event-log';
import { type LocalStack, localPorts, removeLocalData, startLocal } from '@palaver/local';
import { allSchemas } from '@palaver/schemas';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { registerAll } from './contracts/register.ts';
import { type Addresses, type ProcessName, runnable } from './house/processes.ts';
import { secretFiles } from './house/secrets.ts';
import { palaver, required } from './testing.ts';

const lacking = 'servers.events-palaver.servers.MemberKicked';
const refused = 'servers.events-palaver.servers.MemberLeft';
const isOf =
  (subject: string) =>
  ({ topic, fullName }: { readonly topic: string; readonly fullName: string }) =>
    `${topic}-${fullName}` === subject;

let dataDir: string;
let registry: LocalStack;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'palaver-registry-'));
  const ports = { ...localPorts({}), registry: await freePort() };
  registry = await startLocal({ dataDir, ports, parts: ['registry'] });
  const schemas = allSchemas.filter((schema) => !isOf(lacking)(schema) && !isOf(refused)(schema));
  await registerAll(registry.registryUrl, { schemas });
  const ours = allSchemas.find(isOf(refused))!;
  const older = { ...ours.schema, fields: [{ name: 'serverNumber', type: 'long' }] };
  await registerSchemas({ registryUrl: registry.registryUrl, schemas: [{ ...ours, schema: older }] });
});
afterAll(async () => {
  await registry.stop();
  await removeLocalData(dataDir);
});

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** Runs a process beside the house's own, with that registry in the place of the house's, until it ends. */
const run = async (name: ProcessName): Promise<{ code: number; lines: readonly Record<string, unknown>[] }> => {
  const house = required('PALAVER_TEST_DATA');
  const addresses: Addresses = {
    brokers: required('PALAVER_TEST_KAFKA').split(','),
    registryUrl: registry.registryUrl,
    postgresUrl: (database) => `${required('PALAVER_TEST_POSTGRES')}/${database}`,
    s3: registry.s3,
    secrets: secretFiles(house),
    mailOutbox: join(dataDir, 'outbox'),
    ports: { [name]: await freePort(), gateway: 0 } as Addresses['ports'],
  };
  const { entry, nodeOptions, environment } = runnable(name, addresses);
  const child = spawn(process.execPath, [...nodeOptions, entry], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  return {
    code,
    lines: output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
};

test.each(['servers', 'servers-projection'] as const)('%s does not start', async (name) => {
  const { code, lines } = await run(name);
  expect(code).toBe(1);
  expect(lines).toHaveLength(1);
  const { msg, err } = lines[0] as { msg: string; err: { message: string } };
  expect(msg).toBe(`${name} cannot go on`);
  expect(err.message).toContain(`the registry at ${registry.registryUrl} lacks 2 of the schemas`);
  expect(err.message).toContain(`${lacking} (it was never registered)`);
  expect(err.message).toContain(`${refused} (it holds other versions, and would refuse this one: `);
});

test('the check tells what the registry holds and nobody released, and who would read it', async () => {
  const asked = ['schemas', 'check', '--registry', registry.registryUrl];
  const { code, output } = await palaver(asked, { dataDir });
  expect(code).toBe(1);
  expect(output).toContain(
    'history/servers.events/MemberLeft.jsonl: it does not hold what the registry has as version 1;',
  );
  expect(output).toContain('servers.events MemberLeft.serverId: field added without a default');
  expect(output).toContain('read by: projection servers, projection messages, projection files');
});
