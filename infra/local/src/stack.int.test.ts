import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import kafkajs from 'kafkajs';
import { Client } from 'minio';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTopics } from './kafka.ts';
import type { LocalPorts } from './ports.ts';
import { createDatabases } from './postgres.ts';
import { processArguments } from './process-record.ts';
import { createBucket } from './s3.ts';
import { type LocalOptions, type LocalStack, removeLocalData, startLocal } from './stack.ts';

const ports: LocalPorts = { kafka: 22091, kafkaController: 22092, registry: 22093, postgres: 22094, s3: 22095 };

// Each takes seconds; a busy machine multiplies them.
vi.setConfig({ testTimeout: 240_000 });

let dataDir: string;
const stacks: LocalStack[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'palaver-local-test-'));
});

afterEach(async () => {
  await Promise.all(stacks.splice(0).map((stack) => stack.stop()));
  await removeLocalData(dataDir);
});

async function start(options: Partial<LocalOptions> = {}): Promise<LocalStack> {
  const stack = await startLocal({ dataDir, ports, ...options });
  stacks.push(stack);
  return stack;
}

test('what was kept is there after a kill of each part, and after a stop and a new start', async () => {
  const first = await start();
  expect(Object.keys(first.processes).sort()).toEqual(['kafka', 'postgres', 'registry', 's3']);
  const id = await keepSomething(first);
  expect(await whatIsKept(first)).toEqual(kept(id));

  for (const part of ['kafka', 'registry', 'postgres', 's3'] as const) await first.kill(part);
  expect(first.processes).toEqual({});
  await Promise.all((['kafka', 'registry', 'postgres', 's3'] as const).map((part) => first.start(part)));
  expect(await whatIsKept(first)).toEqual(kept(id));

  const pids = Object.values(first.processes);
  await first.stop();
  expect(pids.map(processArguments)).toEqual([undefined, undefined, undefined, undefined]);

  const second = await start();
  expect(await keepSomething(second)).toBe(id);
  expect((await whatIsKept(second)).schema).toEqual(kept(id).schema);
});

test('a taken port is named with its owner and its variable, and nothing is left behind', async () => {
  const server = createServer().listen(ports.postgres, '127.0.0.1');
  await once(server, 'listening');
  await expect(start()).rejects.toThrow(
    'port 22094 is taken and Postgres needs it: stop what holds it, or set PALAVER_POSTGRES_PORT to another port',
  );
  server.close();
  await once(server, 'close');
  await start({ parts: ['postgres'] });
});

test('a second stack on the same data folder is refused', async () => {
  await start({ parts: ['postgres'] });
  await expect(start({ parts: ['postgres'] })).rejects.toThrow(`process ${process.pid} is running on ${dataDir}`);
  await expect(removeLocalData(dataDir)).rejects.toThrow(`process ${process.pid} is running on ${dataDir}`);
});

test('a part that ends by itself is reported; one that is killed or stopped is not', async () => {
  const ends: string[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const onExit: NonNullable<LocalOptions['onExit']> = (part, reason) => {
    ends.push(`${part} ${reason}`);
    resolve();
  };
  const stack = await start({ parts: ['postgres'], onExit });
  await stack.kill('postgres');
  await stack.start('postgres');
  process.kill(stack.processes.postgres!, 'SIGINT');
  await ended;
  await stack.stop();
  expect(ends).toEqual(['postgres exited with code 0']);
});

test('a part that cannot start says so in one line, and what else was starting is stopped', async () => {
  const kafkaOverrides = { 'authorizer.class.name': 'no.such.Authorizer' };
  const failing = start({ parts: ['postgres', 'kafka'], kafkaOverrides });
  await expect(failing).rejects.toThrow(/^kafka exited with code 1: .*no\.such\.Authorizer.*kafka\.log\)$/);
  expect(recordedPids()).toEqual([]);
});

test('an abandoned start stops what it has started', async () => {
  const abandon = new AbortController();
  const seen: number[] = [];
  const log = (line: string) => {
    if (!line.startsWith('postgres is ready')) return;
    seen.push(...recordedPids());
    abandon.abort(new Error('never mind'));
  };
  await expect(start({ signal: abandon.signal, log })).rejects.toThrow('never mind');
  expect(seen).not.toEqual([]);
  expect(seen.map(processArguments).filter(Boolean)).toEqual([]);
});

test('what a killed parent left behind is ended by the next start', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const parent = spawn(process.execPath, [main, '--data', dataDir, '--parts', 'postgres'], {
    env: { ...process.env, PALAVER_POSTGRES_PORT: String(ports.postgres) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
  const orphan = (JSON.parse(line) as LocalStack).processes.postgres!;
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  expect(processArguments(orphan)).toContain('bin/postgres -D');

  const stack = await start({ parts: ['postgres'] });
  expect(processArguments(orphan)).toBeUndefined();
  expect(stack.processes.postgres).not.toBe(orphan);
});

test('without a JDK the start says what to install', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'palaver-local-home-'));
  const home = process.env.JAVA_HOME;
  process.env.JAVA_HOME = empty;
  try {
    await expect(start({ parts: ['s3'] })).rejects.toThrow(/^no working ".*java": install a JDK 17 or newer/);
  } finally {
    if (home === undefined) delete process.env.JAVA_HOME;
    else process.env.JAVA_HOME = home;
    await rm(empty, { recursive: true });
  }
});

/** Of the parts that are running, as `<dataDir>/run` tells. */
function recordedPids(): number[] {
  const folder = join(dataDir, 'run');
  const files = readdirSync(folder).filter((file) => file.endsWith('.json') && file !== 'owner.json');
  return files.map((file) => (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { pid: number }).pid);
}

const topic = 'local.test.events';
const schema = JSON.stringify({ type: 'record', name: 'Kept', fields: [{ name: 'text', type: 'string' }] });

function kept(id: number) {
  return { record: 'a record', row: 'a row', object: 'an object', schema: { id, schema }, cleanup: 'compact' };
}

/** One thing in each part, by calls that may be repeated; returns the schema's id. */
async function keepSomething(stack: LocalStack): Promise<number> {
  for (const _ of ['once', 'again']) {
    await createTopics(stack.brokers, [{ name: topic, partitions: 2, config: { 'cleanup.policy': 'compact' } }]);
    await createDatabases(stack.postgresUrl('postgres'), ['local_test']);
    await createBucket(stack.s3, 'local-test');
  }
  await expect(createTopics(stack.brokers, [{ name: topic, partitions: 3 }])).rejects.toThrow(
    'has 2 partitions, not 3',
  );
  const producer = kafka(stack).producer();
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: [{ key: 'k', value: 'a record', partition: 1 }] });
  await producer.disconnect();
  await query(stack, `create table if not exists kept as select 'a row' as value`);
  await objects(stack).putObject('local-test', 'key', 'an object');
  const response = await fetch(`${stack.registryUrl}/subjects/kept/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schema }),
  });
  return ((await response.json()) as { id: number }).id;
}

async function whatIsKept(stack: LocalStack) {
  const { id, schema } = (await (await fetch(`${stack.registryUrl}/subjects/kept/versions/1`)).json()) as {
    id: number;
    schema: string;
  };
  const object = await (await objects(stack).getObject('local-test', 'key')).toArray();
  const [row] = await query(stack, 'select value from kept');
  return {
    record: await firstRecord(stack),
    row: row?.value,
    object: Buffer.concat(object as Buffer[]).toString(),
    schema: { id, schema },
    cleanup: await cleanupPolicy(stack),
  };
}

async function firstRecord(stack: LocalStack): Promise<string | undefined> {
  const consumer = kafka(stack).consumer({ groupId: `local-test-${crypto.randomUUID()}`, maxWaitTimeInMs: 100 });
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => resolve(message.value?.toString()) });
  const value = await promise;
  await consumer.disconnect();
  return value;
}

async function cleanupPolicy(stack: LocalStack): Promise<string | undefined> {
  const admin = kafka(stack).admin();
  await admin.connect();
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['cleanup.policy'] }],
  });
  await admin.disconnect();
  return resources[0]?.configEntries[0]?.configValue;
}

function kafka({ brokers }: LocalStack): kafkajs.Kafka {
  return new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING, retry: { initialRetryTime: 50 } });
}

async function query(stack: LocalStack, text: string): Promise<{ value: string }[]> {
  const client = new pg.Client(stack.postgresUrl('local_test'));
  await client.connect();
  const { rows } = await client.query<{ value: string }>(text);
  await client.end();
  return rows;
}

function objects({ s3 }: LocalStack): Client {
  const { hostname, port } = new URL(s3.endpoint);
  return new Client({ ...s3, endPoint: hostname, port: Number(port), useSSL: false, region: 'us-east-1' });
}
