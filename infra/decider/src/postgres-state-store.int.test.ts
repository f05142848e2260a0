import { randomBytes } from 'node:crypto';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type PostgresStateStore, postgresStateStore } from './postgres-state-store.ts';
import { type Changes, type Claim, ClaimLost, memoryStateStore, type StateStore } from './state-store.ts';

const server = process.env.PALAVER_TEST_POSTGRES;
if (!server) throw new Error('PALAVER_TEST_POSTGRES (postgres://user:password@host:port) is needed for this test');

const database = `decider_${randomBytes(6).toString('hex')}`;
const admin = new Pool({ connectionString: `${server}/postgres`, max: 1 });
let pool: Pool;
let postgres: PostgresStateStore;

beforeAll(async () => {
  await admin.query(`create database ${database}`);
  pool = new Pool({ connectionString: `${server}/${database}`, max: 4 });
  // At the end the database goes even if a connection has not closed yet.
  pool.on('error', () => {});
  postgres = postgresStateStore(pool);
  await Promise.all([postgres.migrate(), postgres.migrate()]);
});

afterAll(async () => {
  await pool.end();
  // The pool's connections may still be closing; forced, they would end with an error that nobody hears.
  await vi.waitFor(() => admin.query(`drop database ${database}`), 10_000);
  await admin.end();
});

const changes = (over: Partial<Changes> = {}): Changes => ({
  checkpoint: { offset: 7, taken: { commandOffset: 3, epoch: 'e', index: 1 } },
  streams: new Map([
    ['a:1', { state: { n: 1, text: '\u0000\ud800' }, version: 4 }],
    ['a:2', { state: null, version: 1 }],
  ]),
  commands: new Map([
    ['old', { timeMs: 10, fingerprint: 'f', outcome: { kind: 'accepted', result: null } }],
    ['new', { timeMs: 20, fingerprint: 'g', outcome: { kind: 'refused', code: 'no', detail: 'No.' } }],
  ]),
  latestMadeMs: 1_700_000_000_000,
  forgetBeforeMs: 0,
  ...over,
});

let partition = 0;
const claimOf = (epoch: string): Claim => ({ partition, epoch });
const options = { version: 1, warm: 10 };

// The twin in memory keeps the same promises, for the simulation stands on it.
const stores: [string, () => StateStore][] = [
  ['Postgres', () => postgres],
  ['memory', memoryStateStore],
];

describe.each(stores)('states kept in %s', (_name, storeOf) => {
  const begun = async (): Promise<{ store: StateStore; first: Claim }> => {
    partition += 1;
    const store = storeOf();
    const first = claimOf('first');
    await store.claim(first, options);
    return { store, first };
  };

  test('begin with nothing', async () => {
    partition += 1;
    expect(await storeOf().claim(claimOf('first'), options)).toEqual({
      checkpoint: null,
      streams: new Map(),
      commands: new Map(),
      whole: { streams: true, commands: true },
      latestMadeMs: 0,
    });
  });

  test('are given to the next owner, with their checkpoint', async () => {
    const { store, first } = await begun();
    await store.keep(first, changes());
    const { streams, commands, checkpoint, latestMadeMs } = changes();
    const whole = { streams: true, commands: true };
    expect(await store.claim(claimOf('second'), options)).toEqual({
      ...{ checkpoint, streams, commands, whole, latestMadeMs },
    });
  });

  test('are found by name, and only those that exist', async () => {
    const { store, first } = await begun();
    await store.keep(first, changes());
    expect(await store.streams(first, ['a:1', 'a:3'])).toEqual(new Map([...changes().streams].slice(0, 1)));
    expect(await store.streams(first, ['a:3'])).toEqual(new Map());
    expect(await store.commands(first, ['new', 'newer'])).toEqual(new Map([...changes().commands].slice(1)));
  });

  test('are overwritten by later ones, and forgotten when they are old', async () => {
    const { store, first } = await begun();
    await store.keep(first, changes());
    const streams = new Map([['a:2', { state: [2], version: 2 }]]);
    await store.keep(first, changes({ streams, commands: new Map(), forgetBeforeMs: 15 }));
    expect(await store.streams(first, ['a:1', 'a:2'])).toEqual(new Map([...changes().streams, ...streams]));
    expect([...(await store.commands(first, ['old', 'new'])).keys()]).toEqual(['new']);
  });

  test('are out of reach for an owner that has been replaced', async () => {
    const { store, first } = await begun();
    await store.keep(first, changes());
    await store.claim(claimOf('second'), options);
    await expect(store.streams(first, ['a:1'])).rejects.toThrow(ClaimLost);
    await expect(store.commands(first, ['old'])).rejects.toThrow(ClaimLost);
    await expect(store.keep(first, changes({ checkpoint: { offset: 99, taken: null } }))).rejects.toThrow(ClaimLost);
    await expect(store.reset(first)).rejects.toThrow(ClaimLost);
    expect((await store.claim(claimOf('third'), options)).checkpoint?.offset).toBe(7);
  });

  test('of another version of the decider are thrown away', async () => {
    const { store, first } = await begun();
    await store.keep(first, changes());
    const claimed = await store.claim(claimOf('second'), { ...options, version: 2 });
    expect([claimed.checkpoint, claimed.streams.size, claimed.commands.size]).toEqual([null, 0, 0]);
  });

  test('can be thrown away when the log does not go on from them', async () => {
    const { store, first } = await begun();
    await store.keep(first, changes());
    await store.reset(first);
    const claimed = await store.claim(claimOf('second'), options);
    expect([claimed.checkpoint, claimed.streams.size, claimed.commands.size]).toEqual([null, 0, 0]);
  });

  test('warm an owner up only so far, and say so', async () => {
    const { store, first } = await begun();
    await store.keep(first, changes());
    const claimed = await store.claim(claimOf('second'), { version: 1, warm: 1 });
    expect(claimed.streams.size).toBe(1);
    expect([...claimed.commands.keys()]).toEqual(['new']);
    expect(claimed.whole).toEqual({ streams: false, commands: false });
  });
});
