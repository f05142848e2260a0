import { randomUUID } from 'node:crypto';
import { type Appender, type EventLog, kafkaLog, type NewRecord } from '@palaver/event-log';
import { createTopics } from '@palaver/local';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectionLag } from './lag.ts';
import { listParked } from './parked.ts';
import { retryParked } from './retry.ts';
import { skipParked } from './skip.ts';
import { listSkipped } from './skips.ts';
import {
  EventWriter,
  jsonCodec,
  kafkaAddress,
  mended,
  roomsOn,
  type TestDatabase,
  testDatabase,
  until,
} from './testing.ts';
import { verify } from './verify.ts';
import { startProjector } from './worker.ts';

const PARTITIONS = 2;
const topic = `t${randomUUID().replaceAll(/[^a-f]/g, '')}.events`;
const projection = roomsOn(topic);
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
  const config = { 'cleanup.policy': 'compact' };
  await createTopics([kafkaAddress()], [{ name: topic, partitions: PARTITIONS, config }]);
  log = newLog('retry-test');
  appender = log.appender();
});
afterAll(async () => {
  await Promise.all(logs.map((each) => each.close()));
  await database?.drop();
});

/** Two workers by code that cannot fold `poison`, nor, as nobody can, `nul`. */
const startWorker = async (name: string) => {
  const { pool } = database;
  const onCrash = (error: Error) => void crashes.push(error);
  const projector = startProjector({ log: newLog(name), projection, codec: jsonCodec, pool, groupId: topic, onCrash });
  await projector.started;
  return projector;
};
const crashes: Error[] = [];

const ROOMS = 4;
const MOST_TIMES = 400;
const texts = ['fine', 'poison', 'fine', 'fine', 'nul \u0000', 'fine', 'fine'];

test('two workers go on while streams are retried and skipped again and again, by transactions that are cut: every event counts once', async () => {
  const workers = [await startWorker('worker-1'), await startWorker('worker-2')];
  await until('both hold a partition', () => workers.every((worker) => worker.health().held.length === 1));
  const writers = Array.from({ length: PARTITIONS }, () => new EventWriter());
  const inAllRooms = (of: (writer: EventWriter, room: string) => NewRecord) =>
    Promise.all(
      writers.map((writer, p) =>
        appender.append(
          topic,
          p,
          Array.from({ length: ROOMS }, (_, i) => of(writer, `r${p}-${i}`)),
        ),
      ),
    );
  const options = { log, projection: mended(projection), codec: jsonCodec, pool: database.pool };
  const caughtUp = () =>
    until('the model has caught up', async () => {
      // What asks may be cut as well.
      const lags = await projectionLag(log, database.pool, projection).catch(() => null);
      return lags?.every(({ lag }) => lag === 0) ?? false;
    });
  const failures: string[] = [];
  let writing = true;
  let saidTimes = 0;
  let folded = 0;
  let cuts = 0;

  const write = async (): Promise<void> => {
    await inAllRooms((writer, room) => writer.opened(room));
    for (; saidTimes < MOST_TIMES && (saidTimes < 24 || folded < 40 || cuts < 3); saidTimes++) {
      const turn = saidTimes;
      await inAllRooms((writer, room) => writer.said(room, turn, texts[(turn + room.charCodeAt(3)) % texts.length]));
      if (turn % 4 === 0) await caughtUp();
    }
  };
  const retry = async (): Promise<void> => {
    for (const one of await retryParked(options)) folded += one.folded;
  };
  const skip = async (): Promise<void> => {
    for (const { topic: of, partition, stream, offset, error } of await listParked(database.pool, { limit: 100 })) {
      if (!error.includes('NUL')) continue;
      folded += (await skipParked(options, { topic: of, partition, stream, offset }, { reason: 'test', by: 'test' }))
        .folded;
    }
  };
  const whileWriting = async (work: () => Promise<void>): Promise<void> => {
    while (writing) await work().catch((error: Error) => void failures.push(error.message));
  };
  /** Again when a retry has come through since, so that not all are cut. */
  const cut = async (): Promise<void> => {
    const before = folded;
    await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
    );
    cuts += 1;
    await until('a retry comes through', () => folded > before || !writing);
  };
  const written = write().finally(() => {
    writing = false;
  });
  await Promise.all([written, whileWriting(retry), whileWriting(skip), whileWriting(cut)]);

  await caughtUp();
  await until('nothing is parked any more', async () => {
    await retry();
    await skip();
    return (await listParked(database.pool, { limit: 1 })).length === 0;
  });
  expect({ folded, cuts, failures: failures.length }).toEqual({
    folded: expect.toSatisfy((n: number) => n >= 40),
    cuts: expect.toSatisfy((n: number) => n >= 3),
    failures: expect.toSatisfy((n: number) => n > 0),
  });
  const skipped = await listSkipped(database.pool, { limit: 1_000_000 });
  const { rows } = await database.pool.query('select sum(said)::int as said, count(*)::int as rooms from room');
  expect(rows).toEqual([{ rooms: PARTITIONS * ROOMS, said: PARTITIONS * ROOMS * saidTimes - skipped.length }]);
  const { tables, parked } = await verify(options);
  expect(tables.map(({ differences }) => differences)).toEqual([0, 0]);
  expect(parked).toEqual({ live: 0, fresh: 0 });
  await Promise.all(workers.map((worker) => worker.close()));
  expect(crashes).toEqual([]);
}, 60_000);
