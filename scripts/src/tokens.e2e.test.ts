/**
 * Tokens as the processes of the house take them, each at its own door: forged ones, those of ended sessions, and those of a signing key
 * that is replaced while requests flow.
 */
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gatewayUrl, signUp } from '@palaver/http/testing';
import jsonwebtoken from 'jsonwebtoken';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { killPart, processUrl, startPart, startProcess, stopProcess, untilReady } from './house/control-client.ts';
import { rotateSigningKey, secretFiles } from './house/secrets.ts';
import { required } from './testing.ts';

const files = () => secretFiles(required('PALAVER_TEST_DATA'));

/** The key that tokens are signed with now. */
const signingKey = (): { key: KeyObject; kid: string } => {
  const parsed = JSON.parse(readFileSync(files().signingKey, 'utf8'));
  const jwk = parsed.keys?.at(-1) ?? parsed;
  return { key: createPrivateKey({ key: jwk, format: 'jwk' }), kid: jwk.kid };
};

type Door = { readonly name: string; readonly url: string };
let doors: readonly Door[];
beforeAll(async () => {
  doors = [
    { name: 'gateway to auth', url: `${gatewayUrl()}/api/profiles/me` },
    { name: 'gateway to servers', url: `${gatewayUrl()}/api/servers` },
    { name: 'auth', url: `${await processUrl('auth')}/profiles/me` },
    { name: 'servers', url: `${await processUrl('servers')}/servers` },
    { name: 'messages', url: `${await processUrl('messages')}/channels/${crypto.randomUUID()}/messages` },
  ];
});

const knock = async ({ url }: Door, token: string) => {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const body = (await answer.json()) as { code?: string };
  return { status: answer.status, code: body.code, challenge: answer.headers.get('www-authenticate') ?? '' };
};
/** What the door makes of a token that is good: the channel that is asked of `messages` is nowhere. */
const isTaken = async (door: Door, token: string): Promise<boolean> => (await knock(door, token)).status !== 401;

const seconds = { timeout: 5_000, interval: 20 };
const away = 90_000;

describe('forged tokens', () => {
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = (changes: object = {}) => {
    const now = Math.floor(Date.now() / 1_000);
    const who = { sub: '01900000-0000-7000-8000-000000000001', sid: crypto.randomUUID(), jti: crypto.randomUUID() };
    return { ...who, iss: 'palaver-auth', aud: 'palaver', iat: now, exp: now + 600, ...changes };
  };
  const signed = (given: object = claims(), header: object = {}): string => {
    const { key, kid } = signingKey();
    return jsonwebtoken.sign(given, key, { algorithm: 'RS256', keyid: kid, ...header });
  };
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });

  const forged: Record<string, () => string> = {
    'alg none': () => `${encoded({ alg: 'none', typ: 'JWT', kid: signingKey().kid })}.${encoded(claims())}.`,
    'HS256 signed with the public key': () => {
      const pem = createPublicKey(signingKey().key).export({ type: 'spki', format: 'pem' });
      const text = `${encoded({ alg: 'HS256', typ: 'JWT', kid: signingKey().kid })}.${encoded(claims())}`;
      return `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`;
    },
    'HS256 signed with the published key set': () => {
      const text = `${encoded({ alg: 'HS256', typ: 'JWT', kid: signingKey().kid })}.${encoded(claims())}`;
      return `${text}.${createHmac('sha256', readFileSync(files().publicKeys)).update(text).digest('base64url')}`;
    },
    'another key under our kid': () =>
      jsonwebtoken.sign(claims(), foreign.privateKey, { algorithm: 'RS256', keyid: signingKey().kid }),
    'a wrong kid': () => signed(claims(), { keyid: 'somebody' }),
    'RS512 by our own key': () => signed(claims(), { algorithm: 'RS512' }),
    'another issuer': () => signed(claims({ iss: 'somebody' })),
    'another audience': () => signed(claims({ aud: 'somebody' })),
    'changed claims': () => {
      const [header, , signature] = signed().split('.');
      return `${header}.${encoded(claims())}.${signature}`;
    },
  };
  const refusedAt = async (token: string) =>
    Promise.all(doors.map(async (door) => ({ door: door.name, ...(await knock(door, token)) })));
  const challenge = expect.stringContaining('error="invalid_token"');

  test.each(Object.keys(forged))('%s: refused at every door', async (name) => {
    expect(await refusedAt(forged[name]!())).toEqual(
      doors.map(({ name: door }) => ({ door, status: 401, code: 'token_invalid', challenge })),
    );
  });
  test('expired: refused at every door', async () => {
    const over = { iat: Math.floor(Date.now() / 1_000) - 600, exp: Math.floor(Date.now() / 1_000) - 1 };
    expect(await refusedAt(signed(claims(over)))).toEqual(
      doors.map(({ name: door }) => ({ door, status: 401, code: 'token_expired', challenge })),
    );
  });
  test('one that is not forged is taken, so that it is not for its making that the others are refused', async () => {
    for (const door of doors) expect(await isTaken(door, signed())).toBe(true);
  });
});

describe('a session that ends', () => {
  const signOut = async (token: string) => {
    const options = { method: 'POST', headers: { authorization: `Bearer ${token}` } };
    expect((await fetch(`${gatewayUrl()}/api/auth/signout`, options)).status).toBe(204);
  };
  const expectEnded = (token: string) =>
    Promise.all(
      doors.map((door) =>
        vi.waitFor(async () => expect(await knock(door, token)).toMatchObject({ code: 'session_ended' }), seconds),
      ),
    );

  test('is known at every door within seconds, the gateway that remembers its token included', async () => {
    const { token } = await signUp();
    for (const door of doors) expect(await isTaken(door, token)).toBe(true);
    await signOut(token);
    await expectEnded(token);
  });

  test(
    'is known to who starts after it has ended',
    async () => {
      const { token } = await signUp();
      await signOut(token);
      for (const name of ['messages', 'gateway'] as const) {
        await stopProcess(name);
        await startProcess(name);
        await untilReady(name);
      }
      for (const door of doors) expect(await knock(door, token)).toMatchObject({ status: 401, code: 'session_ended' });
    },
    away,
  );

  test(
    'is known to a gateway that started while the broker was away, once it takes requests',
    async () => {
      const { token } = await signUp();
      await signOut(token);
      await killPart('kafka');
      let started: Promise<void>;
      try {
        await stopProcess('gateway');
        started = startProcess('gateway');
        started.catch(() => undefined);
      } finally {
        await startPart('kafka');
      }
      await started;
      await untilReady('gateway');
      expect(await knock(doors[0]!, token)).toMatchObject({ status: 401, code: 'session_ended' });
    },
    away,
  );
});

describe('the signing key', () => {
  const jwks = async (url: string) =>
    ((await (await fetch(url)).json()) as { keys: { kid: string; d?: string }[] }).keys;

  test(
    'is replaced under load, and no request is refused for it',
    async () => {
      const before = signingKey().kid;
      const old = await signUp();
      let running = true;
      const refused: unknown[] = [];
      const counts = { requests: 0, refreshes: 0 };
      const kids = new Set<string>();
      const kidOf = (token: string): string =>
        JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).kid;

      /** Refreshes, and shows each new token at every door at once. */
      const client = async () => {
        const body = { name: 'Rota', email: `${crypto.randomUUID()}@example.com`, password: 'correct horse battery' };
        const post = async (path: string, given: object) => {
          const answer = await fetch(`${gatewayUrl()}/api${path}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(given),
          });
          if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
          return (await answer.json()) as { accessToken: string; refreshToken: string };
        };
        let session = await post('/auth/signup', body);
        while (running) {
          session = await post('/auth/refresh', { refreshToken: session.refreshToken });
          counts.refreshes += 1;
          kids.add(kidOf(session.accessToken));
          for (const token of [session.accessToken, old.token]) {
            const answers = await Promise.all(doors.map((door) => knock(door, token)));
            counts.requests += answers.length;
            refused.push(...answers.filter(({ status }) => status === 401));
          }
        }
      };
      const clients = [client(), client(), client()];
      const { kid } = await rotateSigningKey(files());
      await vi.waitFor(() => expect([...kids]).toContain(kid), { timeout: 10_000 });
      const soFar = counts.refreshes;
      await vi.waitFor(() => expect(counts.refreshes).toBeGreaterThan(soFar + 30), { timeout: 20_000 });
      running = false;
      await Promise.all(clients);

      expect(refused).toEqual([]);
      expect(counts.requests).toBeGreaterThan(200);
      expect(kids).toEqual(new Set([before, kid]));
      for (const url of [
        `${gatewayUrl()}/.well-known/jwks.json`,
        `${gatewayUrl()}/api/.well-known/jwks.json`,
        `${await processUrl('auth')}/.well-known/jwks.json`,
      ]) {
        const published = await jwks(url);
        expect(published.map((key) => key.kid)).toEqual([before, kid]);
        expect(published.filter((key) => key.d !== undefined)).toEqual([]);
      }
    },
    away,
  );
});
