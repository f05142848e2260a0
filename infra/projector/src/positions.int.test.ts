import { memoryBroker } from '@palaver/event-log';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type PositionWaiter, positionWaiter, UnknownPartition } from './positions.ts';
import { EventWriter, jsonCodec, roomsOn, type TestDatabase, testDatabase, until } from './testing.ts';
import { type Projector, startProjector } from './worker.ts';

const projection = roomsOn('rooms.events');
const topics = new Map(projection.topics.map((topic) => [topic, 1]));
let database: TestDatabase;
let waiter: PositionWaiter;
let projector: Projector | null;

beforeEach(async () => {
  database = await testDatabase();
  waiter = positionWaiter({ connectionString: database.url, application_name: 'waiter' }, topics);
  projector = null;
});
afterEach(async () => {
  await projector?.close();
  await waiter?.close();
  await database?.drop();
});

const startOn = async (broker: ReturnType<typeof memoryBroker>): Promise<void> => {
  const { pool } = database;
  const onCrash = (error: Error): void => {
    throw error;
  };
  projector = startProjector({ log: broker.log('p'), projection, codec: jsonCodec, pool, groupId: 'g', onCrash });
  await projector.started;
};
const at = (offset: number, service = 'rooms') => ({ service, partition: 0, offset });

const cutListener = async (): Promise<void> => {
  const cut = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'waiter'
    and datname = current_database()`;
  expect((await database.pool.query(cut)).rowCount).toBe(1);
};

test('waits until the model has passed the position, and no longer', async () => {
  const broker = memoryBroker({ partitions: 1 });
  const writer = new EventWriter();
  await startOn(broker);
  const waiting = waiter.waitFor([at(3)], 10_000);
  broker.write('rooms.events', 0, [writer.opened('a'), writer.said('a', 1)]);
  expect(await waiter.waitFor([at(2)], 10_000)).toBe(true);
  expect(await waiter.waitFor([at(3)], 50)).toBe(false);
  const before = performance.now();
  broker.write('rooms.events', 0, [writer.said('a', 2)]);
  expect(await waiting).toBe(true);
  // Woken by the notification: the safety poll comes a second after the wait began at the earliest.
  expect(performance.now() - before).toBeLessThan(900);
  expect((await database.pool.query('select seq from saying')).rows).toHaveLength(2);
});

test('knows what was folded before it began to listen', async () => {
  const broker = memoryBroker({ partitions: 1 });
  broker.write('rooms.events', 0, [new EventWriter().opened('a')]);
  await startOn(broker);
  expect(await waiter.waitFor([at(1)], 10_000)).toBe(true);
  const second = positionWaiter({ connectionString: database.url }, topics);
  await until('connected', () => second.connected);
  expect(await second.waitFor([at(1)], 0)).toBe(true);
  await second.close();
});

test('passes over positions of services that the projection does not read', async () => {
  expect(await waiter.waitFor([at(99, 'auth')], 0)).toBe(true);
  expect(await waiter.waitFor([at(99, 'auth'), at(1)], 20)).toBe(false);
});

test('does not wait for a partition that the topic does not have', async () => {
  const nowhere = { service: 'rooms', partition: 1, offset: 0 };
  await expect(waiter.waitFor([at(1), nowhere], 10_000)).rejects.toThrow(UnknownPartition);
  expect(await waiter.waitFor([{ ...nowhere, service: 'auth' }], 0)).toBe(true);
});

test('takes nothing for passed while it does not hear of commits: Postgres may have crashed, and forgotten some', async () => {
  const broker = memoryBroker({ partitions: 1 });
  await startOn(broker);
  broker.write('rooms.events', 0, [new EventWriter().opened('a')]);
  expect(await waiter.waitFor([at(1)], 10_000)).toBe(true);
  await cutListener();
  await until('the connection is lost', () => !waiter.connected);
  expect(await waiter.waitFor([at(1)], 0)).toBe(false);
  expect(await waiter.waitFor([at(1)], 10_000)).toBe(true);
});

test('connects again after its connection was cut, and catches up on what it missed', async () => {
  const broker = memoryBroker({ partitions: 1 });
  const writer = new EventWriter();
  await startOn(broker);
  await until('connected', () => waiter.connected);
  await cutListener();
  broker.write('rooms.events', 0, [writer.opened('a')]);
  expect(await waiter.waitFor([at(1)], 10_000)).toBe(true);
});
