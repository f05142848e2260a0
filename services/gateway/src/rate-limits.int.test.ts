import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRateLimitTable, parseLimits, type RateLimits, rateLimits } from './rate-limits.ts';

const base = process.env.PALAVER_TEST_POSTGRES;
const database = `rate_limits_${randomUUID().slice(0, 8)}`;
const admin = new pg.Pool({ connectionString: `${base}/postgres`, max: 1 });
const pools: pg.Pool[] = [];
const limits = parseLimits('posts=100/60, commands=10/1');

/** What one gateway has. */
const instance = (connectionString = `${base}/${database}`): { limits: RateLimits; pool: pg.Pool } => {
  const pool = new pg.Pool({ connectionString, max: 2 });
  pools.push(pool);
  return { limits: rateLimits(pool, limits), pool };
};

beforeAll(async () => {
  await admin.query(`create database ${database}`);
  const [one, two] = [instance(), instance()];
  await Promise.all([createRateLimitTable(one.pool), createRateLimitTable(two.pool)]);
});
afterAll(async () => {
  for (const pool of pools) await pool.end();
  await admin.query(`drop database ${database}`);
  await admin.end();
});

const allowedOf = async (asked: readonly ReturnType<RateLimits['take']>[]): Promise<number> =>
  (await Promise.all(asked)).filter(({ allowed }) => allowed).length;

test('two instances together grant what one would, and at most a share less', async () => {
  const [one, two] = [instance(), instance()];
  for (let round = 0; round < 5; round += 1) {
    const who = randomUUID();
    const asked = Array.from({ length: 240 }, (_, at) => (at % 3 === 0 ? one : two).limits.take('posts', who));
    const allowed = await allowedOf(asked);
    expect(allowed).toBeLessThanOrEqual(100);
    expect(allowed).toBeGreaterThanOrEqual(95);
  }
});

test('one instance grants all of a limit, and says how much is left and for how long', async () => {
  const { limits } = instance();
  const who = randomUUID();
  const first = await limits.take('posts', who);
  expect(first).toMatchObject({ allowed: true, kind: 'posts', remaining: 99 });
  expect(first.resetMs).toBeGreaterThan(58_000);
  expect(await allowedOf(Array.from({ length: 200 }, () => limits.take('posts', who)))).toBe(99);
  expect(await limits.take('posts', who)).toMatchObject({ allowed: false, remaining: 0 });
  expect(await limits.take('commands', who)).toMatchObject({ allowed: true });
  expect(await limits.take('posts', randomUUID())).toMatchObject({ allowed: true });
});

test('most requests cost no query', async () => {
  const { limits, pool } = instance();
  let queries = 0;
  pool.on('acquire', () => {
    queries += 1;
  });
  const who = randomUUID();
  for (let count = 0; count < 300; count += 1) await limits.take('posts', who);
  // The last of twenty shares says that there are no more.
  expect(queries).toBe(20);
});

test('a limit is there again when its time is over', async () => {
  const { limits } = instance();
  const who = randomUUID();
  const use = () => allowedOf(Array.from({ length: 20 }, () => limits.take('commands', who)));
  expect(await use()).toBe(10);
  expect(await use()).toBe(0);
  await expect.poll(async () => (await limits.take('commands', who)).allowed, { timeout: 3_000 }).toBe(true);
  expect(await use()).toBe(9);
});

test('without the database an instance counts for itself', async () => {
  const { limits } = instance('postgres://nobody:nothing@127.0.0.1:1/nowhere');
  const who = randomUUID();
  expect(await allowedOf(Array.from({ length: 200 }, () => limits.take('posts', who)))).toBe(100);
});
