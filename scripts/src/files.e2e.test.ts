import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Account, api, gatewayUrl, signUp } from '@palaver/http/testing';
import { openObjectStore } from '@palaver/object-store';
import { filesQueries, leftFiles, strayAmong } from '@palaver/projection-files';
import { sweepStore } from '@palaver/service-files';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killPart, killProcess, listProcesses, startPart, until, untilReady } from './house/control-client.ts';
import { runnable } from './house/processes.ts';
import { keepSecrets } from './house/secrets.ts';
import { settingsAt } from './house/settings.ts';
import { required } from './testing.ts';

/** Files when things go wrong, or are large: uploads whose service is killed, and the memory that a large one takes. */

const dataDir = required('PALAVER_TEST_DATA');
const s3 = {
  endpoint: required('PALAVER_TEST_S3'),
  accessKey: required('PALAVER_TEST_S3_ACCESS_KEY'),
  secretKey: required('PALAVER_TEST_S3_SECRET_KEY'),
};
const store = openObjectStore({ ...s3, bucket: 'palaver-files' });
const pool = new pg.Pool({
  connectionString: `${required('PALAVER_TEST_POSTGRES')}/palaver_files`,
  options: '-c search_path=model',
});

let owner: Account;
let channelId: string;

beforeAll(async () => {
  owner = await signUp('Owner');
  const created = await api('POST /servers', { token: owner.token, body: { name: 'Files' } });
  channelId = created.body.channels[0].id;
  await api(`GET /channels/${channelId}/messages`, { token: owner.token });
});
afterAll(() => pool.end());

const head = Buffer.from(
  '--x\r\nContent-Disposition: form-data; name="file"; filename="noise"\r\nContent-Type: application/octet-stream\r\n\r\n',
);
const tail = Buffer.from('\r\n--x--\r\n');

type Sending = { readonly url?: string; readonly size: number; readonly upTo?: number };

/** Sends noise; with `upTo` it stops there and leaves the connection open. Resolves with the status, or the error. */
const send = ({ url = `${gatewayUrl()}/api`, size, upTo = size }: Sending) => {
  const sending = request(`${url}/files?channelId=${channelId}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${owner.token}`,
      'content-type': 'multipart/form-data; boundary=x',
      'content-length': head.length + size + tail.length,
    },
  });
  const answer = new Promise<number | Error>((resolve) => {
    sending.on('response', (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sending.on('error', resolve);
  });
  const write = async (): Promise<void> => {
    const chunk = randomBytes(64 * 1024);
    const put = async (bytes: Buffer) => {
      if (!sending.write(bytes) && !sending.destroyed) await Promise.race([once(sending, 'drain'), answer]);
    };
    await put(head);
    for (let sent = 0; sent < upTo; sent += chunk.length)
      await put(chunk.subarray(0, Math.min(chunk.length, upTo - sent)));
    if (upTo < size) return;
    await put(tail);
    sending.end();
  };
  return { answer, written: write().catch(() => undefined), destroy: () => sending.destroy() };
};

const listed = async (): Promise<readonly { id: string; sha256: string }[]> =>
  (await api('GET /files', { token: owner.token })).body.items;

/** As if two hours had passed; what is under way by then has expired. */
const sweepAll = (): Promise<number> =>
  sweepStore({
    store,
    strayAmong: (found) => strayAmong(pool, found),
    minAgeMs: 0,
    nowMs: () => Date.now() + 7_200_000,
  });

const keys = async (): Promise<string[]> => {
  const all: string[] = [];
  for await (const { key } of store.list('')) all.push(key);
  for await (const { key } of store.listMultipart('')) all.push(`unfinished ${key}`);
  return all;
};

test('an upload whose service is killed at any point leaves nothing half, and the sweep leaves no bytes', async () => {
  const size = 12 * 1024 * 1024;
  // At the beginning, when parts are at the store, and when all but the end has come.
  for (const upTo of [0, 64 * 1024, 6 * 1024 * 1024, size - 1]) {
    const { answer, written, destroy } = send({ size, upTo });
    await written;
    await delay(200);
    await killProcess('files');
    expect(await answer).not.toBe(201);
    destroy();
    await untilReady('files');
  }
  // While it is decided: kept whole, or not at all.
  for (let round = 0; round < 4; round += 1) {
    const { answer, written } = send({ size: 200_000 });
    await written;
    await delay(round * 15);
    await killProcess('files');
    await answer;
    await untilReady('files');
  }
  // Between the bytes and the word that they are complete.
  const begun = await api('POST /files/uploads', {
    token: owner.token,
    body: { channelId, name: 'cat', type: 'text/plain', size: 5 },
  });
  const form = new FormData();
  for (const [name, value] of Object.entries(begun.body.post.fields as Record<string, string>))
    form.append(name, value);
  form.append('file', new Blob(['hello']));
  await fetch(begun.body.post.url, { method: 'POST', body: form });
  await killProcess('files');
  await untilReady('files');
  const done = await api(`POST /files/uploads/${begun.body.id}/complete`, { token: owner.token });
  expect(done).toMatchObject({ status: 200, body: { size: 5 } });

  const files = await listed();
  for (const { id, sha256 } of files) {
    const content = await fetch(`${gatewayUrl()}/api/files/${id}/content`, {
      headers: { authorization: `Bearer ${owner.token}` },
    });
    expect(content.status).toBe(200);
    expect(
      createHash('sha256')
        .update(Buffer.from(await content.arrayBuffer()))
        .digest('hex'),
    ).toBe(sha256);
  }
  await sweepAll();
  const queries = filesQueries(pool);
  const kept = await Promise.all(files.map(async ({ id }) => (await queries.fileById(id))!.objectKey));
  const mine = (await keys()).filter(
    (key) => files.some(({ id }) => key.includes(id)) || key.startsWith('unfinished files/'),
  );
  expect(mine.sort()).toEqual(kept.sort());
  expect(await sweepAll()).toBe(0);
}, 180_000);

// Another store is not the house's to kill.
const ownStore = process.env.PALAVER_TEST_S3_ENDPOINT === undefined;
test.runIf(ownStore)(
  'a store that goes away while uploads are completed costs neither them nor the process',
  async () => {
    const size = 12 * 1024 * 1024;
    const bytes = randomBytes(size);
    const begin = async (): Promise<string> => {
      const body = { channelId, name: 'noise', type: 'application/octet-stream', size };
      const { id, parts } = (await api('POST /files/uploads', { token: owner.token, body })).body;
      for (let part = 1; part <= parts.count; part += 1) {
        const { url } = (await api(`GET /files/uploads/${id}/parts/${part}`, { token: owner.token })).body;
        const piece = bytes.subarray((part - 1) * parts.partBytes, part * parts.partBytes);
        expect((await fetch(url, { method: 'PUT', body: piece })).status).toBe(200);
      }
      return id;
    };
    const ids = await Promise.all([1, 2, 3, 4].map(begin));
    const complete = (id: string) => api(`POST /files/uploads/${id}/complete`, { token: owner.token });
    const pidOf = async () => (await listProcesses()).find(({ name }) => name === 'files')?.pid;
    const pid = await pidOf();
    const first = Promise.all(ids.map(complete));
    await delay(250);
    await killPart('s3');
    for (const { status } of await first) expect([200, 409, 503]).toContain(status);
    await startPart('s3');
    for (const id of ids) {
      const done = await until(
        'the upload to be complete',
        () => complete(id),
        ({ status }) => status === 200,
      );
      expect(done.body.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
    expect(await pidOf()).toBe(pid);
  },
  120_000,
);

test('a picture that is shown outlives the day after which one that is not goes', async () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEklEQVQImWP4z8AAQVDqPwMDAEHSBfsYFwTiAAAAAElFTkSuQmCC',
    'base64',
  );
  const sendPicture = async (): Promise<string> => {
    const body = new FormData();
    body.append('file', new Blob([png], { type: 'image/png' }), 'me.png');
    const headers = { authorization: `Bearer ${owner.token}` };
    const answer = await fetch(`${gatewayUrl()}/api/files?purpose=AVATAR`, { method: 'POST', headers, body });
    return ((await answer.json()) as { id: string }).id;
  };
  const [shown, spare] = [await sendPicture(), await sendPicture()];
  const changed = await api('PATCH /profiles/me', { token: owner.token, body: { avatarFileId: shown } });
  // Seen by the files service, too.
  const seen = await api('GET /files', { token: owner.token, after: changed });
  expect(seen.body.items.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining([shown, spare]));
  const left = await leftFiles(pool, { since: new Date(0), limit: 10_000, keptUnusedMs: 0 });
  const going = left.map(({ fileId }) => fileId);
  expect(going).toContain(spare);
  expect(going).not.toContain(shown);
  await sweepAll();
  expect((await fetch(`${gatewayUrl()}/api/files/${shown}/picture`)).status).toBe(200);
}, 60_000);

test('200 MB through the service keep its process below 150 MB', async () => {
  const settings = settingsAt(22_000, dataDir);
  const addresses = {
    brokers: required('PALAVER_TEST_KAFKA').split(','),
    registryUrl: required('PALAVER_TEST_REGISTRY'),
    postgresUrl: (database: string) => `${required('PALAVER_TEST_POSTGRES')}/${database}`,
    s3,
    secrets: await keepSecrets(dataDir),
    mailOutbox: join(dataDir, 'outbox'),
    ports: settings.ports,
  };
  const { entry, environment, nodeOptions, port } = runnable('files', addresses, 3);
  const child = spawn(process.execPath, [...nodeOptions, entry], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment, PALAVER_FILE_MAX_BYTES: String(300 * 1024 * 1024) },
  });
  const log = createWriteStream(join(dataDir, 'logs', 'files-large.log'));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  try {
    const url = `http://127.0.0.1:${port}`;
    await expect
      .poll(async () => (await fetch(`${url}/health/ready`).catch(() => null))?.status, { timeout: 60_000 })
      .toBe(200);
    const { answer } = send({ url, size: 200 * 1024 * 1024 });
    expect(await answer).toBe(201);
    expect(peakMegabytes(child.pid!)).toBeLessThan(150);
  } finally {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }
}, 180_000);

/** The most memory that a process has had resident, of /proc. */
const peakMegabytes = (pid: number): number => {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return (Number(kilobytes) * 1_024) / 1_000_000;
};
