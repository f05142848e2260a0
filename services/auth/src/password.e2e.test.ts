import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandClient, createReplies, fingerprint, newId } from '@palaver/decider';
import { avroCodec, kafkaLog } from '@palaver/event-log';
import { type Account, api, password, signUp } from '@palaver/http/testing';
import { commandSchemas, passwordIdOf } from '@palaver/schemas';
import argon2 from 'argon2';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { authDecider } from './decider.ts';
import { mailsTo, tokenFor } from './outbox.fixture.ts';
import { secretsOf } from './secrets.ts';
import { passwordPlace } from './sign-up.ts';

/** New passwords: chosen by who knows the one before, or who reads the account's mails; and the same one under a new hash. */

const newPassword = 'battery staple horse';
const soon = { timeout: 20_000, interval: 100 };

const signIn = ({ email }: Pick<Account, 'email'>, given = password) =>
  api('POST /auth/signin', { body: { email, password: given } });
const change = ({ token }: Pick<Account, 'token'>, body: object = { password, newPassword }, headers = {}) =>
  api('POST /profiles/me/password', { token, body, headers });
const statusOf = async (token: string): Promise<number> => (await api('GET /profiles/me', { token })).status;

describe('POST /profiles/me/password', () => {
  test('gives another password, at once, and ends all other sessions', async () => {
    const ada = await signUp();
    const elsewhere = (await signIn(ada)).body.accessToken as string;
    const changed = await change(ada);
    expect(changed).toMatchObject({ status: 204, body: null });
    expect((await signIn(ada)).status).toBe(401);
    expect((await signIn(ada, newPassword)).status).toBe(200);
    await expect.poll(() => statusOf(elsewhere), soon).toBe(401);
    expect(await statusOf(ada.token)).toBe(200);
    await expect
      .poll(async () => (await mailsTo(ada.email)).map(({ subject }) => subject), soon)
      .toEqual(['Your password was changed']);
  });

  test('repeated under its Idempotency-Key is the same change, and with another password none', async () => {
    const ada = await signUp();
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const answers = [await change(ada, undefined, headers), await change(ada, undefined, headers)];
    expect(answers.map(({ status }) => status)).toEqual([204, 204]);
    const other = { password: newPassword, newPassword: 'another one entirely' };
    expect(await change(ada, other, headers)).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect((await signIn(ada, newPassword)).status).toBe(200);
  });

  test.each([
    ['a wrong password', { password: 'wrong horse battery', newPassword }, 403, 'wrong_password'],
    ['a common one', { password, newPassword: 'Password1' }, 422, 'password_too_common'],
    ['one that is too short', { password, newPassword: '7 chars' }, 400, 'invalid_input'],
    ['one that is too long', { password, newPassword: 'x'.repeat(129) }, 400, 'invalid_input'],
    ['no new one', { password }, 400, 'invalid_input'],
  ])('refuses %s, and changes nothing', async (_, body, status, code) => {
    const ada = await signUp();
    expect(await change(ada, body)).toMatchObject({ status, body: { code } });
    expect((await signIn(ada)).status).toBe(200);
  });

  test('is for who is signed in', async () => {
    expect(await api('POST /profiles/me/password', { body: { password, newPassword } })).toMatchObject({ status: 401 });
  });
});

describe('a forgotten password', () => {
  const forgot = (email: string) => api('POST /auth/password/forgot', { body: { email } });
  const reset = (token: string | null, given = newPassword) =>
    api('POST /auth/password/reset', { body: { token, newPassword: given } });
  const tokenOf = async ({ email }: Account): Promise<string> => {
    await expect.poll(() => tokenFor(email, 'Choose a new password'), soon).not.toBeNull();
    return (await tokenFor(email, 'Choose a new password'))!;
  };

  test('is replaced by who reads the mails of the address, once, and all sessions end', async () => {
    const ada = await signUp();
    expect(await forgot(ada.email.toUpperCase())).toMatchObject({ status: 202, body: null });
    const token = await tokenOf(ada);
    expect(await reset(token)).toMatchObject({ status: 204, body: null });
    expect((await signIn(ada)).status).toBe(401);
    expect((await signIn(ada, newPassword)).status).toBe(200);
    await expect.poll(() => statusOf(ada.token), soon).toBe(401);
    const again = await reset(token, 'yet another horse');
    expect(again).toMatchObject({ status: 401, body: { code: 'reset_token_invalid' } });
    expect((await signIn(ada, newPassword)).status).toBe(200);
  });

  test('20 at once with one token replace it once', async () => {
    const ada = await signUp();
    await forgot(ada.email);
    const token = await tokenOf(ada);
    const given = Array.from({ length: 20 }, (_, index) => `battery staple ${index}`);
    const statuses = (await Promise.all(given.map((one) => reset(token, one)))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    expect(new Set(statuses)).toEqual(new Set([204, 401]));
    expect((await signIn(ada, given[statuses.indexOf(204)]!)).status).toBe(200);
  });

  test('a token is good for nothing once the password is another one', async () => {
    const ada = await signUp();
    await forgot(ada.email);
    const token = await tokenOf(ada);
    await change(ada);
    expect(await reset(token, 'yet another horse')).toMatchObject({ status: 401 });
  });

  test('of an unknown address is answered alike, and nothing is mailed', async () => {
    const email = `nobody-${Date.now()}@example.com`;
    expect(await forgot(email)).toMatchObject({ status: 202, body: null });
    const ada = await signUp();
    await forgot(ada.email);
    await tokenOf(ada);
    expect(await mailsTo(email)).toEqual([]);
  });

  test('is asked for a few times only, whether there is an account or not', async () => {
    const ada = await signUp();
    for (const email of [ada.email, `nobody-${Date.now()}@example.com`]) {
      const statuses: number[] = [];
      for (let count = 0; count < 5; count += 1) statuses.push((await forgot(email)).status);
      expect(statuses).toEqual([202, 202, 202, 429, 429]);
    }
  });

  test('refuses tokens that nobody was mailed', async () => {
    const ada = await signUp();
    await forgot(ada.email);
    const token = await tokenOf(ada);
    const forged = `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`;
    expect(await reset(forged)).toMatchObject({ status: 401, body: { code: 'reset_token_invalid' } });
    expect(await reset(token.slice(1))).toMatchObject({ status: 400 });
    expect(await reset(token, '12345678')).toMatchObject({ status: 422, body: { code: 'password_too_common' } });
  });
});

describe('a hash of other parameters', () => {
  const environment = (name: string): string => process.env[name]!;

  /** As it lies in the read model, unsealed. */
  const hashOf = async ({ id }: Account): Promise<string> => {
    const pool = new pg.Pool({ connectionString: `${environment('PALAVER_TEST_POSTGRES')}/palaver_auth`, max: 1 });
    const { rows } = await pool.query('select password_sealed from model.profile where id = $1', [id]);
    await pool.end();
    const sealed = Buffer.from(rows[0].password_sealed, 'base64');
    return (await secrets()).passwords.unseal(sealed, passwordPlace(id)).toString();
  };
  const secrets = async () => {
    const text = await readFile(join(environment('PALAVER_TEST_DATA'), 'secrets', 'auth-key'), 'utf8');
    return secretsOf(Buffer.from(text.trim(), 'base64'));
  };

  test('is replaced at the next sign-in, and nobody is signed out by it', async () => {
    const ada = await signUp();
    const { passwords } = await secrets();
    const today = await hashOf(ada);
    // As if it were from years ago: half the memory.
    const weak = await argon2.hash(password, { type: argon2.argon2id, memoryCost: 9_728, timeCost: 2, parallelism: 1 });
    const passwordId = passwordIdOf(passwords.seal(Buffer.from(today), passwordPlace(ada.id)));
    const passwordSealed = passwords.seal(Buffer.from(weak), passwordPlace(ada.id));

    const log = kafkaLog({ brokers: environment('PALAVER_TEST_KAFKA').split(','), clientId: 'rehash-test' });
    const codec = await avroCodec({ registryUrl: environment('PALAVER_TEST_REGISTRY'), schemas: commandSchemas.auth });
    const client = await commandClient({ log, decider: authDecider, codec, replies: createReplies(newId()) });
    try {
      const data = { profileId: ada.id, passwordId, passwordSealed };
      const about = { id: newId(), actor: ada.id, timeMs: Date.now(), fingerprint: fingerprint(ada.id) };
      const { outcome } = await client.submit({ ...about, type: 'RehashPassword', data }, { timeoutMs: 20_000 });
      expect(outcome).toEqual({ kind: 'accepted', result: null });
    } finally {
      await client.close();
      await log.close();
    }
    await expect.poll(() => hashOf(ada), soon).toBe(weak);

    const signedIn = await signIn(ada);
    expect(signedIn.status).toBe(200);
    const parametersOf = (hash: string): string => hash.split('$').slice(0, 4).join('$');
    await expect.poll(async () => parametersOf(await hashOf(ada)), soon).toBe(parametersOf(today));
    expect((await signIn(ada)).status).toBe(200);
    for (const token of [ada.token, signedIn.body.accessToken]) expect(await statusOf(token)).toBe(200);
  });
});
