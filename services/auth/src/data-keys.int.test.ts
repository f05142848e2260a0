import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createKeysSchema, dataKeys } from './data-keys.ts';
import { sealer, UnsealError } from './sealing.ts';

const server = process.env.PALAVER_TEST_POSTGRES;
if (!server) throw new Error('PALAVER_TEST_POSTGRES (postgres://user:password@host:port) is needed for this test');

const database = `auth_${randomBytes(6).toString('hex')}`;
const admin = new pg.Pool({ connectionString: `${server}/postgres`, max: 1 });
let pool: pg.Pool;

beforeAll(async () => {
  await admin.query(`create database ${database}`);
  pool = new pg.Pool({ connectionString: `${server}/${database}`, max: 8 });
  await Promise.all([createKeysSchema(pool), createKeysSchema(pool), createKeysSchema(pool)]);
});

afterAll(async () => {
  await pool.end();
  // The pool's connections may still be closing; forced, they would end with an error that nobody hears.
  await vi.waitFor(() => admin.query(`drop database ${database}`), 10_000);
  await admin.end();
});

const wrapping = sealer(randomBytes(32));
const address = Buffer.from('ada@example.com');

describe('data keys', () => {
  test('a profile has one, whoever reserves it how often', async () => {
    const profileId = crypto.randomUUID();
    const keys = dataKeys(pool, wrapping);
    const reserved = await Promise.all(Array.from({ length: 10 }, () => keys.reserve(profileId, 'request')));
    const sealed = reserved.map((key) => key!.seal(address, 'place').toString('base64'));
    expect(new Set(sealed).size).toBe(1);
    const again = await dataKeys(pool, wrapping).of(profileId);
    expect(again?.unseal(Buffer.from(sealed[0]!, 'base64'), 'place')).toEqual(address);
  });

  test('another request for the same profile gets none, and changes nothing', async () => {
    const profileId = crypto.randomUUID();
    const keys = dataKeys(pool, wrapping);
    const first = await keys.reserve(profileId, 'request');
    expect(await keys.reserve(profileId, 'another request')).toBeNull();
    const sealed = first!.seal(address, 'place');
    expect((await keys.reserve(profileId, 'request'))?.unseal(sealed, 'place')).toEqual(address);
  });

  test('profiles do not share one', async () => {
    const keys = dataKeys(pool, wrapping);
    const [ada, bob] = [
      await keys.reserve(crypto.randomUUID(), 'request'),
      await keys.reserve(crypto.randomUUID(), 'request'),
    ];
    expect(() => bob!.unseal(ada!.seal(address, 'place'), 'place')).toThrow(UnsealError);
  });

  test('there is none of an unknown profile', async () => {
    expect(await dataKeys(pool, wrapping).of(crypto.randomUUID())).toBeNull();
  });

  test('one that was destroyed is gone for good, for its own request too', async () => {
    const profileId = crypto.randomUUID();
    const keys = dataKeys(pool, wrapping);
    await keys.reserve(profileId, 'request');
    const before = await pool.query('select wrapped_key from keys.data_key where profile_id = $1', [profileId]);
    for (let times = 0; times < 2; times += 1) {
      await keys.destroy(profileId);
      expect(await keys.of(profileId)).toBeNull();
      for (const request of ['request', 'destroyed']) expect(await keys.reserve(profileId, request)).toBeNull();
    }
    const after = await pool.query('select * from keys.data_key where profile_id = $1', [profileId]);
    expect(JSON.stringify(after.rows)).not.toContain(before.rows[0].wrapped_key.toString('hex'));
    expect(after.rows[0].wrapped_key).toEqual(Buffer.alloc(0));
  });

  test('can be destroyed before it was made', async () => {
    const profileId = crypto.randomUUID();
    const keys = dataKeys(pool, wrapping);
    await keys.destroy(profileId);
    expect(await keys.reserve(profileId, 'request')).toBeNull();
  });

  test('lie wrapped: who has the table alone, or moves a row, opens nothing', async () => {
    const [ada, bob] = [crypto.randomUUID(), crypto.randomUUID()];
    const keys = dataKeys(pool, wrapping);
    await keys.reserve(ada, 'request');
    await keys.reserve(bob, 'request');
    await expect(dataKeys(pool, sealer(randomBytes(32))).of(ada)).rejects.toThrow(UnsealError);
    await pool.query(
      'update keys.data_key set wrapped_key = (select wrapped_key from keys.data_key where profile_id = $1) where profile_id = $2',
      [ada, bob],
    );
    await expect(keys.of(bob)).rejects.toThrow(UnsealError);
  });
});
