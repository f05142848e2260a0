import { type EventLog, memoryBroker } from '@palaver/event-log';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { projectionLag } from './lag.ts';
import { hammer, markedOn } from './marked.fixture.ts';
import { modelPool } from './model.ts';
import type { Projection } from './projection.ts';
import { type RebuildOptions, RebuildRunning, rebuild } from './rebuild.ts';
import { EventWriter, jsonCodec, roomsOn, type TestDatabase, testDatabase, until } from './testing.ts';
import { withClient } from './transaction.ts';
import { modelAt, verify } from './verify.ts';
import { type Projector, startProjector } from './worker.ts';

const TOPIC = 'rooms.events';
const projection = roomsOn(TOPIC);
const PARTITIONS = 3;

let database: TestDatabase;
let broker: ReturnType<typeof memoryBroker>;
let log: EventLog;
let batchSize = 100;
let running: Projector[] = [];
let crashes: Error[] = [];

beforeEach(async () => {
  database = await testDatabase();
  batchSize = 100;
  broker = memoryBroker({ partitions: PARTITIONS, batchSize: () => batchSize });
  log = broker.log('test');
  running = [];
  crashes = [];
});
afterEach(async () => {
  await Promise.all(running.map((projector) => projector.close()));
  await database?.drop();
  expect(crashes).toEqual([]);
});

const startWorker = async (of: Projection = projection): Promise<void> => {
  const { pool } = database;
  const onCrash = (error: Error) => void crashes.push(error);
  running.push(startProjector({ log: broker.log('p'), projection: of, codec: jsonCodec, pool, groupId: 'g', onCrash }));
  await running.at(-1)!.started;
};
const caughtUp = () =>
  until('the model has caught up', async () =>
    (await projectionLag(log, database.pool, projection)).every(({ lag }) => lag === 0),
  );
const query = async (sql: string) => (await database.pool.query(sql)).rows;
const run = (options: Partial<RebuildOptions> = {}) =>
  rebuild({ log, projection, codec: jsonCodec, pool: database.pool, ...options });
const check = () => verify({ log, projection, codec: jsonCodec, pool: database.pool });
const clean = { tables: projection.tables.map(({ name }) => expect.objectContaining({ table: name, differences: 0 })) };

/** Rooms that are opened, talked in, edited, closed, opened again: later batches replace and remove what earlier ones put. */
const writeHistory = (rounds: number): void => {
  for (let p = 0; p < PARTITIONS; p++) {
    const writer = new EventWriter();
    for (let round = 0; round < rounds; round++) {
      const records = [writer.opened(`r${p}`), writer.opened(`r${p}-${round}`)];
      for (let seq = 1; seq <= 40; seq++) {
        records.push(writer.said(`r${p}-${round}`, seq), writer.marker());
        if (seq % 10 === 0) records.push(writer.edited(`r${p}-${round}`, seq - 5, 'edited'));
      }
      records.push(writer.said(`r${p}-${round - 1}`, 1000));
      const bad = ['fine', 'refused', 'poison', 'nul \u0000'][round % 4]!;
      records.push(writer.said(`r${p}-${round}`, 99, bad));
      if (round % 3 === 2) records.push(writer.closed(`r${p}-${round - 2}`));
      broker.write(TOPIC, p, records);
    }
  }
};

const marked = (generation: number): Projection => markedOn(TOPIC, generation);

describe('a rebuild', () => {
  test.each([
    ['one batch', 100_000],
    ['batches of 50', 50],
  ])('by %s gives what the worker gave', async (_name, batchEvents) => {
    writeHistory(8);
    await startWorker();
    await caughtUp();
    const before = await query('select * from saying order by room, seq');
    const parked = await query('select topic, partition, "offset", stream, type, error from parked order by 1, 2, 3');
    expect(parked.length).toBeGreaterThan(PARTITIONS * 2);
    await run({ batchEvents });
    expect(await query('select * from saying order by room, seq')).toEqual(before);
    expect(await query('select topic, partition, "offset", stream, type, error from parked order by 1, 2, 3')).toEqual(
      parked,
    );
    expect(
      await query(`select indexname from pg_indexes where schemaname = 'model' and tablename = 'saying' order by 1`),
    ).toEqual([{ indexname: 'saying_by_time' }, { indexname: 'saying_pkey' }]);
    expect(await query(`select nspname from pg_namespace where nspname like 'model%'`)).toEqual([{ nspname: 'model' }]);
    expect(await check()).toMatchObject(clean);
  });

  test('keeps the later of two rows that batches without a key put', async () => {
    batchSize = 5;
    const writer = new EventWriter();
    const opened = (name: string) => writer.record('r', { type: 'RoomOpened', data: { room: 'r', name } });
    for (let i = 0; i < 30; i++) broker.write(TOPIC, 0, [opened(`name ${i}`)]);
    await run({ batchEvents: 7 });
    expect(await query('select name from room')).toEqual([{ name: 'name 29' }]);
    expect(await check()).toMatchObject(clean);
  });

  test('is resumed where it was interrupted', async () => {
    writeHistory(8);
    const stop = new AbortController();
    let passed = 0;
    const interrupted = run({
      batchEvents: 100,
      signal: stop.signal,
      log: {
        ...log,
        read: (topic, ranges, onBatch) =>
          log.read(topic, ranges, async (batch) => {
            await onBatch(batch);
            passed += batch.records.length;
            if (passed > 900) stop.abort(new Error('interrupted'));
          }),
      },
    });
    await expect(interrupted).rejects.toThrow('interrupted');
    const kept = Number((await query('select sum(next_offset) as kept from model_next.checkpoint'))[0].kept);
    expect(kept).toBeGreaterThan(500);
    let read = 0;
    await run({
      log: {
        ...log,
        read: (topic, ranges, onBatch) =>
          log.read(topic, ranges, (batch) => {
            read += batch.records.length;
            return onBatch(batch);
          }),
      },
    });
    const total = [0, 1, 2].reduce((sum, p) => sum + broker.end(TOPIC, p), 0);
    expect(read).toBe(total - kept);
    expect(await check()).toMatchObject(clean);
  });

  test('does not go on with a half-built model of another version', async () => {
    writeHistory(6);
    const stop = new AbortController();
    await expect(
      run({
        signal: stop.signal,
        batchEvents: 100,
        onProgress: ({ phase }) => phase === 'index' && stop.abort(new Error('stop')),
      }),
    ).rejects.toThrow('stop');
    await run({ projection: roomsOn(TOPIC, { version: 2 }) });
    expect(await query('select version from projection')).toEqual([{ version: 2 }]);
  });

  test('excludes a second rebuild and a verification', async () => {
    writeHistory(3);
    let second: Promise<unknown> | null = null;
    let verification: Promise<unknown> | null = null;
    await run({
      onProgress: () => {
        second ??= run().catch((error: unknown) => error);
        verification ??= check().catch((error: unknown) => error);
      },
    });
    expect(await second).toBeInstanceOf(RebuildRunning);
    expect(await verification).toBeInstanceOf(RebuildRunning);
  });

  test('under live traffic: the worker goes on, and a hammering reader sees the old model or the new one, and no error', async () => {
    const writers = Array.from({ length: PARTITIONS }, () => new EventWriter());
    for (const [p, writer] of writers.entries()) broker.write(TOPIC, p, [writer.opened(`r${p}`)]);
    let seq = 0;
    const traffic = setInterval(() => {
      seq += 1;
      for (const [p, writer] of writers.entries()) broker.write(TOPIC, p, [writer.said(`r${p}`, seq)]);
    }, 2);
    const readers = modelPool({ connectionString: database.url, max: 4 });
    try {
      await startWorker(marked(1));
      await until('the first rows', async () => (await query('select from room')).length === PARTITIONS);
      const hammering = hammer(readers);
      for (let i = 0; i < 3; i++) await run({ projection: marked(1) });
      // The old worker would rightly stop at a swap to another version.
      await running.pop()!.close();
      await run({ projection: marked(2) });
      await startWorker(marked(2));
      await hammering.stop();
      expect([...hammering.seen].toSorted()).toEqual(['1 name 1', '2 name 2']);
      expect(hammering.wentBack()).toBe(0);
    } finally {
      clearInterval(traffic);
      await readers.end();
    }
    await caughtUpWith(marked(2));
    expect(await query('select said::int from room order by id')).toEqual(writers.map(() => ({ said: seq })));
    expect(await verify({ log, projection: marked(2), codec: jsonCodec, pool: database.pool })).toMatchObject({
      tables: [{ differences: 0 }, { differences: 0 }, { differences: 0 }],
    });
  });

  test('waits for a statement that has found one of its tables and not yet the other', async () => {
    broker.write(TOPIC, 0, [new EventWriter().opened('r0')]);
    await run({ projection: marked(1) });
    await withClient(database.pool, async (client) => {
      await client.query('begin; lock table mark in access exclusive mode');
      // Finds `room` first and then waits for `mark`.
      const read = database.pool.query('select r.name, m.generation from room r cross join mark m');
      const waiting = async (count: number) => {
        // On another connection: a transaction sees the same pg_stat_activity all the time.
        const rows = await query(
          `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
        );
        return rows[0].n >= count;
      };
      await until('the reader waits', () => waiting(1));
      let swapped = false;
      const rebuilt = run({
        projection: marked(2),
        onProgress: ({ phase }) => {
          swapped ||= phase === 'clean up';
        },
      });
      await until('the swap waits too', async () => swapped || (await waiting(2)));
      await client.query('commit');
      expect([[{ name: 'name 1', generation: 1 }], [{ name: 'name 2', generation: 2 }]]).toContainEqual(
        (await read).rows,
      );
      await rebuilt;
    });
    expect(await query('select name from room')).toEqual([{ name: 'name 2' }]);
  });

  const caughtUpWith = (of: Projection) =>
    until('caught up', async () => (await projectionLag(log, database.pool, of)).every(({ lag }) => lag === 0));
});

describe('a verification', () => {
  test('is clean for what the worker wrote, and leaves nothing behind', async () => {
    writeHistory(8);
    await startWorker();
    await caughtUp();
    const found = await check();
    expect(found).toMatchObject({ ...clean, firstDifferences: [] });
    expect(found.parked.live).toBe(found.parked.fresh);
    expect(found.tables[1]!.liveRows).toBe(Number((await query('select count(*) as n from saying'))[0].n));
    expect(await query(`select nspname from pg_namespace where nspname like 'model%'`)).toEqual([{ nspname: 'model' }]);
  });

  test('folds no further than the live model stands', async () => {
    writeHistory(2);
    await startWorker();
    await caughtUp();
    await running.pop()!.close();
    writeHistory(4);
    expect(await check()).toMatchObject(clean);
  });

  test('finds every row that was changed, added or removed by hand', async () => {
    const writer = new EventWriter();
    broker.write(TOPIC, 0, [
      writer.opened('a'),
      writer.said('a', 1, 'one'),
      writer.said('a', 2, 'two'),
      writer.said('a', 3),
    ]);
    await startWorker();
    await caughtUp();
    await query(`update saying set body = 'forged', extra = null where seq = 1`);
    await query(`delete from saying where seq = 2`);
    await query(`insert into room values ('z', 'surplus', 9007199254740993, '{}')`);
    const found = await check();
    expect(found.tables).toEqual([
      { table: 'room', liveRows: 2, freshRows: 1, differences: 1 },
      { table: 'saying', liveRows: 2, freshRows: 3, differences: 2 },
    ]);
    expect(found.firstDifferences.map(({ kind, key }) => [kind, key])).toEqual([
      ['surplus', { id: 'z' }],
      ['changed', { room: 'a', seq: '1' }],
      ['missing', { room: 'a', seq: '2' }],
    ]);
    expect(found.firstDifferences[0]!.columns).toContainEqual({
      column: 'said',
      live: '9007199254740993',
      fresh: null,
    });
    expect(found.firstDifferences[1]!.columns).toEqual([
      { column: 'body', live: 'forged', fresh: 'one' },
      { column: 'extra', live: null, fresh: '{"seq": 1, "text": "one", "offset": 1}' },
    ]);
  });
});

describe('the model at positions', () => {
  const at = (positions: Parameters<typeof modelAt>[0]['positions'], pool = database.pool) =>
    modelAt({ log, projection, codec: jsonCodec, pool, positions });
  const standing = async () =>
    (await projectionLag(log, database.pool, projection)).map(({ partition, checkpoint }) => ({
      service: 'rooms',
      partition,
      offset: checkpoint,
    }));

  test('has one digest, however far the log has gone on, and is compared with a live model that stands there', async () => {
    writeHistory(3);
    await startWorker();
    await caughtUp();
    const positions = await standing();
    const then = await at(positions);
    expect(then.verification).toMatchObject({ events: then.events, ...clean });
    expect(then.tables).toMatchObject([
      { table: 'room' },
      { table: 'saying', digest: expect.stringMatching(/^[0-9a-f]{16}$/) },
    ]);
    expect(then.tables.map(({ rows }) => rows)).toEqual(then.verification!.tables.map(({ freshRows }) => freshRows));

    const writer = new EventWriter('later');
    broker.write(
      TOPIC,
      0,
      [writer.opened('later')].map((record) => ({
        ...record,
        headers: { ...record.headers, 'command-offset': '99999' },
      })),
    );
    await caughtUp();
    expect(await at(positions)).toEqual({ ...then, verification: null });
    expect((await at(await standing())).tables[0]!.digest).not.toBe(then.tables[0]!.digest);
  });

  test('does not depend on the order of rows or the settings of the session', async () => {
    writeHistory(2);
    const positions = [0, 1, 2].map((partition) => ({ service: 'rooms', partition, offset: 90 }));
    const first = await at(positions);
    batchSize = 7;
    const elsewhere = modelPool({ connectionString: database.url, options: '-c timezone=Asia/Tokyo' });
    const second = await at([...positions].reverse(), elsewhere).finally(() => elsewhere.end());
    expect(second).toEqual(first);
  });

  test.each([
    [{ service: 'rooms', partition: 0, offset: 1 }, 'rooms.events:0 ends at 0, before rooms:0@1'],
    [{ service: 'rooms', partition: 9, offset: 0 }, 'rooms.events has no partition 9'],
    [{ service: 'halls', partition: 0, offset: 0 }, 'rooms does not read halls.events'],
  ])('refuses %o', async (position, message) => {
    await expect(at([position])).rejects.toThrow(message);
  });
});
