import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Appender, type EventLog, kafkaLog } from '@palaver/event-log';
import { createTopics } from '@palaver/local';
import type pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CrashOf, type KillAt, RUNNING_CODE } from './crash.fixture.ts';
import { projectionLag } from './lag.ts';
import { hammer, markedOn } from './marked.fixture.ts';
import { ModelMismatch, modelPool } from './model.ts';
import { EventWriter, jsonCodec, kafkaAddress, type TestDatabase, testDatabase, until } from './testing.ts';
import { verify } from './verify.ts';
import { type Projector, startProjector } from './worker.ts';

/**
 * Rebuilds as processes of their own that are killed at every kind of statement, while a worker goes on, events come in, and four
 * readers ask as fast as they can.
 */

const PARTITIONS = 3;
const away = 240_000;
const fixture = fileURLToPath(new URL('crash.fixture.ts', import.meta.url));

let topic: string;
let database: TestDatabase;
let readers: pg.Pool;
let log: EventLog;
let appender: Appender;
let traffic: Traffic;
let reading: ReturnType<typeof hammer>;
let worker: Projector;
let crashed: Error | null;
let children: ChildProcess[];

beforeEach(async () => {
  topic = `t${randomUUID().replaceAll(/[^a-f]/g, '')}.events`;
  database = await testDatabase();
  readers = modelPool({ connectionString: database.url, max: 4 });
  await createTopics(
    [kafkaAddress()],
    [{ name: topic, partitions: PARTITIONS, config: { 'cleanup.policy': 'compact' } }],
  );
  log = kafkaLog({ brokers: [kafkaAddress()], clientId: 'crash-test' });
  appender = log.appender();
  children = [];
  traffic = await startTraffic();
  worker = startWorker(1);
  await worker.started;
  await caughtUp(1);
  reading = hammer(readers);
}, away);

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await traffic?.stop();
  await reading?.stop().catch(() => undefined);
  await worker?.close();
  await readers?.end();
  await log?.close();
  await database?.drop();
}, away);

type Traffic = { readonly stop: () => Promise<void>; readonly said: () => number };

/** A history to fold, and then a little all the time. */
const startTraffic = async (): Promise<Traffic> => {
  const writers = Array.from({ length: PARTITIONS }, () => new EventWriter());
  let said = 0;
  const sayMore = async (count: number): Promise<void> => {
    const before = said;
    said += count;
    const records = (writer: EventWriter, p: number) =>
      Array.from({ length: count }, (_, i) => writer.said(`r${p}`, before + i + 1));
    await Promise.all(writers.map((writer, p) => appender.append(topic, p, records(writer, p))));
  };
  await Promise.all(writers.map((writer, p) => appender.append(topic, p, [writer.opened(`r${p}`)])));
  for (let i = 0; i < 5; i++) await sayMore(400);
  let stopped = false;
  const talking = (async () => {
    while (!stopped) {
      await sayMore(1);
      await delay(20);
    }
  })();
  const stop = async (): Promise<void> => {
    stopped = true;
    await talking;
  };
  return { stop, said: () => said };
};

const startWorker = (generation: number): Projector => {
  const { pool } = database;
  crashed = null;
  const one = startProjector({
    log,
    projection: markedOn(topic, generation),
    codec: jsonCodec,
    pool,
    groupId: topic,
    // As a process does that cannot go on: it leaves the group.
    onCrash: (error) => {
      crashed = error;
      void one.close();
    },
  });
  return one;
};

const caughtUp = (generation: number) =>
  until(
    'caught up',
    async () => {
      const parts = await projectionLag(log, database.pool, markedOn(topic, generation));
      return parts.every(({ lag }) => lag < 50);
    },
    60_000,
  );

const start = (of: Pick<CrashOf, 'work' | 'generation' | 'killAt'>): ChildProcess => {
  const given: CrashOf = { ...of, topic, brokers: [kafkaAddress()], postgresUrl: database.url };
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fixture, JSON.stringify(given)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
};

/** How it ended. One that finds the rebuild of a killed process still running, as Postgres takes it, is begun again. */
const ended = async (of: Pick<CrashOf, 'work' | 'generation' | 'killAt'>): Promise<'killed' | number> => {
  for (;;) {
    const [code, signal] = (await once(start(of), 'exit')) as [number | null, string | null];
    if (signal === 'SIGKILL') return 'killed';
    if (code !== RUNNING_CODE) return code!;
  }
};

/** In the order in which one rebuild comes upon them; each but the last leaves something to go on with. */
const killedAt: readonly KillAt[] = [
  { phase: 'fold', text: 'copy', nth: 3 },
  { phase: 'index', text: 'add primary key', nth: 1 },
  { phase: 'index', text: 'analyze', nth: 2 },
  { phase: 'catch up', text: '-- catch up', nth: 1 },
  { phase: 'swap', text: 'in exclusive mode', nth: 1 },
  { phase: 'swap', text: 'insert into "model_next".checkpoint', nth: 1 },
  { phase: 'swap', text: 'access exclusive mode', nth: 1 },
  { phase: 'swap', text: 'pg_notify', nth: 1 },
  { phase: 'swap', text: 'commit', nth: 1 },
  { phase: 'clean up', text: 'drop schema', nth: 1 },
  { phase: 'clean up', text: 'commit', nth: 1 },
];

const schemas = async () =>
  (await database.pool.query(`select nspname from pg_namespace where nspname like 'model%' order by 1`)).rows;

/** Nobody who read saw an error, a mixture of two versions, or time go backwards; nothing is left over, nothing lost. */
const expectSound = async (generation: number, seen: readonly string[]): Promise<void> => {
  await traffic.stop();
  const ends = await log.offsets(topic);
  await until('all is folded', async () => {
    const parts = await projectionLag(log, database.pool, markedOn(topic, generation));
    return parts.length === ends.length && parts.every(({ lag }) => lag === 0);
  });
  await reading.stop();
  expect([...reading.seen].toSorted()).toEqual(seen);
  expect(reading.wentBack()).toBe(0);
  expect(await schemas()).toEqual([{ nspname: 'model' }]);
  const { rows } = await database.pool.query('select said::int from room order by id');
  expect(rows).toEqual(ends.map(() => ({ said: traffic.said() })));
  const { tables } = await verify({
    log,
    projection: markedOn(topic, generation),
    codec: jsonCodec,
    pool: database.pool,
  });
  expect(tables.map(({ differences }) => differences)).toEqual([0, 0, 0]);
};

test(
  'a rebuild that is killed at any statement is gone on with, and nobody who reads notices',
  async () => {
    for (const killAt of killedAt)
      expect({ killAt, ended: await ended({ work: 'rebuild', generation: 1, killAt }) }).toEqual({
        killAt,
        ended: 'killed',
      });
    expect(await ended({ work: 'rebuild', generation: 1, killAt: null })).toBe(0);
    expect(crashed).toBe(null);
    await expectSound(1, ['1 name 1']);
  },
  away,
);

test(
  'a new version is deployed beside the old one: killed while it rebuilds, it goes on; the old one follows until the swap, then stops',
  async () => {
    const killed = killedAt.filter(({ phase }) => phase !== 'clean up' && phase !== 'catch up');
    for (const killAt of killed.filter((_, index) => index % 2 === 0)) {
      expect({ killAt, ended: await ended({ work: 'follow', generation: 2, killAt }) }).toEqual({
        killAt,
        ended: 'killed',
      });
      await caughtUp(1);
      expect(crashed).toBe(null);
    }
    const next = start({ work: 'follow', generation: 2, killAt: null });
    await once(next.stdout!, 'data');
    await until('the old worker stops', () => crashed !== null, 60_000);
    expect(crashed).toBeInstanceOf(ModelMismatch);
    await worker.close();
    worker = startWorker(1);
    await expect(worker.started).rejects.toThrow('the live model of rooms has version 2, this code has 1');
    await expectSound(2, ['1 name 1', '2 name 2']);
    next.kill('SIGTERM');
    await once(next, 'exit');
  },
  away,
);
