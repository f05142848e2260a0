import { memoryBroker } from '@palaver/event-log';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Projection } from './projection.ts';
import { lockModel, rebuild, unlockModel } from './rebuild.ts';
import { projectionStatus } from './status.ts';
import { EventWriter, jsonCodec, roomsOn, type TestDatabase, testDatabase, until } from './testing.ts';
import { withClient } from './transaction.ts';
import { startProjector } from './worker.ts';

const TOPIC = 'rooms.events';
const projection = roomsOn(TOPIC);

let database: TestDatabase;
let broker: ReturnType<typeof memoryBroker>;

beforeEach(async () => {
  database = await testDatabase();
  broker = memoryBroker({ partitions: 2 });
});
afterEach(() => database?.drop());

const parts = (of: Projection = projection) => ({
  log: broker.log('test'),
  projection: of,
  codec: jsonCodec,
  pool: database.pool,
});
const status = (of: Projection = projection) => projectionStatus(parts(of));

/** Runs a worker until it has folded everything. */
const foldAll = async (): Promise<void> => {
  const projector = startProjector({
    ...parts(),
    groupId: 'g',
    onCrash: (error) => {
      throw error;
    },
  });
  await projector.started;
  await until('the model has caught up', async () => (await status()).partitions.every(({ lag }) => lag === 0));
  await projector.close();
};

const agesAgo = (records: ReturnType<EventWriter['said']>[], ageMs: number) =>
  records.map((record) => ({ ...record, timestampMs: Date.now() - ageMs }));

test('a model is absent, then live, and then as far behind as its oldest event that is not folded', async () => {
  const writer = new EventWriter();
  broker.write(TOPIC, 0, agesAgo([writer.opened('a')], 3_600_000));
  expect(await status()).toMatchObject({ state: 'absent', version: { code: 1, model: null } });

  await foldAll();
  expect(await status()).toEqual({
    projection: 'rooms',
    state: 'live',
    version: { code: 1, model: 1 },
    partitions: [0, 1].map((partition) => {
      const end = partition === 0 ? 1 : 0;
      return { topic: TOPIC, partition, checkpoint: end, end, lag: 0, seconds: 0 };
    }),
    parked: { streams: 0, events: 0 },
    next: null,
  });

  broker.write(TOPIC, 0, agesAgo([writer.said('a', 1), writer.said('a', 2)], 600_000));
  broker.write(TOPIC, 0, agesAgo([writer.said('a', 3)], 10_000));
  broker.write(TOPIC, 1, agesAgo([new EventWriter().opened('b')], 100));
  const { partitions } = await status();
  expect(partitions).toMatchObject([
    { lag: 3, checkpoint: 1, end: 4 },
    { lag: 1, seconds: 0 },
  ]);
  expect(partitions[0]!.seconds).toBeGreaterThan(569);
  expect(partitions[0]!.seconds).toBeLessThanOrEqual(601);
});

test('parked events are counted, and the streams that they are of', async () => {
  const writer = new EventWriter();
  const poisoned = ['a', 'b'].flatMap((room) => [writer.opened(room), writer.said(room, 1, 'poison')]);
  broker.write(TOPIC, 0, [...poisoned, writer.said('a', 2)]);
  await foldAll();
  expect((await status()).parked).toEqual({ streams: 2, events: 3 });
});

test('code that is newer finds the model outdated, and older code finds that it does not fit', async () => {
  broker.write(TOPIC, 0, [new EventWriter().opened('a')]);
  await foldAll();
  expect(await status(roomsOn(TOPIC, { version: 2 }))).toMatchObject({ state: 'outdated', version: { model: 1 } });
  expect(await status(roomsOn(TOPIC, { version: 0 }))).toMatchObject({
    state: 'mismatch',
    reason: expect.stringContaining('has version 1, this code has 0'),
  });
});

const interruptedRebuild = async (): Promise<void> => {
  const stop = new AbortController();
  const options = { ...parts(), batchEvents: 500, signal: stop.signal };
  const onProgress = ({ phase }: { phase: string }) => phase === 'index' && stop.abort(new Error('enough'));
  await expect(rebuild({ ...options, onProgress })).rejects.toThrow('enough');
};

/** As a rebuild or a verification holds it. */
const whileLocked = <T>(work: () => Promise<T>): Promise<T> =>
  withClient(database.pool, async (client) => {
    await lockModel(client, { wait: false });
    return work().finally(() => unlockModel(client));
  });

test('a rebuild shows how far it is; one that was interrupted is none, and a verification neither', async () => {
  const writer = new EventWriter();
  broker.write(TOPIC, 0, [writer.opened('a'), ...Array.from({ length: 4_000 }, (_, i) => writer.said('a', i))]);
  await foldAll();
  expect(await whileLocked(() => status())).toMatchObject({ state: 'live', next: null });

  await interruptedRebuild();
  const next = { events: 4_001, total: 4_001 };
  expect(await status()).toMatchObject({ state: 'live', next });
  expect(await whileLocked(() => status())).toMatchObject({ state: 'rebuilding', next });
});
