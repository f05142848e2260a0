import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { claimSweep, createSweepSchema, giveBackSweep } from './sweeper.ts';

const server = process.env.PALAVER_TEST_POSTGRES;
if (!server) throw new Error('PALAVER_TEST_POSTGRES (postgres://user:password@host:port) is needed for this test');

const database = `sweeper_${randomBytes(6).toString('hex')}`;
const admin = new pg.Pool({ connectionString: `${server}/postgres`, max: 1 });
let pool: pg.Pool;

beforeAll(async () => {
  await admin.query(`create database ${database}`);
  pool = new pg.Pool({ connectionString: `${server}/${database}`, max: 8 });
});

afterAll(async () => {
  await pool.end();
  // The pool's connections may still be closing; forced, they would end with an error that nobody hears.
  await vi.waitFor(() => admin.query(`drop database ${database}`), 10_000);
  await admin.end();
});

const day = { name: 'bank', intervalMs: 86_400_000 };
/** As if the last sweep had begun two days ago. */
const twoDaysPass = () => pool.query(`update sweep.begun set at = now() - interval '2 days' where name = 'bank'`);

test('one instance of many sweeps, an interval after the last sweep began, restarts or not', async () => {
  const instances = Array.from({ length: 8 });
  await Promise.all(instances.map(() => createSweepSchema(pool, 'bank')));
  const claims = async () =>
    (await Promise.all(instances.map(() => claimSweep(pool, day)))).filter((claimed) => claimed).length;
  expect(await claims()).toBe(0);
  await twoDaysPass();
  await createSweepSchema(pool, 'bank');
  expect(await claims()).toBe(1);
  expect(await claims()).toBe(0);
});

test('a sweep that failed is done again by whoever asks next', async () => {
  await twoDaysPass();
  expect(await claimSweep(pool, day)).toBe(true);
  await giveBackSweep(pool, 'bank');
  expect(await claimSweep(pool, day)).toBe(true);
});

test('services do not wait for each other', async () => {
  await createSweepSchema(pool, 'post');
  await twoDaysPass();
  expect(await claimSweep(pool, { ...day, name: 'post' })).toBe(false);
  expect(await claimSweep(pool, day)).toBe(true);
});
