import { type EventLog, memoryBroker, type NewRecord } from '@palaver/event-log';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { projectionLag } from './lag.ts';
import { ModelMismatch } from './model.ts';
import { countParked, listParked, showParked } from './parked.ts';
import type { Projection } from './projection.ts';
import { lockModel, RebuildRunning, rebuild, unlockModel } from './rebuild.ts';
import { retryParked } from './retry.ts';
import { NotFirstParked, skipParked } from './skip.ts';
import { listSkipped } from './skips.ts';
import { EventWriter, jsonCodec, mended, roomsOn, type TestDatabase, testDatabase, until } from './testing.ts';
import { withClient } from './transaction.ts';
import { verify } from './verify.ts';
import { type Projector, startProjector } from './worker.ts';

const TOPIC = 'rooms.events';
const broken = roomsOn(TOPIC);
const projection = mended(broken);

let database: TestDatabase;
let broker: ReturnType<typeof memoryBroker>;
let log: EventLog;
let writer: EventWriter;
let running: Projector[] = [];
let crashes: Error[] = [];

beforeEach(async () => {
  database = await testDatabase();
  broker = memoryBroker({ partitions: 1 });
  log = broker.log('test');
  writer = new EventWriter();
  running = [];
  crashes = [];
});
afterEach(async () => {
  await Promise.all(running.map((projector) => projector.close()));
  await database?.drop();
  expect(crashes).toEqual([]);
});

/** A worker whose code cannot fold `poison`. */
const startWorker = async (): Promise<Projector> => {
  const { pool } = database;
  const onCrash = (error: Error) => void crashes.push(error);
  const projector = startProjector({
    log: broker.log('p'),
    projection: broken,
    codec: jsonCodec,
    pool,
    groupId: 'g',
    onCrash,
  });
  running.push(projector);
  await projector.started;
  return projector;
};
const append = async (...records: NewRecord[]): Promise<void> => {
  broker.write(TOPIC, 0, records);
  await until('the model has caught up', async () =>
    (await projectionLag(log, database.pool, projection)).every(({ lag }) => lag === 0),
  );
};
const options = (of: Projection = projection) => ({ log, projection: of, codec: jsonCodec, pool: database.pool });
const query = async (sql: string) => (await database.pool.query(sql)).rows;
const sayings = async () =>
  (await query('select room, seq::int from saying order by room, seq')).map((r) => `${r.room}${r.seq}`);
const said = async () => Object.fromEntries((await query('select id, said::int from room')).map((r) => [r.id, r.said]));
const stream = (name: string) => ({ topic: TOPIC, partition: 0, stream: name });

/** What `verify` finds wrong by the mended code. */
const wrong = async () => {
  const { tables, parked } = await verify(options());
  return { differences: tables.reduce((sum, table) => sum + table.differences, 0), ...parked };
};
const right = { differences: 0, live: 0, fresh: 0 };

describe('a retry', () => {
  test('folds a stream in order, and the worker goes on with it', async () => {
    await startWorker();
    await append(writer.opened('a'), writer.opened('b'));
    await append(writer.said('a', 1, 'poison'), writer.said('b', 1));
    await append(writer.said('a', 2), writer.edited('a', 1, 'edited'), writer.said('b', 2, 'poison'));
    expect(await sayings()).toEqual(['b1']);

    expect(await retryParked(options(), stream('a'))).toEqual([
      { ...stream('a'), outcome: 'drained', folded: 3, dropped: 0, left: 0, reason: null },
    ]);
    await append(writer.said('a', 3), writer.said('b', 3));
    expect(await sayings()).toEqual(['a1', 'a2', 'a3', 'b1']);
    expect(await query(`select body, edits from saying where room = 'a' and seq = 1`)).toEqual([
      { body: 'edited', edits: 1 },
    ]);

    expect(await retryParked(options())).toEqual([
      { ...stream('b'), outcome: 'drained', folded: 2, dropped: 0, left: 0, reason: null },
    ]);
    expect(await said()).toEqual({ a: 3, b: 3 });
    expect(await retryParked(options())).toEqual([]);
    expect(await wrong()).toEqual(right);
  });

  test('writes what stands before an event that fails again, and says why that one does', async () => {
    await startWorker();
    await append(writer.opened('a'));
    await append(
      writer.said('a', 1, 'poison'),
      writer.said('a', 2),
      writer.said('a', 3, 'nul \u0000'),
      writer.said('a', 4),
    );
    expect(await retryParked(options())).toEqual([
      {
        ...stream('a'),
        outcome: 'parked',
        folded: 2,
        dropped: 0,
        left: 2,
        reason: 'InvalidChange: saying.body holds a NUL character',
      },
    ]);
    expect(await sayings()).toEqual(['a1', 'a2']);
    await append(writer.said('a', 5));
    expect(await listParked(database.pool, { limit: 10 })).toEqual([
      expect.objectContaining({ events: 3, offset: 3, error: 'InvalidChange: saying.body holds a NUL character' }),
    ]);
    expect(await wrong()).toEqual({ differences: 0, live: 3, fresh: 3 });
  });

  test('leaves parked what Postgres refuses, and what follows it', async () => {
    await startWorker();
    await append(writer.opened('a'), writer.opened('b'));
    await append(
      writer.said('a', 1, 'poison'),
      writer.said('a', 2, 'refused'),
      writer.said('a', 3),
      writer.said('b', 1, 'poison'),
    );
    expect(await retryParked(options())).toMatchObject([
      {
        stream: 'a',
        outcome: 'parked',
        folded: 1,
        left: 2,
        reason: expect.stringContaining('violates check constraint'),
      },
      { stream: 'b', outcome: 'drained', folded: 1 },
    ]);
    expect(await wrong()).toEqual({ differences: 0, live: 2, fresh: 2 });
  });

  test('writes nothing where later events of others changed the same rows; a rebuild does it then', async () => {
    await startWorker();
    await append(writer.opened('a'), writer.opened('b'));
    await append(writer.said('a', 1, 'poison'), writer.said('b', 1, 'poison'));
    await append(writer.record('other', { type: 'RoomClosed', data: { room: 'a' } }), writer.opened('c'));
    expect(await retryParked(options())).toEqual([
      {
        ...stream('a'),
        outcome: 'needs rebuild',
        folded: 0,
        dropped: 0,
        left: 1,
        reason: 'RoomClosed at offset 4 has changed what it changes in saying',
      },
      { ...stream('b'), outcome: 'drained', folded: 1, dropped: 0, left: 0, reason: null },
    ]);
    expect(await sayings()).toEqual(['b1']);
    await rebuild(options());
    expect(await wrong()).toEqual(right);
    // Also the worker has noticed that nothing is parked any more.
    await append(writer.said('b', 2), writer.opened('a'), writer.said('a', 2));
    expect(await sayings()).toEqual(['a2', 'b1', 'b2']);
    expect(await wrong()).toEqual(right);
  });

  test('of two streams that change the same rows folds them in the order of the log', async () => {
    await startWorker();
    const close = (room: string) => writer.record('closer', { type: 'RoomClosed', data: { room } });
    await append(
      writer.opened('a'),
      writer.record('closer', { type: 'Said', data: { room: 'z', seq: 1, text: 'poison' } }),
    );
    await append(writer.said('a', 1, 'poison'), close('a'), writer.opened('a'));
    expect((await retryParked(options())).map(({ outcome }) => outcome)).toEqual(['drained', 'drained']);
    expect(await said()).toEqual({ a: 0 });
    expect(await wrong()).toEqual(right);
  });

  test('drops what was erased from the log meanwhile', async () => {
    await startWorker();
    await append(writer.opened('a'));
    const poison = writer.said('a', 1, 'poison');
    await append(poison, writer.said('a', 2));
    await append({ ...poison, value: null, headers: {} }, writer.marker());
    broker.compact(TOPIC);
    expect(await showParked(options(), stream('a'), { limit: 1 })).toMatchObject([{ offset: 1, record: null }]);
    expect(await retryParked(options())).toMatchObject([{ outcome: 'drained', folded: 1, dropped: 1 }]);
    expect(await wrong()).toEqual(right);
  });

  test('takes more events than one transaction does', async () => {
    await startWorker();
    await append(writer.opened('a'), writer.said('a', 1, 'poison'));
    await append(...Array.from({ length: 11_000 }, (_, i) => writer.said('a', i + 2)));
    expect(await retryParked(options())).toMatchObject([{ outcome: 'drained', folded: 11_001 }]);
    expect(await said()).toEqual({ a: 11_001 });
    expect(await wrong()).toEqual(right);
  });

  test('that is cut off while it writes has done nothing, and neither has the worker', async () => {
    await startWorker();
    await append(writer.opened('a'), writer.opened('b'), writer.said('a', 1, 'poison'), writer.said('a', 2));
    const cut = await withClient(database.pool, async (holder) => {
      await holder.query('begin; lock table saying in share mode');
      const retrying = retryParked(options()).then(
        () => null,
        (error: Error) => error,
      );
      const waiting = `from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%saying%'`;
      await until('the retry waits', async () => (await query(`select pid ${waiting}`)).length === 1);
      broker.write(TOPIC, 0, [writer.said('a', 3), writer.said('b', 1)]);
      await query(`select pg_terminate_backend(pid) ${waiting}`);
      const error = await retrying;
      await holder.query('commit');
      return error;
    });
    expect(cut).toBeInstanceOf(Error);
    await append(writer.said('b', 2));
    expect(await sayings()).toEqual(['b1', 'b2']);
    expect((await countParked(database.pool)).events).toBe(3);
    expect(await retryParked(options())).toMatchObject([{ outcome: 'drained', folded: 3 }]);
    expect(await said()).toEqual({ a: 3, b: 2 });
    expect(await wrong()).toEqual(right);
  });

  test('needs a model of its own version, and gives one of an older Palaver what it lacks', async () => {
    const first = await startWorker();
    await append(writer.opened('a'), writer.said('a', 1, 'poison'));
    await expect(retryParked(options({ ...projection, version: 2 }))).rejects.toThrow(ModelMismatch);
    await first.close();
    await query('alter table model.checkpoint drop column parked_version; drop schema projection_skips cascade');
    await startWorker();
    await append(writer.said('a', 2));
    expect(await retryParked(options())).toMatchObject([{ outcome: 'drained', folded: 2 }]);
    expect(await wrong()).toEqual(right);
  });
});

describe('a skip', () => {
  const skipping = { reason: 'nobody misses it', by: 'ada' };

  test('leaves the first event out for good, in every fold, and folds the rest', async () => {
    await startWorker();
    await append(
      writer.opened('a'),
      writer.said('a', 1, 'nul \u0000'),
      writer.said('a', 2),
      writer.said('a', 3, 'nul \u0000'),
    );
    expect(await skipParked(options(), { ...stream('a'), offset: 1 }, skipping)).toMatchObject({
      outcome: 'parked',
      folded: 1,
      left: 1,
    });
    expect(await skipParked(options(), { ...stream('a'), offset: 3 }, skipping)).toMatchObject({ outcome: 'drained' });
    await append(writer.said('a', 4));
    expect(await sayings()).toEqual(['a2', 'a4']);
    expect(await listSkipped(database.pool, { limit: 10 })).toEqual([
      expect.objectContaining({
        ...stream('a'),
        offset: 3,
        type: 'Said',
        reason: 'nobody misses it',
        skippedBy: 'ada',
      }),
      expect.objectContaining({ offset: 1, error: 'InvalidChange: saying.body holds a NUL character' }),
    ]);
    expect(await wrong()).toEqual(right);
    await rebuild(options());
    expect(await sayings()).toEqual(['a2', 'a4']);
    expect(await wrong()).toEqual(right);
  });

  test('names its event, so that one that is repeated skips nothing more', async () => {
    await startWorker();
    await append(writer.opened('a'), writer.said('a', 1, 'nul \u0000'), writer.said('a', 2, 'nul \u0000'));
    const event = { ...stream('a'), offset: 1 };
    await skipParked(options(), event, skipping);
    expect(await skipParked(options(), event, skipping)).toMatchObject({ outcome: 'parked', left: 1 });
    const notFirst = skipParked(options(), { ...event, offset: 0 }, skipping);
    await expect(notFirst).rejects.toThrow('the first parked event of a is at offset 2, not 0');
    const unknown = skipParked(options(), { ...stream('b'), offset: 0 }, skipping);
    await expect(unknown).rejects.toThrow(NotFirstParked);
    expect(await listSkipped(database.pool, { limit: 10 })).toHaveLength(1);
  });

  test('keeps away from a rebuild that runs, and is not forgotten by one that was interrupted before', async () => {
    await startWorker();
    await append(writer.opened('a'), writer.said('a', 1, 'nul \u0000'), writer.said('a', 2));
    const event = { ...stream('a'), offset: 1 };
    const stop = new AbortController();
    const interrupted = rebuild({
      ...options(),
      signal: stop.signal,
      onProgress: ({ phase }) => phase === 'swap' && stop.abort(new Error('interrupted')),
    });
    await expect(interrupted).rejects.toThrow('interrupted');
    await withClient(database.pool, async (client) => {
      await lockModel(client, { wait: false });
      await expect(skipParked(options(), event, skipping)).rejects.toThrow(RebuildRunning);
      await unlockModel(client);
    });
    await skipParked(options(), event, skipping);
    await rebuild(options());
    expect(await sayings()).toEqual(['a2']);
    expect(await wrong()).toEqual(right);
  });
});

describe('what is parked', () => {
  test('is listed by stream and shown as the log holds it', async () => {
    expect(await countParked(database.pool)).toEqual({ events: 0, streams: 0, topics: new Map() });
    expect(await listParked(database.pool, { limit: 10 })).toEqual([]);
    await startWorker();
    await append(writer.opened('a'), writer.said('a', 1, 'poison'), writer.said('a', 2));
    await append(writer.record('b', new Uint8Array([1, 2, 3])));
    expect(await countParked(database.pool)).toEqual({ events: 3, streams: 2, topics: new Map([[TOPIC, 3]]) });
    const since = expect.any(Date);
    const ofA = { ...stream('a'), events: 2, offset: 1, type: 'Said', error: 'Error: cannot fold this', since };
    const ofB = { ...stream('b'), events: 1, offset: 3, type: null, error: 'UndecodableRecord: no JSON', since };
    expect(await listParked(database.pool, { limit: 10 })).toEqual([ofA, ofB]);
    expect(await listParked(database.pool, { limit: 1 })).toEqual([ofA]);
    expect(await showParked(options(), stream('a'), { limit: 10 })).toEqual([
      {
        offset: 1,
        type: 'Said',
        error: 'Error: cannot fold this',
        parkedAt: since,
        record: {
          key: 'a/2/e1',
          timestampMs: 1_700_000_000_000,
          headers: expect.objectContaining({ epoch: 'e1' }),
          data: { room: 'a', seq: 1, text: 'poison' },
          fault: null,
        },
      },
      expect.objectContaining({ offset: 2, error: 'an earlier event of this stream is parked' }),
    ]);
    expect(await showParked(options(), stream('b'), { limit: 10 })).toMatchObject([
      { record: { data: null, fault: 'UndecodableRecord: no JSON' } },
    ]);
    expect(await showParked(options(), stream('c'), { limit: 10 })).toEqual([]);
  });
});
