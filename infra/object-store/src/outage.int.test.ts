import { afterEach, expect, test } from 'vitest';
import { type ObjectStore, openObjectStore, StoreRefused, StoreUnavailable } from './index.ts';
import { httpServer, relay, silence, type TestServer } from './testing/servers.ts';
import { bodyOf, bytesOf, collect, testOptions } from './testing/store.ts';

const servers: TestServer[] = [];
const opened = (server: TestServer): string => {
  servers.push(server);
  return server.url;
};
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const calls: readonly [string, (store: ObjectStore) => Promise<unknown>][] = [
  ['ready', (store) => store.ready()],
  ['ensureBucket', (store) => store.ensureBucket()],
  ['put', (store) => store.put('a/b', bodyOf(Buffer.from('abc')), { contentType: 'text/plain' })],
  ['put of parts', (store) => store.put('a/b', bodyOf(Buffer.alloc(6_000_000)), { contentType: 'text/plain' })],
  ['stat', (store) => store.stat('a/b')],
  ['read', (store) => store.read('a/b')],
  ['remove', (store) => store.remove('a/b')],
  ['list', (store) => collect(store.list('a/'))],
  ['beginMultipart', (store) => store.beginMultipart({ key: 'a/b', contentType: 'text/plain' })],
  ['partsOf', (store) => store.partsOf({ key: 'a/b', uploadId: 'x' })],
  [
    'completeMultipart',
    (store) => store.completeMultipart({ key: 'a/b', uploadId: 'x', parts: [{ part: 1, etag: 'y' }] }),
  ],
  ['abortMultipart', (store) => store.abortMultipart({ key: 'a/b', uploadId: 'x' })],
  ['listMultipart', (store) => collect(store.listMultipart('a/'))],
];

test.each(calls)('%s: nothing listens', { timeout: 3_000 }, async (_, call) => {
  const server = await silence();
  await server.close();
  await expect(call(openObjectStore(testOptions({ endpoint: server.url })))).rejects.toThrow(StoreUnavailable);
});

test.each(calls)('%s: nothing answers', { timeout: 3_000 }, async (_, call) => {
  const endpoint = opened(await silence());
  const store = openObjectStore(testOptions({ endpoint, timeOuts: { idleMs: 300 } }));
  await expect(call(store)).rejects.toMatchObject({ name: 'StoreUnavailable', timedOut: true });
});

test.each(calls)('%s: 503', { timeout: 3_000 }, async (_, call) => {
  const endpoint = opened(await httpServer((_request, response) => void response.writeHead(503).end('<Error/>')));
  await expect(call(openObjectStore(testOptions({ endpoint })))).rejects.toThrow(StoreUnavailable);
});

test.each(calls.filter(([name]) => name !== 'ensureBucket'))('%s: wrong keys', async (_, call) => {
  await expect(call(openObjectStore(testOptions({ secretKey: 'not-the-secret' })))).rejects.toThrow(StoreRefused);
});

test('no way to it', { timeout: 8_000 }, async () => {
  // TEST-NET-1: nobody is there.
  const store = openObjectStore(testOptions({ endpoint: 'http://192.0.2.1:9000', timeOuts: { connectMs: 1_000 } }));
  await expect(store.ready()).rejects.toThrow(StoreUnavailable);
});

test('a name that nobody has', { timeout: 8_000 }, async () => {
  await expect(openObjectStore(testOptions({ endpoint: 'http://store.invalid' })).ready()).rejects.toThrow(
    StoreUnavailable,
  );
});

test('a request is sent again once, and then it works', async () => {
  let requests = 0;
  const endpoint = opened(
    await httpServer((request, response) => {
      requests += 1;
      if (requests === 1) request.socket.destroy();
      else if (requests === 3) response.writeHead(503).end();
      else response.writeHead(200, { 'content-length': '7', 'last-modified': new Date().toUTCString() }).end();
    }),
  );
  const store = openObjectStore(testOptions({ endpoint }));
  expect(await store.stat('a/b')).toMatchObject({ size: 7, contentType: 'application/octet-stream' });
  expect(await store.stat('a/b')).toMatchObject({ size: 7 });
  expect(requests).toBe(4);
});

test('an answer that breaks off', async () => {
  const endpoint = opened(
    await httpServer((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('abc');
      setTimeout(() => request.socket.destroy(), 100);
    }),
  );
  const stream = await openObjectStore(testOptions({ endpoint })).read('a/b');
  await expect(bytesOf(stream)).rejects.toThrow(StoreUnavailable);
});

test('an answer that falls silent', { timeout: 3_000 }, async () => {
  const endpoint = opened(
    await httpServer((_request, response) => void response.writeHead(200, { 'content-length': '100' }).write('abc')),
  );
  const stream = await openObjectStore(testOptions({ endpoint, timeOuts: { idleMs: 300 } })).read('a/b');
  await expect(bytesOf(stream)).rejects.toMatchObject({ name: 'StoreUnavailable', timedOut: true });
});

test('a put that stalls on its way', { timeout: 5_000 }, async () => {
  const direct = openObjectStore(testOptions());
  await direct.ensureBucket();
  const endpoint = opened(await relay(testOptions().endpoint, 1_000_000));
  const store = openObjectStore(testOptions({ endpoint, timeOuts: { idleMs: 300 } }));
  const put = store.put('outage/stalled', bodyOf(Buffer.alloc(7_000_000)), { contentType: 'text/plain' });
  await expect(put).rejects.toMatchObject({ name: 'StoreUnavailable', timedOut: true });
  expect(await direct.stat('outage/stalled')).toBeNull();
  expect(await collect(direct.listMultipart('outage/'))).toEqual([]);
});

test('an address with a path is none', () => {
  expect(() => openObjectStore(testOptions({ endpoint: 'http://127.0.0.1:9000/s3' }))).toThrow(TypeError);
});
