import { type EventLog, memoryBroker, type NewRecord } from '@palaver/event-log';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { projectionLag } from './lag.ts';
import type { Projection } from './projection.ts';
import { EventWriter, jsonCodec, roomsOn, type TestDatabase, testDatabase, until } from './testing.ts';
import { type Projector, type ProjectorHooks, startProjector } from './worker.ts';

const TOPIC = 'rooms.events';
const projection = roomsOn(TOPIC);

let database: TestDatabase;
let running: Projector[] = [];
let crashes: Error[] = [];

beforeEach(async () => {
  database = await testDatabase();
  running = [];
  crashes = [];
});
afterEach(async () => {
  await Promise.all(running.map((projector) => projector.close()));
  await database?.drop();
});

const start = (log: EventLog, hooks: ProjectorHooks = {}, of: Projection = projection): Projector => {
  const { pool } = database;
  const onCrash = (error: Error) => void crashes.push(error);
  const projector = startProjector({ log, projection: of, codec: jsonCodec, pool, groupId: 'rooms', onCrash, hooks });
  running.push(projector);
  return projector;
};

const caughtUp = (log: EventLog) =>
  until('the model has caught up', async () =>
    (await projectionLag(log, database.pool, projection)).every(({ lag }) => lag === 0),
  );

const query = async (sql: string) => (await database.pool.query(sql)).rows;

/** Rooms 0..partitions-1, one a partition, with `sayings` each. */
const history = (partition: number, sayings: number): NewRecord[] => {
  const writer = new EventWriter();
  const room = `r${partition}`;
  const records = [writer.opened(room)];
  for (let seq = 1; seq <= sayings; seq++) records.push(seq % 5 === 0 ? writer.marker() : writer.said(room, seq));
  return records;
};

describe('a worker', () => {
  test('writes rows of every type and kind of change, and its checkpoint', async () => {
    const broker = memoryBroker({ partitions: 1 });
    const writer = new EventWriter();
    broker.write(TOPIC, 0, [
      writer.opened('a'),
      writer.said('a', 1, 'x\t\n\\ "y" é 🙂'),
      writer.marker(),
      writer.said('a', 2),
    ]);
    broker.write(TOPIC, 0, [writer.edited('a', 2, 'new'), writer.opened('b'), writer.said('b', 1), writer.closed('b')]);
    const projector = start(broker.log('p1'));
    await projector.started;
    await caughtUp(broker.log('reader'));
    expect(await query('select * from room')).toEqual([
      { id: 'a', name: 'room a', said: '2', tags: ['a"b', 'room a'] },
    ]);
    expect(await query('select seq, body, at, extra, edits from saying order by seq')).toEqual([
      {
        seq: '1',
        body: 'x\t\n\\ "y" é 🙂',
        at: new Date(1_700_000_000_000),
        extra: { text: 'x\t\n\\ "y" é 🙂', seq: 1, offset: 1 },
        edits: 0,
      },
      expect.objectContaining({ seq: '2', body: 'new', edits: 1 }),
    ]);
    expect(await query('select next_offset, command_offset, epoch, index from checkpoint')).toEqual([
      { next_offset: '8', command_offset: '8', epoch: 'e1', index: 0 },
    ]);
    expect(projector.health()).toMatchObject({ ready: true, state: 'live', held: [0] });
  });

  test('takes each record once: repeats of another owner and restarts change nothing', async () => {
    const broker = memoryBroker({ partitions: 1, batchSize: () => 3 });
    const records = history(0, 20);
    broker.write(TOPIC, 0, records.slice(0, 10));
    const first = start(broker.log('p1'));
    await caughtUp(broker.log('reader'));
    await first.close();
    const late = records.slice(5).map((record) => ({ ...record, headers: { ...record.headers, epoch: 'late' } }));
    broker.write(TOPIC, 0, late.slice(0, 5));
    broker.write(TOPIC, 0, records.slice(10));
    start(broker.log('p2'));
    await caughtUp(broker.log('reader'));
    expect(await query('select said from room')).toEqual([{ said: '16' }]);
    expect(await query('select count(*)::int as n from saying')).toEqual([{ n: 16 }]);
  });

  test('two workers, handed over in mid-load also behind the back of the old one, count exactly once', async () => {
    const partitions = 4;
    const broker = memoryBroker({
      partitions,
      batchSize: () => 7,
      step: () => new Promise((resolve) => setTimeout(resolve, 1)),
    });
    start(broker.log('p1'));
    start(broker.log('p2'));
    await Promise.all(running.map(({ started }) => started));
    for (let p = 0; p < partitions; p++) broker.write(TOPIC, p, history(p, 500));
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 15));
      broker.hand('rooms', i % partitions, i % 3 === 0 ? 'p1' : 'p2', { tellOld: i % 2 === 0 });
    }
    await caughtUp(broker.log('reader'));
    expect(crashes).toEqual([]);
    expect(await query('select id, said::int from room order by id')).toEqual(
      Array.from({ length: partitions }, (_, p) => ({ id: `r${p}`, said: 400 })),
    );
  });

  test('joins again when its checkpoint has gone back', async () => {
    const broker = memoryBroker({ partitions: 1 });
    const records = history(0, 10);
    broker.write(TOPIC, 0, records.slice(0, 6));
    const projector = start(broker.log('p1'));
    await caughtUp(broker.log('reader'));
    await query('truncate room, saying');
    await query('update checkpoint set next_offset = 0, command_offset = null, epoch = null, index = null');
    broker.write(TOPIC, 0, records.slice(6));
    await caughtUp(broker.log('reader'));
    expect(await query('select said::int from room')).toEqual([{ said: 8 }]);
    await until('live again', () => projector.health().state === 'live');
    expect(crashes).toEqual([]);
  });

  test('parks what cannot be folded, decoded or stored, and what follows in its stream', async () => {
    const broker = memoryBroker({ partitions: 1 });
    const writer = new EventWriter();
    const rooms = ['good', 'thrown', 'broken', 'refused'];
    broker.write(
      TOPIC,
      0,
      rooms.map((room) => writer.opened(room)),
    );
    broker.write(TOPIC, 0, [
      writer.said('thrown', 1, 'poison'),
      writer.record('broken', new Uint8Array([1, 2, 3])),
      writer.said('refused', 1, 'refused'),
      ...rooms.map((room) => writer.said(room, 2)),
    ]);
    const parked: string[] = [];
    const first = start(broker.log('p1'), { onParked: ({ stream }) => void parked.push(stream) });
    await caughtUp(broker.log('reader'));
    const sayInAll = (seq: number) =>
      broker.write(
        TOPIC,
        0,
        rooms.map((room) => writer.said(room, seq)),
      );
    sayInAll(3);
    await caughtUp(broker.log('reader'));
    await first.close();
    sayInAll(4);
    start(broker.log('p2'));
    await caughtUp(broker.log('reader'));
    expect(await query('select room, seq::int from saying order by seq')).toEqual([
      { room: 'good', seq: 2 },
      { room: 'good', seq: 3 },
      { room: 'good', seq: 4 },
    ]);
    expect(parked.toSorted()).toEqual(
      rooms
        .slice(1)
        .flatMap((room) => [room, room, room])
        .toSorted(),
    );
    const rows = await query('select stream, "offset"::int, type, error from parked order by stream, "offset"');
    expect(rows.map(({ stream, offset, type }) => [stream, offset, type])).toEqual([
      ['broken', 5, null],
      ['broken', 9, 'Said'],
      ['broken', 13, 'Said'],
      ['broken', 17, 'Said'],
      ['refused', 6, 'Said'],
      ['refused', 10, 'Said'],
      ['refused', 14, 'Said'],
      ['refused', 18, 'Said'],
      ['thrown', 4, 'Said'],
      ['thrown', 8, 'Said'],
      ['thrown', 12, 'Said'],
      ['thrown', 16, 'Said'],
    ]);
    expect(rows[8].error).toBe('Error: cannot fold this');
    expect(rows[9].error).toBe('an earlier event of this stream is parked');
    expect(rows[4].error).toMatch(/violates check constraint/);
  });

  test('goes on when its connections are cut in mid-load', async () => {
    const broker = memoryBroker({
      partitions: 2,
      batchSize: () => 5,
      step: () => new Promise((resolve) => setTimeout(resolve, 1)),
    });
    const retries: Error[] = [];
    const projector = start(broker.log('p1'), { onRetry: (error) => void retries.push(error) });
    await projector.started;
    for (let p = 0; p < 2; p++) broker.write(TOPIC, p, history(p, 1000));
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      await query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      );
    }
    await caughtUp(broker.log('reader'));
    expect(retries.length).toBeGreaterThan(0);
    expect(await query('select id, said::int from room order by id')).toEqual([
      { id: 'r0', said: 800 },
      { id: 'r1', said: 800 },
    ]);
    expect(crashes).toEqual([]);
    await until('ready again', () => projector.health().ready);
  });

  test('crashes on a gap in the log, naming it', async () => {
    const broker = memoryBroker({ partitions: 1 });
    broker.write(TOPIC, 0, history(0, 10));
    const first = start(broker.log('p1'));
    await caughtUp(broker.log('reader'));
    await first.close();
    broker.write(TOPIC, 0, history(0, 30));
    broker.trim(TOPIC, 0, 25);
    start(broker.log('p2'));
    await until('it has crashed', () => crashes.length > 0);
    expect(crashes[0]!.message).toBe('rooms.events:0 begins at 25, but a reader stands at 11');
  });

  test('rebuilds a model of an older version by itself, and stops when the model is no longer of its version', async () => {
    const broker = memoryBroker({ partitions: 2 });
    for (let p = 0; p < 2; p++) broker.write(TOPIC, p, history(p, 50));
    const old = start(broker.log('p1'));
    await caughtUp(broker.log('reader'));
    const next = roomsOn(TOPIC, {
      version: 2,
      tables: projection.tables.map((table) =>
        table.name === 'room' ? { ...table, columns: { ...table.columns, note: 'text' } } : table,
      ),
    });
    const phases = new Set<string>();
    const worker = start(broker.log('p2'), { onRebuild: ({ phase }) => void phases.add(phase) }, next);
    await worker.started;
    expect([...phases]).toEqual(['fold', 'index', 'catch up', 'swap', 'clean up', 'done']);
    const more = new EventWriter('e2');
    broker.write(
      TOPIC,
      0,
      Array.from({ length: 60 }, () => more.marker()),
    );
    broker.write(TOPIC, 0, [more.said('r0', 1000)]);
    await until('the old worker notices', () => crashes.length > 0);
    expect(crashes[0]!.message).toMatch(/has version 2, this code has 1/);
    await old.close();
    await until(
      'folded by the new one',
      async () => (await query('select said::int, note from room order by id'))[0].said === 41,
    );
    await query('update projection set version = 1');
    broker.write(TOPIC, 0, [more.said('r0', 1001)]);
    await until('the new worker notices that the model went back', () => crashes.length > 1);
    expect(crashes[1]!.message).toBe('the live model of rooms is outdated');
  });
});
