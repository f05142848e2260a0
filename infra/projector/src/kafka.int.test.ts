import { randomUUID } from 'node:crypto';
import { type Appender, type EventLog, kafkaLog } from '@palaver/event-log';
import { createTopics } from '@palaver/local';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectionLag } from './lag.ts';
import { positionWaiter } from './positions.ts';
import type { Projection } from './projection.ts';
import { rebuild } from './rebuild.ts';
import { EventWriter, jsonCodec, kafkaAddress, roomsOn, type TestDatabase, testDatabase, until } from './testing.ts';
import { verify } from './verify.ts';
import { type Projector, startProjector } from './worker.ts';

const PARTITIONS = 4;
const service = `t${randomUUID().replaceAll(/[^a-f]/g, '')}`;
const topic = `${service}.events`;
const projection: Projection = roomsOn(topic);
const logs: EventLog[] = [];

let database: TestDatabase;
let log: EventLog;
let appender: Appender;

const newLog = (clientId: string): EventLog => {
  const opened = kafkaLog({ brokers: [kafkaAddress()], clientId });
  logs.push(opened);
  return opened;
};

beforeAll(async () => {
  database = await testDatabase();
  await createTopics(
    [kafkaAddress()],
    [{ name: topic, partitions: PARTITIONS, config: { 'cleanup.policy': 'compact' } }],
  );
  log = newLog('projector-test');
  appender = log.appender();
});
afterAll(async () => {
  await Promise.all(logs.map((each) => each.close()));
  await database?.drop();
});

const crashes: Error[] = [];
const startWorker = async (name: string): Promise<Projector> => {
  const { pool } = database;
  const onCrash = (error: Error) => void crashes.push(error);
  const projector = startProjector({ log: newLog(name), projection, codec: jsonCodec, pool, groupId: topic, onCrash });
  await projector.started;
  return projector;
};

test('two workers share the partitions, one leaves in mid-load, a rebuild swaps: every event counts once', async () => {
  const writers = Array.from({ length: PARTITIONS }, () => new EventWriter());
  await Promise.all(writers.map((writer, p) => appender.append(topic, p, [writer.opened(`r${p}`)])));
  const first = await startWorker('worker-1');
  const second = await startWorker('worker-2');
  await until('both hold partitions', () => first.health().held.length === 2 && second.health().held.length === 2);

  let seq = 0;
  const waiter = positionWaiter({ connectionString: database.url }, new Map([[topic, PARTITIONS]]));
  const round = async (): Promise<void> => {
    const base = seq;
    seq += 20;
    const said = (writer: EventWriter, p: number) =>
      Array.from({ length: 21 }, (_, i) => (i === 0 ? writer.marker() : writer.said(`r${p}`, base + i)));
    await Promise.all(writers.map((writer, p) => appender.append(topic, p, said(writer, p))));
  };
  for (let i = 0; i < 30; i++) await round();
  await first.close();
  for (let i = 0; i < 30; i++) await round();
  const [rebuilt] = await Promise.all([
    rebuild({ log, projection, codec: jsonCodec, pool: database.pool }).then(() => true),
    (async () => {
      for (let i = 0; i < 30; i++) await round();
    })(),
  ]);
  expect(rebuilt).toBe(true);

  const ends = (await log.offsets(topic)).map(({ partition, end }) => ({ service, partition, offset: end }));
  expect(await waiter.waitFor(ends, 20_000)).toBe(true);
  await waiter.close();
  expect((await projectionLag(log, database.pool, projection)).map(({ lag }) => lag)).toEqual([0, 0, 0, 0]);
  const { rows } = await database.pool.query('select id, said::int from room order by id');
  expect(rows).toEqual(writers.map((_, p) => ({ id: `r${p}`, said: seq })));
  const found = await verify({ log, projection, codec: jsonCodec, pool: database.pool });
  expect(found.tables).toEqual([
    { table: 'room', liveRows: PARTITIONS, freshRows: PARTITIONS, differences: 0 },
    { table: 'saying', liveRows: PARTITIONS * seq, freshRows: PARTITIONS * seq, differences: 0 },
  ]);
  await second.close();
  expect(crashes).toEqual([]);
});
