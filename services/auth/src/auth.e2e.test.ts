import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, api } from '@palaver/http/testing';
import jsonwebtoken from 'jsonwebtoken';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';

const postgres = process.env.PALAVER_TEST_POSTGRES;
if (!postgres) throw new Error('PALAVER_TEST_POSTGRES is not set: run this test with `npm test`');
const model = new pg.Pool({ connectionString: `${postgres}/palaver_auth`, max: 1 });
afterAll(() => model.end());

const password = 'correct horse battery';
const nobody = '01900000-0000-7000-8000-000000000000';

let addresses = 0;
/** An address that no other test and no earlier run has used. */
const newEmail = (): string => {
  addresses += 1;
  return `auth-${Date.now()}-${process.pid}-${addresses}@example.com`;
};

const signUp = (body: object, headers: Record<string, string> = {}) => api('POST /auth/signup', { body, headers });
const signIn = (email: string, given = password) => api('POST /auth/signin', { body: { email, password: given } });
const account = async (name = 'Ada') => {
  const email = newEmail();
  const { status, body } = await signUp({ name, email, password });
  expect(status).toBe(201);
  return { email, id: body.profile.id as string, token: body.accessToken as string, profile: body.profile };
};

describe('POST /auth/signup', () => {
  test('makes a profile and signs it in', async () => {
    const { status, headers, body } = await signUp({ name: 'Zoë 🦊', email: newEmail(), password });
    expect(status).toBe(201);
    expect(headers.get('palaver-position')).toMatch(/^auth:\d+@\d+,auth:\d+@\d+$/);
    expect(body).toEqual({
      profile: {
        id: expect.any(String),
        name: 'Zoë 🦊',
        avatarUrl: null,
        avatarFileId: null,
        createdAt: expect.any(String),
      },
      sessionId: expect.any(String),
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresInSeconds: expect.any(Number),
      refreshToken: expect.any(String),
    });
    expect(900 - body.expiresInSeconds).toBeLessThan(30);
    expect(Math.abs(Date.parse(body.profile.createdAt) - Date.now())).toBeLessThan(60_000);
  });

  test('refuses an address that is taken, in whatever spelling', async () => {
    const { email } = await account();
    for (const spelling of [email, email.toUpperCase(), ` ${email} `]) {
      const answer = await signUp({ name: 'Eve', email: spelling, password });
      expect(answer).toMatchObject({ status: 409, body: { code: 'email_taken' } });
    }
  });

  test('100 at once with one address, in whatever spelling, make exactly one account', async () => {
    const email = newEmail();
    const run = `Twin of ${Date.now()}`;
    const spelled = (index: number): string =>
      [...email].map((c, i) => ((index >> (i % 7)) & 1 ? c.toUpperCase() : c)).join('');
    // Whoever finds the queue for hashes full is told when to come again, and is decided then.
    const decided = async (index: number): Promise<Answer> => {
      for (;;) {
        const body = { name: `${run} ${index}`, email: spelled(index), password: `${password} ${index}` };
        const answer = await signUp(body);
        if (answer.status !== 503) return answer;
        expect(answer.body.code).toBe('busy');
        await delay(1_000 * Number(answer.headers.get('retry-after')));
      }
    };
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => decided(index)));
    const won = (answer: Answer): boolean => answer.status === 201;
    expect(new Set(Array.from({ length: 100 }, (_, index) => spelled(index))).size).toBe(100);
    expect(answers.filter(won)).toHaveLength(1);
    expect(answers.filter(({ status, body }) => status === 409 && body.code === 'email_taken')).toHaveLength(99);
    const winner = answers.findIndex(won);
    const { profile, accessToken } = answers[winner]!.body;
    for (const spelling of [email, email.toUpperCase(), spelled(winner)]) {
      expect(await signIn(spelling, `${password} ${winner}`)).toMatchObject({ status: 200, body: { profile } });
    }
    expect(await api('GET /profiles/me', { token: accessToken })).toMatchObject({ body: { ...profile, email } });
    const { rows } = await model.query('select id from model.profile where name like $1', [`${run} %`]);
    expect(rows).toEqual([{ id: profile.id }]);
    // No more than may fail without a pause.
    for (const loser of answers
      .keys()
      .filter((index) => index !== winner)
      .take(5)) {
      expect((await signIn(email, `${password} ${loser}`)).status).toBe(401);
    }
  }, 60_000);

  test('with the same Idempotency-Key makes one profile and one session, and gives the same answer each time', async () => {
    const headers = { 'idempotency-key': `sign-up-${newEmail()}` };
    const body = { name: 'Once', email: newEmail(), password };
    const answers = await Promise.all([1, 2, 3].map(() => signUp(body, headers)));
    answers.push(await signUp(body, headers));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    const told = answers.map(({ body: { expiresInSeconds: _, ...rest } }) => rest);
    expect(told).toEqual([told[0], told[0], told[0], told[0]]);
    const { items } = (await api('GET /auth/sessions', { token: told[0].accessToken, after: answers[0]! })).body;
    expect(items).toMatchObject([{ id: told[0].sessionId, current: true }]);
  });

  test('refuses the same Idempotency-Key with anything else in the body', async () => {
    const headers = { 'idempotency-key': `sign-up-${newEmail()}` };
    const body = { name: 'Once', email: newEmail(), password };
    expect(await signUp(body, headers)).toMatchObject({ status: 201 });
    const other = newEmail();
    for (const change of [{ name: 'Twice' }, { password: 'another password' }, { email: other }]) {
      const answer = await signUp({ ...body, ...change }, headers);
      expect(answer).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    }
    // The refused one has claimed nothing.
    expect(await signUp({ ...body, email: other })).toMatchObject({ status: 201 });
  });

  const good = { name: 'Ada', email: 'ada@example.com', password };
  test.each([
    ['no name', { ...good, name: undefined }, '/name', 'required'],
    ['an empty name', { ...good, name: '' }, '/name', 'too_short'],
    ['a long name', { ...good, name: 'x'.repeat(33) }, '/name', 'too_long'],
    ['a blank name', { ...good, name: '   ' }, '/name', 'invalid_format'],
    ['a name with a line break', { ...good, name: 'Ada\nLovelace' }, '/name', 'invalid_format'],
    ['no address', { ...good, email: undefined }, '/email', 'required'],
    ['an address without a domain', { ...good, email: 'ada' }, '/email', 'invalid_email'],
    ['a list of addresses', { ...good, email: ['ada@example.com'] }, '/email', 'invalid_type'],
    ['no password', { ...good, password: undefined }, '/password', 'required'],
    ['a short password', { ...good, password: '1234567' }, '/password', 'too_short'],
    ['a long password', { ...good, password: 'x'.repeat(129) }, '/password', 'too_long'],
    ['a number for a password', { ...good, password: 12345678 }, '/password', 'invalid_type'],
    ['an unknown field', { ...good, role: 'ADMIN' }, '/role', 'unknown_field'],
    [
      'a lone surrogate',
      `{"name":"\\ud800","email":"a@example.com","password":"${password}"}`,
      '/name',
      'invalid_text',
    ],
  ])('refuses %s', async (_, body, pointer, code) => {
    const answer = await api('POST /auth/signup', { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input', errors: [{ pointer, code }] } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(JSON.stringify(answer.body)).not.toContain(password);
  });

  test('refuses malformed JSON and a body over the limit', async () => {
    expect(await api('POST /auth/signup', { body: '{"name":' })).toMatchObject({
      status: 400,
      body: { code: 'malformed_json' },
    });
    const large = { name: 'Ada', email: newEmail(), password: 'x'.repeat(300_000) };
    expect(await signUp(large)).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
  });
});

describe('POST /auth/signin', () => {
  test('gives the profile and a new token, whatever the spelling of the address', async () => {
    const { email, profile, token } = await account();
    const { status, body } = await signIn(email.toUpperCase());
    expect(status).toBe(200);
    expect(body).toEqual({
      profile,
      sessionId: expect.any(String),
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresInSeconds: expect.any(Number),
      refreshToken: expect.any(String),
    });
    expect(body.accessToken).not.toBe(token);
    expect(await api('GET /profiles/me', { token: body.accessToken })).toMatchObject({ status: 200 });
  });

  test('gives the same answer for a wrong password and an unknown address', async () => {
    const { email } = await account();
    const wrong = await signIn(email, 'wrong horse battery');
    const unknown = await signIn(newEmail());
    expect(wrong).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    const { requestId: _, ...told } = wrong.body;
    expect(unknown).toMatchObject({ status: 401, body: told });
    expect(Object.keys(unknown.body)).toEqual(Object.keys(wrong.body));
  });

  test('refuses bad input', async () => {
    const { email } = await account();
    expect(await signIn('no address')).toMatchObject({ status: 400, body: { errors: [{ pointer: '/email' }] } });
    expect(await signIn(email, '')).toMatchObject({ status: 400, body: { errors: [{ pointer: '/password' }] } });
    expect(await signIn(email, 'x'.repeat(129))).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'too_long' }] },
    });
  });
});

describe('POST /auth/verify', () => {
  const verify = (token: unknown) => api('POST /auth/verify', { body: { token } });

  test('tells whose a token is and until when', async () => {
    const { id, token } = await account('Verity');
    const { status, body } = await verify(token);
    expect(status).toBe(200);
    expect(body).toEqual({ profileId: id, name: 'Verity', expiresAt: expect.any(String) });
    const leftMs = Date.parse(body.expiresAt) - Date.now();
    expect(leftMs).toBeGreaterThan(14 * 60_000);
    expect(leftMs).toBeLessThanOrEqual(15 * 60_000);
  });

  test('refuses what is no token of ours, and what is none', async () => {
    const { token } = await account();
    for (const forged of [`${token}x`, token.slice(0, -1), 'a.b.c', 'x']) {
      expect(await verify(forged)).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
    }
    expect(await verify('')).toMatchObject({ status: 400 });
    expect(await verify(7)).toMatchObject({ status: 400 });
    expect(await api('POST /auth/verify', { body: {} })).toMatchObject({ status: 400 });
  });
});

describe('GET /profiles', () => {
  test('me: the profile, with the address that only its owner sees', async () => {
    const { email, token, profile } = await account();
    const { status, body } = await api('GET /profiles/me', { token });
    expect(status).toBe(200);
    expect(body).toEqual({ ...profile, email });
  });

  test('of another: without the address', async () => {
    const [ada, bob] = [await account('Ada'), await account('Bob')];
    const answer = await api(`GET /profiles/${bob.id}`, { token: ada.token });
    expect(answer).toMatchObject({ status: 200, body: bob.profile });
    expect(JSON.stringify(answer.body)).not.toContain(bob.email);
  });

  test('refuses unknown and malformed ids, and asking without a token', async () => {
    const { id, token } = await account();
    const unknown = await api(`GET /profiles/${nobody}`, { token });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'profile_not_found' } });
    expect(await api('GET /profiles/not-an-id', { token })).toMatchObject({ status: 400 });
    for (const path of ['me', id] as const) {
      const answer = await api(`GET /profiles/${path}`);
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });
});

describe('forged tokens', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicPem = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString();
  const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

  /** Header and payload of a true token, changed, with a signature of the forger's choice. */
  const forge = (token: string, header: object, payload: object, sign: (input: string) => string): string => {
    const { header: head, payload: body } = jsonwebtoken.decode(token, { complete: true })!;
    const input = `${encoded({ ...head, ...header })}.${encoded({ ...(body as object), ...payload })}`;
    return `${input}.${sign(input)}`;
  };
  const ours = (token: string, over: jsonwebtoken.SignOptions = {}): string => {
    const { header, payload } = jsonwebtoken.decode(token, { complete: true })!;
    const { iss, aud, sub } = payload as jsonwebtoken.JwtPayload;
    return jsonwebtoken.sign({ jti: 'forged' }, privateKey, {
      algorithm: 'RS256',
      keyid: header.kid!,
      issuer: iss!,
      audience: aud!,
      subject: sub!,
      expiresIn: 900,
      ...over,
    });
  };

  test.each<[string, (token: string) => string]>([
    ['no algorithm and no signature', (token) => forge(token, { alg: 'none' }, {}, () => '')],
    [
      'HS256 with the public key as its secret',
      (token) =>
        forge(token, { alg: 'HS256' }, {}, (input) =>
          createHmac('sha256', publicPem).update(input).digest('base64url'),
        ),
    ],
    ['the signature of another token', (token) => forge(token, {}, { sub: nobody }, () => token.split('.')[2]!)],
    ["another's key under our kid", (token) => ours(token)],
    ["another's key under its own kid", (token) => ours(token, { keyid: 'forger' })],
    ['a kid that is a path', (token) => ours(token, { keyid: '../../dev/null' })],
    ['a later expiry', (token) => forge(token, {}, { exp: 9_999_999_999 }, () => token.split('.')[2]!)],
    ['no token at all', () => 'a.b.c'],
  ])('are refused: %s', async (_, forged) => {
    const { token } = await account();
    const mine = forged(token);
    expect(await api('GET /profiles/me', { token: mine })).toMatchObject({
      status: 401,
      body: { code: 'token_invalid' },
    });
    expect(await api('POST /auth/verify', { body: { token: mine } })).toMatchObject({ status: 401 });
  });
});
