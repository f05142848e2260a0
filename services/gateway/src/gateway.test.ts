import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  request,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';
import {
  createApp,
  defineRoute,
  endedSessions,
  type Listening,
  listen,
  parseCidrs,
  type ProblemDocument,
  text,
  tokenVerifier,
} from '@palaver/http';
import { createLogger, createMetrics } from '@palaver/runtime';
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createGateway, type Gateway, type GatewayOptions } from './app.ts';
import { parseOrigins } from './cors.ts';
import type { RateLimits } from './rate-limits.ts';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwks = { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'key-1' }] };
const verifyToken = tokenVerifier({ jwks, issuer: 'i', audience: 'a' });
const tokenOf = (profile: string, more: jsonwebtoken.SignOptions = {}) =>
  jsonwebtoken.sign({}, keys.privateKey, {
    algorithm: 'RS256',
    keyid: 'key-1',
    subject: profile,
    jwtid: 'x',
    issuer: 'i',
    audience: 'a',
    expiresIn: 60,
    ...more,
  });

const ended = endedSessions({ keepMs: 60_000 });
const quiet = createLogger({ name: 'test', level: 'silent' });
const closers: (() => Promise<void>)[] = [];

const serve = async (listener: RequestListener): Promise<Listening> => {
  const server = await listen(listener, { host: '127.0.0.1', port: 0, graceMs: 500 });
  closers.push(server.close);
  return server;
};

/** An address where nothing listens. */
const deadUrl = async (): Promise<string> => {
  const server = await listen(() => {}, { host: '127.0.0.1', port: 0 });
  await server.close();
  return server.url;
};

const startGateway = async (
  upstreams: Partial<Parameters<typeof createGateway>[0]['upstreams']>,
  limits = {},
  more: Partial<GatewayOptions> = {},
): Promise<Listening & { gateway: Gateway }> => {
  const nowhere = [await deadUrl()];
  const gateway = createGateway({
    upstreams: { auth: nowhere, servers: nowhere, messages: nowhere, files: nowhere, ...upstreams },
    verifyToken,
    ended,
    logger: quiet,
    metrics: createMetrics('gateway'),
    limits,
    ...more,
  });
  closers.push(gateway.close);
  return { ...(await serve(gateway.listener)), gateway };
};

type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};
const seen: Seen[] = [];
const last = (): Seen => seen.at(-1)!;
const repliesOf: Record<string, RequestListener> = {};

/** Notes what it gets and answers 200, or what the test has laid down for the path. */
const recorder =
  (name: string): RequestListener =>
  async (req, res) => {
    const reply = repliesOf[req.url ?? ''];
    if (reply) return reply(req, res);
    const body = await buffer(req);
    seen.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers, body });
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ from: name }));
  };

let url: string;
beforeAll(async () => {
  const [auth, servers, messages] = await Promise.all(
    ['auth', 'servers', 'messages'].map((name) => serve(recorder(name))),
  );
  ({ url } = await startGateway({ auth: [auth!.url], servers: [servers!.url], messages: [messages!.url] }));
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});
beforeEach(() => {
  seen.length = 0;
  for (const path of Object.keys(repliesOf)) delete repliesOf[path];
});

const expectProblem = async (answer: Response, status: number, code: string): Promise<ProblemDocument> => {
  const problem = (await answer.json()) as ProblemDocument;
  expect([answer.status, problem.code]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(problem.requestId).toBe(answer.headers.get('x-request-id'));
  return problem;
};

describe('routing', () => {
  test.each([
    ['/api/auth/signin', 'auth', '/auth/signin'],
    ['/api/profiles/me?a=1&b=%20', 'auth', '/profiles/me?a=1&b=%20'],
    ['/api/servers', 'servers', '/servers'],
    ['/api/servers?limit=1', 'servers', '/servers?limit=1'],
    ['/api/invites/abc', 'servers', '/invites/abc'],
    ['/api/channels/1/messages', 'messages', '/channels/1/messages'],
    ['/api/messages/1', 'messages', '/messages/1'],
    ['/.well-known/jwks.json', 'auth', '/.well-known/jwks.json'],
    ['/api/.well-known/jwks.json', 'auth', '/.well-known/jwks.json'],
  ])('%s goes to %s', async (path, name, passed) => {
    const answer = await fetch(`${url}${path}`);
    expect(await answer.json()).toEqual({ from: name });
    expect(last().url).toBe(passed);
  });
  test('/api leads to its documents', async () => {
    const answer = await fetch(`${url}/api`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/api/docs']);
  });
  test.each(['/api/serversx', '/servers', '/api/health/live', '/api//servers', '/api/metrics'])(
    '%s is no route',
    async (path) => {
      await expectProblem(await fetch(`${url}${path}`), 404, 'route_not_found');
      expect(seen).toEqual([]);
    },
  );
  test('method, status and headers of the answer come through', async () => {
    repliesOf['/servers/1'] = (req, res) => {
      res.writeHead(418, { 'Set-Cookie': ['a=1', 'b=2'], ETag: '"v1"', 'X-Method': req.method! });
      res.end('short');
    };
    const answer = await fetch(`${url}/api/servers/1`, { method: 'DELETE' });
    expect([answer.status, answer.headers.get('etag'), answer.headers.get('x-method')]).toEqual([
      418,
      '"v1"',
      'DELETE',
    ]);
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await answer.text()).toBe('short');
  });
  test('answers without a body come through', async () => {
    repliesOf['/servers/1'] = (_req, res) => void res.writeHead(204).end();
    expect((await fetch(`${url}/api/servers/1`)).status).toBe(204);
    const head = await fetch(`${url}/api/servers`, { method: 'HEAD' });
    expect([head.status, last().method]).toEqual([200, 'HEAD']);
  });
});

describe('headers', () => {
  test('of one connection, and those that only the gateway says, are not passed on', async () => {
    await new Promise<void>((resolve, reject) => {
      const asked = request(`${url}/api/servers`, {
        headers: {
          Connection: 'keep-alive, X-Secret-Hop',
          'X-Secret-Hop': '1',
          TE: 'trailers',
          'Proxy-Authorization': 'Basic YTpi',
          'X-Forwarded-For': '6.6.6.6',
          'X-Palaver-Internal-Actor': 'admin',
          'Palaver-Internal-Actor': 'admin',
          Forwarded: 'for=6.6.6.6',
          'Idempotency-Key': 'kept',
        },
      });
      asked
        .on('response', (answer) => answer.resume().on('end', resolve))
        .on('error', reject)
        .end();
    });
    const { headers } = last();
    expect(headers).toMatchObject({
      'idempotency-key': 'kept',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
    });
    for (const name of [
      'x-secret-hop',
      'te',
      'proxy-authorization',
      'x-palaver-internal-actor',
      'palaver-internal-actor',
      'forwarded',
    ]) {
      expect(headers).not.toHaveProperty(name);
    }
  });
  test('of the answer that belong to one connection or are internal are not passed back', async () => {
    repliesOf['/servers/1'] = (_req, res) => {
      res
        .writeHead(200, { Connection: 'close, X-Hop', 'X-Hop': '1', 'Palaver-Internal-Note': '1', 'X-Kept': '1' })
        .end('{}');
    };
    const { headers } = await fetch(`${url}/api/servers/1`);
    expect([headers.get('x-kept'), headers.get('x-hop'), headers.get('palaver-internal-note')]).toEqual([
      '1',
      null,
      null,
    ]);
  });
  test('say one request id and one trace to client and service', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const answer = await fetch(`${url}/api/servers`, { headers: { 'X-Request-Id': 'abc', traceparent } });
    expect(answer.headers.get('x-request-id')).toBe('abc');
    expect(last().headers).toMatchObject({ 'x-request-id': 'abc', traceparent });
    const fresh = await fetch(`${url}/api/servers`, { headers: { 'X-Request-Id': 'a b', traceparent: 'no' } });
    expect(last().headers['x-request-id']).toBe(fresh.headers.get('x-request-id'));
    expect(last().headers.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
  });
});

describe('tokens', () => {
  const withToken = (authorization: string) =>
    fetch(`${url}/api/servers`, { headers: { Authorization: authorization } });
  test('that are good are passed on, and absent ones are for the service to judge', async () => {
    const authorization = `Bearer ${tokenOf('ada')}`;
    expect((await withToken(authorization)).status).toBe(200);
    expect(last().headers.authorization).toBe(authorization);
    expect((await fetch(`${url}/api/servers`)).status).toBe(200);
  });
  test('that are not good go no further', async () => {
    const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const forged = jsonwebtoken.sign({ sub: 'ada', jti: 'x', iss: 'i', aud: 'a' }, foreign, {
      algorithm: 'RS256',
      keyid: 'key-1',
      expiresIn: 60,
    });
    await expectProblem(await withToken(`Bearer ${forged}`), 401, 'token_invalid');
    await expectProblem(await withToken(`Bearer ${tokenOf('ada', { expiresIn: -1 })}`), 401, 'token_expired');
    await expectProblem(await withToken('Basic YTpi'), 401, 'unauthenticated');
    expect(seen).toEqual([]);
  });
  test('that were good are refused once their session has ended', async () => {
    const authorization = `Bearer ${jsonwebtoken.sign({ sid: 'session-1' }, keys.privateKey, {
      algorithm: 'RS256',
      keyid: 'key-1',
      subject: 'ada',
      jwtid: 'x',
      issuer: 'i',
      audience: 'a',
      expiresIn: 60,
    })}`;
    expect((await withToken(authorization)).status).toBe(200);
    ended.end('session-1', Date.now());
    const answer = await withToken(authorization);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    await expectProblem(answer, 401, 'session_ended');
    expect((await withToken(`Bearer ${tokenOf('ada')}`)).status).toBe(200);
  });
  test('that were good expire here too', async () => {
    const authorization = `Bearer ${tokenOf('ada', { expiresIn: 3 })}`;
    expect((await withToken(authorization)).status).toBe(200);
    await expect.poll(async () => (await withToken(authorization)).status, { timeout: 10_000 }).toBe(401);
  });
});

describe('bodies', () => {
  test('of 32 MB come through whole in both directions, as they flow', async () => {
    const bytes = randomBytes(32 * 1024 * 1024);
    repliesOf['/messages/echo'] = (req, res) => void req.pipe(res);
    const answer = await fetch(`${url}/api/messages/echo`, { method: 'POST', body: bytes });
    expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), bytes)).toBe(0);
  });
  test('are passed on before they end', async () => {
    repliesOf['/messages/echo'] = (req, res) => void req.pipe(res);
    const asked = request(`${url}/api/messages/echo`, { method: 'POST' });
    const first = new Promise<string>((resolve, reject) => {
      asked.on('response', (answer) => answer.once('data', (chunk) => resolve(String(chunk)))).on('error', reject);
    });
    asked.write('first');
    expect(await first).toBe('first');
    asked.end();
  });
  test('that the service refuses unread get its answer', async () => {
    const service = await serve(
      createApp({
        name: 'messages',
        routes: [
          defineRoute({
            method: 'post',
            path: '/messages',
            operationId: 'post',
            summary: '',
            tags: [],
            auth: 'none',
            kind: 'command',
            body: z.strictObject({ content: text({ max: 10 }) }),
            response: z.null(),
            status: 200,
            problems: [],
            handler: () => null,
          }),
        ],
        verifyToken,
        logger: quiet,
        metrics: createMetrics('messages'),
        problems: {},
        ready: () => [],
      }),
    );
    const { url: through } = await startGateway({ messages: [service.url] });
    const headers = { 'Content-Type': 'application/json' };
    for (const length of [300_000, 5_000_000]) {
      const body = JSON.stringify({ content: 'x'.repeat(length) });
      const answer = await fetch(`${through}/api/messages`, { method: 'POST', headers, body });
      await expectProblem(answer, 413, 'body_too_large');
    }
  });
  test.each([
    ['at once', 0],
    ['when it has read some', 1_000_000],
  ])('that the service refuses %s do not stand in the way of the next request', async (_when, after) => {
    repliesOf['/messages/refused'] = (req, res) => {
      let read = 0;
      const refuse = () => {
        req.pause();
        res.statusCode = 403;
        res.end('refused');
      };
      if (after === 0) return refuse();
      req.on('data', (chunk: Buffer) => {
        if (read < after && read + chunk.length >= after) refuse();
        read += chunk.length;
      });
    };
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const post = (path: string, body: Buffer) =>
      new Promise((resolve, reject) => {
        const asked = request(`${url}/api/messages/${path}`, { method: 'POST', agent, timeout: 5_000 }, (answer) => {
          answer.on('end', () => resolve(answer.statusCode)).on('error', reject);
          answer.resume();
        });
        asked.on('timeout', () => asked.destroy(new Error('no answer')));
        asked.on('error', reject).end(body);
      });
    for (let count = 0; count < 40; count++) {
      expect(await post('refused', Buffer.alloc(3_000_000))).toBe(403);
      expect(await post('taken', Buffer.alloc(10))).toBe(200);
    }
    agent.destroy();
  });
  test('whose client leaves are not waited for', async () => {
    let left = false;
    repliesOf['/messages/slow'] = (req, res) => {
      res.on('close', () => {
        left = !res.writableFinished;
      });
      req.resume();
    };
    const leaving = new AbortController();
    const asked = fetch(`${url}/api/messages/slow`, { signal: leaving.signal });
    setTimeout(() => leaving.abort(), 50);
    await expect(asked).rejects.toThrow();
    await expect.poll(() => left).toBe(true);
  });
});

describe('a service that is away', () => {
  test('is a 503 that says when to ask again', async () => {
    const { url: alone } = await startGateway({});
    const answer = await fetch(`${alone}/api/servers`, { method: 'POST', body: '{}' });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect((await expectProblem(answer, 503, 'service_unavailable')).detail).toContain('nothing was done');
  });
  test('is passed over when it has another instance', async () => {
    const alive = await serve(recorder('second'));
    const { url: two } = await startGateway({ servers: [await deadUrl(), alive.url] });
    for (let count = 0; count < 4; count++) {
      const answer = await fetch(`${two}/api/servers`, { method: 'POST', body: 'the body' });
      expect(await answer.json()).toEqual({ from: 'second' });
      expect(String(last().body)).toBe('the body');
    }
  });
  test('and breaks off leaves the outcome open', async () => {
    repliesOf['/servers'] = (req) => void req.socket.destroy();
    const answer = await fetch(`${url}/api/servers`, { method: 'POST', body: '{}' });
    expect((await expectProblem(answer, 502, 'service_broke_off')).detail).toContain('is not known');
  });
  test('and breaks off in the midst of a body leaves the outcome open', async () => {
    repliesOf['/servers'] = (req) => void req.once('data', () => req.socket.destroy());
    const answer = await fetch(`${url}/api/servers`, { method: 'POST', body: Buffer.alloc(3_000_000) });
    await expectProblem(answer, 502, 'service_broke_off');
  });
  test.each([
    ['a query', { method: 'GET' }, 2],
    ['a command with a key', { method: 'DELETE', headers: { 'Idempotency-Key': 'k' } }, 2],
    ['a command without one', { method: 'DELETE' }, 1],
    ['a command with a key and a body', { method: 'POST', body: '{}', headers: { 'Idempotency-Key': 'k' } }, 1],
  ])('and breaks off is asked once more, if that does no harm: %s', async (_what, request, times) => {
    let asked = 0;
    repliesOf['/servers/1'] = (req) => {
      asked += 1;
      req.socket.destroy();
    };
    await expectProblem(await fetch(`${url}/api/servers/1`, request), 502, 'service_broke_off');
    expect(asked).toBe(times);
  });
  test('is not asked for a while, and then by one request until it answers', async () => {
    const hanging: ServerResponse[] = [];
    let asked = 0;
    const sick = await serve((req, res) => {
      asked += 1;
      req.resume();
      hanging.push(res);
    });
    const { url: through } = await startGateway(
      { servers: [sick.url] },
      { answerTimeoutMs: 100, circuit: { mostFailures: 3, firstPauseMs: 300 } },
    );
    const ask = async () => (await fetch(`${through}/api/servers`)).status;
    expect([await ask(), await ask(), await ask()]).toEqual([504, 504, 504]);
    expect(await Promise.all(Array.from({ length: 20 }, ask))).toEqual(Array(20).fill(503));
    expect(asked).toBe(3);
    await expect.poll(ask, { interval: 20, timeout: 10_000 }).toBe(504);
    expect(asked).toBe(4);
    hanging.length = 0;
    const answering = setInterval(() => hanging.splice(0).map((res) => res.end()), 5);
    await expect.poll(ask, { timeout: 10_000 }).toBe(200);
    expect(await Promise.all(Array.from({ length: 20 }, ask))).toEqual(Array(20).fill(200));
    clearInterval(answering);
  });
  test('and breaks off in its answer breaks off the answer', async () => {
    repliesOf['/servers'] = (_req, res) => {
      res.writeHead(200, { 'Content-Length': 100 });
      res.write('half', () => res.destroy());
    };
    const answer = await fetch(`${url}/api/servers`);
    await expect(answer.text()).rejects.toThrow();
  });
  test('and too slow is a 504 that leaves the outcome open', async () => {
    const slow = await serve((req) => void req.resume());
    const { url: waiting } = await startGateway({ servers: [slow.url] }, { answerTimeoutMs: 200 });
    const answer = await fetch(`${waiting}/api/servers`, { method: 'POST', body: '{}' });
    expect((await expectProblem(answer, 504, 'service_timeout')).detail).toContain('is not known');
  });
  test('is found again when it comes back', async () => {
    const gone = await serve(recorder('back'));
    await gone.close();
    const { url: through } = await startGateway({ servers: [gone.url] });
    expect((await fetch(`${through}/api/servers`)).status).toBe(503);
    const back = createServer(recorder('back')).listen(gone.port, gone.host);
    closers.push(async () => void back.close().closeAllConnections());
    await expect.poll(async () => (await fetch(`${through}/api/servers`)).status).toBe(200);
  });
});

describe('rate limits', () => {
  const once: Pick<RateLimits, 'take'> = {
    take(kind, subject) {
      const limit = { requests: 3, seconds: 60 };
      const used = (counts.get(subject) ?? 0) + 1;
      counts.set(subject, used);
      return { allowed: used <= 3, kind, limit, remaining: Math.max(0, 3 - used), resetMs: 41_500 };
    },
  };
  const counts = new Map<string, number>();
  const limited = async (more: Partial<GatewayOptions> = {}) => {
    const messages = await serve(recorder('messages'));
    return startGateway({ messages: [messages.url] }, {}, { rateLimits: once, ...more });
  };
  test('are told with each answer, and refuse what is beyond them', async () => {
    const { url: door } = await limited();
    const ask = (profile: string) =>
      fetch(`${door}/api/messages/1`, { headers: { authorization: `Bearer ${tokenOf(profile)}` } });
    for (const left of [2, 1, 0]) {
      const answer = await ask('ada');
      expect([answer.status, answer.headers.get('ratelimit'), answer.headers.get('ratelimit-policy')]).toEqual([
        200,
        `"queries";r=${left};t=42`,
        '"queries";q=3;w=60',
      ]);
    }
    const refused = await ask('ada');
    await expectProblem(refused, 429, 'rate_limited');
    expect([refused.headers.get('retry-after'), refused.headers.get('ratelimit')]).toEqual([
      '42',
      '"queries";r=0;t=42',
    ]);
    expect(seen).toHaveLength(3);
    expect((await ask('grace')).status).toBe(200);
  });
  test('hold for nobody whose address is exempt', async () => {
    const { url: door } = await limited({ unlimited: parseCidrs('127.0.0.1') });
    for (let count = 0; count < 5; count += 1) {
      const answer = await fetch(`${door}/api/messages/1`);
      expect([answer.status, answer.headers.get('ratelimit')]).toEqual([200, null]);
    }
  });
});

describe('pages of other origins', () => {
  const origin = 'https://chat.example';
  const preflight = (door: string) =>
    fetch(`${door}/api/servers`, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'PATCH',
        'Access-Control-Request-Headers': 'authorization,if-match',
      },
    });
  test('may not use the API unless they are named', async () => {
    expect((await preflight(url)).headers.get('access-control-allow-origin')).toBeNull();
    const { url: door } = await startGateway({}, {}, { corsOrigins: ['https://other.example'] });
    expect((await preflight(door)).headers.get('access-control-allow-origin')).toBeNull();
  });
  test('that are named may send what the API takes and read what it answers', async () => {
    const servers = await serve(recorder('servers'));
    const { url: door } = await startGateway({ servers: [servers.url] }, {}, { corsOrigins: [origin] });
    const allowed = await preflight(door);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(origin);
    expect(allowed.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(allowed.headers.get('access-control-allow-headers')).toBe('authorization,if-match');
    const answer = await fetch(`${door}/api/servers`, { headers: { Origin: origin } });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('access-control-expose-headers')).toContain('Palaver-Position');
    expect(answer.headers.get('vary')).toContain('Origin');
  });
  test.each(['chat.example', 'https://chat.example/path', 'https://a.example https://b.example'])(
    '%s is no origin',
    (text) => {
      expect(() => parseOrigins(text)).toThrow('is no origin');
    },
  );
});

describe('positions', () => {
  const answering =
    (position: string): RequestListener =>
    (req, res) => {
      req.resume().on('end', () => res.setHeader('Palaver-Position', position).end('{}'));
    };
  const ask = (path: string, profile: string | null, init: RequestInit = {}) =>
    fetch(`${url}/api${path}`, {
      ...init,
      headers: { ...(profile === null ? {} : { Authorization: `Bearer ${tokenOf(profile)}` }), ...init.headers },
    });
  const sent = () => last().headers['palaver-position']?.toString();

  test('that a profile was answered go with its next requests, to every service', async () => {
    repliesOf['/servers/new'] = answering('servers:3@10');
    repliesOf['/channels/new'] = answering('messages:1@7');
    await ask('/servers/new', 'grace');
    await ask('/channels/new', 'grace', { method: 'POST' });
    await ask('/servers', 'grace');
    expect(sent()).toBe('servers:3@10,messages:1@7');
    await ask('/channels/1/messages', 'grace');
    expect(sent()).toBe('servers:3@10,messages:1@7');
  });
  test('keep the newest per partition', async () => {
    repliesOf['/servers/new'] = answering('servers:3@12');
    await ask('/servers/new', 'grace');
    repliesOf['/servers/new'] = answering('servers:3@11,servers:4@1');
    await ask('/servers/new', 'grace');
    await ask('/servers', 'grace');
    expect(sent()?.split(',').sort()).toEqual(['messages:1@7', 'servers:3@12', 'servers:4@1']);
  });
  test('that posts of messages were answered do not go with further posts', async () => {
    repliesOf['/channels/1/messages'] = answering('messages:1@9,messages:2@4');
    await ask('/channels/1/messages', 'grace', { method: 'POST' });
    await ask('/channels/1/messages?x=1', 'grace', { method: 'POST' });
    expect(sent()?.split(',').sort()).toEqual(['messages:1@7', 'servers:3@12', 'servers:4@1']);
    await ask('/channels/1/messages/2', 'grace', { method: 'POST' });
    expect(sent()?.split(',').sort()).toEqual(['messages:1@9', 'messages:2@4', 'servers:3@12', 'servers:4@1']);
  });
  test('are not those of others', async () => {
    await ask('/servers', 'linus');
    expect(sent()).toBeUndefined();
    await ask('/servers', null);
    expect(sent()).toBeUndefined();
  });
  test('go beside those that the client asks for, of which the later counts', async () => {
    const own = 'auth:0@1,servers:3@11,servers:4@8';
    await ask('/servers', 'grace', { headers: { 'Palaver-Position': own } });
    const kept = ['messages:1@9', 'messages:2@4', 'servers:3@12'];
    expect(sent()?.split(',').sort()).toEqual(['auth:0@1', ...kept, 'servers:4@8']);
  });
  test('that are malformed are for the service to refuse', async () => {
    await ask('/servers', 'grace', { headers: { 'Palaver-Position': 'nonsense' } });
    expect(sent()).toBe('nonsense');
  });
});

describe('the gateway itself', () => {
  const document =
    (path: string, schema: string): RequestListener =>
    (_req, res) => {
      res.end(
        JSON.stringify({
          openapi: '3.1.0',
          info: {},
          paths: { [path]: { get: {} } },
          components: { schemas: { [schema]: {} } },
        }),
      );
    };

  test("merges the services' OpenAPI documents, and says whose is missing", async () => {
    const [auth, servers] = await Promise.all([serve(document('/auth', 'A')), serve(document('/servers', 'B'))]);
    const { url: two } = await startGateway({ auth: [auth.url], servers: [servers.url] });
    const merged = (await (await fetch(`${two}/api/openapi.json`)).json()) as { info: { description: string } };
    expect(merged).toMatchObject({
      openapi: '3.1.0',
      servers: [{ url: '/api' }],
      paths: { '/auth': {}, '/servers': {} },
      components: { schemas: { A: {}, B: {} } },
    });
    expect(merged.info.description).toContain('Not available at the moment: messages, files.');
  });
  test('serves Swagger UI with every file that it names', async () => {
    const page = await fetch(`${url}/api/docs`);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    const html = await page.text();
    expect(html).not.toMatch(/<script>|https?:/);
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    expect(files).toHaveLength(4);
    for (const file of files) expect((await fetch(`${url}${file}`)).status, file).toBe(200);
    expect((await fetch(`${url}/api/docs/index.html`)).status).toBe(404);
  });
  test('is ready while any service is there, and shows which are not', async () => {
    const some = await startGateway({ auth: [(await serve(recorder('auth'))).url] });
    const answer = await fetch(`${some.url}/health/ready`);
    expect(answer.status).toBe(200);
    const { checks } = (await answer.json()) as { checks: { name: string; ok: boolean }[] };
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
      ['auth', true],
      ['servers', false],
      ['messages', false],
      ['files', false],
    ]);
    expect((await fetch(`${(await startGateway({})).url}/health/ready`)).status).toBe(503);
  });
  test('counts requests per service', async () => {
    await fetch(`${url}/api/servers`);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/http_request_duration_seconds_count\{.*method="GET",route="servers",status="200"\}/);
  });
});
