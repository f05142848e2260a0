import { memoryBroker, type NewRecord } from '@palaver/event-log';
import { createApp, listen } from '@palaver/http';
import { type ParkedOptions, type Projection, projectionLag, startProjector } from '@palaver/projector';
import {
  EventWriter,
  jsonCodec,
  mended,
  roomsOn,
  type TestDatabase,
  testDatabase,
  until,
} from '@palaver/projector/testing';
import { createLogger, createMetrics } from '@palaver/runtime';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { adminEdge } from './admin.ts';
import { exposeParked, parkedCheck } from './parked.ts';

const TOPIC = 'rooms.events';
const token = 'a token of thirty-two characters'.replaceAll(' ', '-');
const projection = mended(roomsOn(TOPIC));
const logger = createLogger({ name: 'test', level: 'silent' });

let database: TestDatabase;
let broker: ReturnType<typeof memoryBroker>;
let writer: EventWriter;

beforeEach(async () => {
  database = await testDatabase();
  broker = memoryBroker({ partitions: 1 });
  writer = new EventWriter();
});
afterEach(() => database?.drop());

const options = (): ParkedOptions => ({ log: broker.log('admin'), projection, codec: jsonCodec, pool: database.pool });

/** A worker's app without the worker: the routes, health and metrics. */
const serve = async (given: { token?: string | undefined; parked?: () => ParkedOptions | null } = {}) => {
  const metrics = createMetrics('test');
  exposeParked(metrics, { pool: database.pool, projection });
  const { pool } = database;
  const ready = async () => [await parkedCheck(pool)];
  const edge = adminEdge('token' in given ? given.token : token, given.parked ?? options);
  const server = await listen(createApp({ ...edge, name: 'test', logger, metrics, ready }), {
    host: '127.0.0.1',
    port: 0,
  });
  onTestFinished(() => server.close());
  return async (route: string, { bearer = token as string | null, body = undefined as unknown } = {}) => {
    const [method, path] = route.split(' ') as [string, string];
    const response = await fetch(server.url + path, {
      method,
      headers: {
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, text, body: text.startsWith('{') ? JSON.parse(text) : null };
  };
};

/** Has a worker that cannot fold `poison` fold these, and end. */
const fold = async (...records: NewRecord[]): Promise<void> => {
  broker.write(TOPIC, 0, records);
  const crashes: Error[] = [];
  const of: Projection = roomsOn(TOPIC);
  const worker = startProjector({
    ...options(),
    projection: of,
    log: broker.log('worker'),
    groupId: 'g',
    onCrash: (e) => crashes.push(e),
  });
  await until('it has caught up', async () =>
    (await projectionLag(broker.log('admin'), database.pool, of)).every(({ lag }) => lag === 0),
  );
  await worker.close();
  expect(crashes).toEqual([]);
};

test('there is no admin API without a configured token, and none without that token', async () => {
  const closed = await serve({ token: undefined });
  expect(await closed('GET /admin/parked')).toMatchObject({ status: 404, body: { code: 'route_not_found' } });
  const open = await serve();
  expect(await open('GET /admin/parked', { bearer: null })).toMatchObject({
    status: 401,
    body: { code: 'unauthenticated' },
  });
  for (const bearer of [`${token}x`, token.slice(1), 'x'])
    expect(await open('GET /admin/parked', { bearer })).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
  expect(await open('POST /admin/parked/t/0/s/retry', { bearer: 'x' })).toMatchObject({ status: 401 });
});

test('shows what is parked, in the routes, the metrics and the readiness, and retries it', async () => {
  const ask = await serve();
  expect(await ask('GET /admin/parked')).toMatchObject({ status: 200, body: { events: 0, streams: 0, items: [] } });
  await fold(writer.opened('a'), writer.said('a', 1, 'poison'), writer.said('a', 2));
  const first = { offset: 1, type: 'Said', error: 'Error: cannot fold this' };
  const a = { topic: TOPIC, partition: 0, stream: 'a' };
  expect((await ask('GET /admin/parked')).body).toEqual({
    events: 2,
    streams: 1,
    items: [{ ...a, events: 2, ...first, since: expect.stringMatching(/Z$/) }],
  });
  expect((await ask(`GET /admin/parked/${TOPIC}/0/a?limit=1`)).body).toEqual({
    items: [
      {
        ...first,
        parkedAt: expect.stringMatching(/Z$/),
        record: {
          key: 'a/2/e1',
          at: '2023-11-14T22:13:20.000Z',
          headers: expect.objectContaining({ epoch: 'e1' }),
          data: { room: 'a', seq: 1, text: 'poison' },
          fault: null,
        },
      },
    ],
  });
  expect(await ask('GET /health/ready')).toMatchObject({
    status: 200,
    body: {
      checks: [{ name: 'parked', ok: false, optional: true, detail: '2 events in 1 streams: palaver parked list' }],
    },
  });
  const gauge = async () =>
    /^projection_parked_events\{topic="rooms.events".*\} (\d+)$/m.exec((await ask('GET /metrics')).text)?.[1];
  expect(await gauge()).toBe('2');

  expect((await ask(`POST /admin/parked/${TOPIC}/0/a/retry`)).body).toEqual({
    ...a,
    outcome: 'drained',
    folded: 2,
    dropped: 0,
    left: 0,
    reason: null,
  });
  expect(await gauge()).toBe('0');
  expect(await ask('GET /health/ready')).toMatchObject({ body: { checks: [{ ok: true, detail: 'none' }] } });
  for (const route of ['GET /admin/parked/rooms.events/0/a', 'POST /admin/parked/rooms.events/0/a/retry'])
    expect(await ask(route)).toMatchObject({ status: 404, body: { code: 'not_parked' } });
});

test('skips the event that is named, with who and why', async () => {
  const ask = await serve();
  await fold(writer.opened('a'), writer.said('a', 1, 'nul \u0000'), writer.said('a', 2));
  const route = `POST /admin/parked/${TOPIC}/0/a/skip`;
  const body = { offset: 1, reason: 'nobody misses it', by: 'ada' };
  expect(await ask(route, { body: { offset: 1, by: 'ada' } })).toMatchObject({
    status: 400,
    body: { code: 'invalid_input', errors: [{ pointer: '/reason' }] },
  });
  expect(await ask(route, { body: { ...body, offset: 2 } })).toMatchObject({
    status: 409,
    body: { code: 'not_first_parked', detail: 'the first parked event of a is at offset 1, not 2' },
  });
  expect((await ask(route, { body })).body).toMatchObject({ outcome: 'drained', folded: 1 });
  const { rows } = await database.pool.query('select "offset"::int, reason, skipped_by from projection_skips.skipped');
  expect(rows).toEqual([{ offset: 1, reason: 'nobody misses it', skipped_by: 'ada' }]);
});

test('says when it cannot be done now', async () => {
  const starting = await serve({ parked: () => null });
  expect(await starting('GET /admin/parked')).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
  const ask = await serve();
  await fold(writer.opened('a'), writer.said('a', 1, 'nul \u0000'));
  const skip = () =>
    ask(`POST /admin/parked/${TOPIC}/0/a/skip`, { body: { offset: 1, reason: 'nobody misses it', by: 'ada' } });
  // As a rebuild or a verification does while it runs.
  const rebuilding = await database.pool.connect();
  await rebuilding.query(`select pg_advisory_lock(hashtext('palaver rebuild'))`);
  expect(await skip()).toMatchObject({ status: 409, body: { code: 'rebuild_running' } });
  await rebuilding.query('select pg_advisory_unlock_all()');
  rebuilding.release();
  await database.pool.query('update projection set version = 2');
  expect(await skip()).toMatchObject({ status: 409, body: { code: 'model_mismatch' } });
});
