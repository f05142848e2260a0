import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attempts, createAttemptsSchema } from './attempts.ts';

const url = (database: string): string => {
  const base = process.env.PALAVER_TEST_POSTGRES;
  if (!base) throw new Error('PALAVER_TEST_POSTGRES is not set: run this test with `npm test`');
  return `${base}/${database}`;
};
const database = `attempts_${process.pid}_${Date.now()}`;
let admin: pg.Pool;
let pool: pg.Pool;
beforeAll(async () => {
  admin = new pg.Pool({ connectionString: url('postgres'), max: 1 });
  await admin.query(`create database ${database}`);
  pool = new pg.Pool({ connectionString: url(database), max: 8 });
  await createAttemptsSchema(pool);
  await createAttemptsSchema(pool);
});
afterAll(async () => {
  await pool.end();
  await admin.query(`drop database ${database}`);
  await admin.end();
});

const limits = {
  account: { free: 3, firstPauseMs: 60_000, longestPauseMs: 150_000 },
  address: { free: 6, firstPauseMs: 60_000, longestPauseMs: 60_000 },
};
/** Two instances that share the table. */
const instances = () =>
  [attempts(pool, Buffer.alloc(32, 1), limits), attempts(pool, Buffer.alloc(32, 1), limits)] as const;
const retryAfter = async (attempt: Promise<unknown>): Promise<number> => {
  const error = await attempt.then(
    () => null,
    (thrown: { code: string; extras: { headers: { 'Retry-After': string } } }) => thrown,
  );
  if (error === null) return 0;
  expect(error.code).toBe('too_many_attempts');
  return Number(error.extras.headers['Retry-After']);
};
let people = 0;
const somebody = () => {
  people += 1;
  return { emailHash: `account ${people}`, clientAddress: `203.0.113.${people}` };
};
/** As if the pause had passed. */
const pass = () => pool.query("update attempts.failure set blocked_until = now() - interval '1 s'");

describe('failed sign-ins', () => {
  test('of one account are free at first, then each doubles the pause, for all instances', async () => {
    const [one, two] = instances();
    const { emailHash } = somebody();
    const guess = (by = one) => retryAfter(by.begin({ emailHash, clientAddress: somebody().clientAddress }));
    expect([await guess(), await guess(two), await guess()]).toEqual([0, 0, 0]);
    expect(await guess(two)).toBe(60);
    for (const pause of [120, 150, 150]) {
      await pass();
      expect(await guess()).toBe(0);
      expect(await guess(two)).toBe(pause);
    }
  });

  test('from one address too, whichever accounts they try', async () => {
    const [one] = instances();
    const { clientAddress } = somebody();
    const guess = () => retryAfter(one.begin({ emailHash: somebody().emailHash, clientAddress }));
    for (let count = 0; count < 6; count += 1) expect(await guess()).toBe(0);
    expect(await guess()).toBe(60);
    expect(await retryAfter(one.begin(somebody()))).toBe(0);
  });

  test('at an account that is not heard anyway do not count for the address', async () => {
    const [one] = instances();
    const { emailHash, clientAddress } = somebody();
    for (let count = 0; count < 3; count += 1) await one.begin({ emailHash, clientAddress });
    for (let count = 0; count < 10; count += 1) {
      expect(await retryAfter(one.begin({ emailHash, clientAddress }))).toBe(60);
    }
    const others = () => retryAfter(one.begin({ emailHash: somebody().emailHash, clientAddress }));
    expect([await others(), await others(), await others(), await others()]).toEqual([0, 0, 0, 60]);
  });

  test('are counted before the password is looked at, so many at once are no way around', async () => {
    const [one, two] = instances();
    const { emailHash } = somebody();
    const guesses = Array.from({ length: 20 }, (_, index) =>
      retryAfter((index % 2 ? one : two).begin({ emailHash, clientAddress: somebody().clientAddress })),
    );
    expect((await Promise.all(guesses)).filter((pause) => pause === 0)).toHaveLength(3);
  });

  test('are forgotten when the password was right', async () => {
    const [one] = instances();
    const who = somebody();
    for (let count = 0; count < 10; count += 1) {
      const attempt = await one.begin(who);
      await attempt.right();
    }
    expect(await retryAfter(one.begin(who))).toBe(0);
  });

  test('do not count when the password was not looked at', async () => {
    const [one] = instances();
    const who = somebody();
    for (let count = 0; count < 10; count += 1) await (await one.begin(who)).undo();
    expect(await retryAfter(one.begin(who))).toBe(0);
  });

  test('are forgotten in time, and leave no row', async () => {
    const [one] = instances();
    const who = somebody();
    for (let count = 0; count < 3; count += 1) await one.begin(who);
    await pool.query('update attempts.failure set forget_at = now(), blocked_until = now()');
    expect(await retryAfter(one.begin(who))).toBe(0);
    expect(await retryAfter(one.begin(who))).toBe(0);
    await pool.query('update attempts.failure set forget_at = now()');
    await one.purge();
    expect((await pool.query('select from attempts.failure')).rowCount).toBe(0);
  });

  test('name neither account nor address in the table', async () => {
    const [one] = instances();
    const who = somebody();
    await one.begin(who);
    const { rows } = await pool.query<{ key: string }>('select key from attempts.failure');
    expect(rows.map(({ key }) => key).join()).not.toMatch(new RegExp(`${who.emailHash}|${who.clientAddress}`));
  });
});
