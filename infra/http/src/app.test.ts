import { request } from 'node:http';
import { connect } from 'node:net';
import { UnknownPartition } from '@palaver/projector';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ACTOR, CHANNEL, flowing, forgedTokens, routes, signToken, startTestService } from './fixture.ts';
import { defineRoute, listen, PortTaken, type ProblemDocument } from './index.ts';

type Service = Awaited<ReturnType<typeof startTestService>>;
let service: Service;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

const MESSAGES = `/channels/${CHANNEL}/messages`;
const json = { 'Content-Type': 'application/json' };
const signedIn = () => ({ Authorization: `Bearer ${signToken()}` });

const call = async (path: string, init: RequestInit = {}) => {
  const answer = await fetch(`${service.url}${path}`, init);
  const raw = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    raw,
    body: (raw === '' ? undefined : JSON.parse(raw)) as never,
  };
};

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  call(MESSAGES, { method: 'POST', headers: { ...json, ...signedIn(), ...headers }, body });

const expectProblem = (
  answer: Awaited<ReturnType<typeof call>>,
  status: number,
  code: string,
): ProblemDocument & { commandId?: string } => {
  const problem = answer.body as ProblemDocument;
  expect({ status: answer.status, code: problem.code }).toEqual({ status, code });
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(problem).toMatchObject({ type: `urn:palaver:problem:${code}`, status, title: expect.any(String) });
  expect(problem.requestId).toBe(answer.headers.get('x-request-id'));
  expect(answer.raw).not.toMatch(/node_modules|at .*\.ts/);
  return problem;
};

describe('bodies that are refused', () => {
  const faults: Record<string, [body: string, errors: object[]]> = {
    'an unknown field': ['{"content":"a","x/y":1}', [{ pointer: '/x~1y', code: 'unknown_field' }]],
    'an unknown field further down': [
      '{"content":"a","reply":{"to":[],"more":1}}',
      [{ pointer: '/reply/more', code: 'unknown_field' }],
    ],
    'a wrong type': ['{"content":7}', [{ pointer: '/content', code: 'invalid_type' }]],
    'a missing field': ['{}', [{ pointer: '/content', code: 'required' }]],
    'no object': ['null', [{ pointer: '', code: 'invalid_type' }]],
    'an array': ['[]', [{ pointer: '', code: 'invalid_type' }]],
    'a text that is too short': ['{"content":""}', [{ pointer: '/content', code: 'too_short' }]],
    'a text that is too long': ['{"content":"abcdef"}', [{ pointer: '/content', code: 'too_long' }]],
    'a lone surrogate': ['{"content":"\\ud800"}', [{ pointer: '/content', code: 'invalid_text' }]],
    'a NUL': ['{"content":"\\u0000"}', [{ pointer: '/content', code: 'invalid_text' }]],
    'a number above 2^53-1': [
      '{"content":"a","weight":9007199254740993}',
      [{ pointer: '/weight', code: 'number_out_of_range' }],
    ],
    'an infinite number': ['{"content":"a","weight":1e400}', [{ pointer: '/weight', code: 'number_out_of_range' }]],
    'an id that is none': [
      '{"content":"a","reply":{"to":["x"]}}',
      [{ pointer: '/reply/to/0', code: 'invalid_format' }],
    ],
    'two faults, both named': [
      '{"content":7,"weight":"x"}',
      [
        { pointer: '/content', code: 'invalid_type' },
        { pointer: '/weight', code: 'invalid_type' },
      ],
    ],
  };
  test.each(Object.entries(faults))('%s', async (_name, [body, errors]) => {
    const before = service.submitted.length;
    const problem = expectProblem(await post(body), 400, 'invalid_input');
    expect(problem.errors).toMatchObject(errors);
    expect(service.submitted).toHaveLength(before);
  });

  test('nesting without end', async () => {
    const deep = await startTestService({ bodyLimitBytes: 100_000 });
    const answer = await fetch(`${deep.url}${MESSAGES}`, {
      method: 'POST',
      headers: { ...json, ...signedIn() },
      body: `{"content":${'['.repeat(40_000)}${']'.repeat(40_000)}}`,
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'invalid_input', errors: [{ code: 'too_deep' }] });
    await deep.close();
  });

  test('malformed JSON', async () => {
    expectProblem(await post('{"content":'), 400, 'malformed_json');
  });
  test('bytes that are not UTF-8', async () => {
    expectProblem(
      await post(Uint8Array.from([...Buffer.from('{"content":"'), 0xff, 0x22, 0x7d])),
      400,
      'malformed_json',
    );
  });
  test('no body where one is needed', async () => {
    const answer = await call(MESSAGES, { method: 'POST', headers: signedIn() });
    expect(expectProblem(answer, 400, 'invalid_input').errors).toMatchObject([{ pointer: '', code: 'required' }]);
  });
  test('another content type, or none', async () => {
    expectProblem(
      await post('content=a', { 'Content-Type': 'application/x-www-form-urlencoded' }),
      415,
      'unsupported_media_type',
    );
    expectProblem(await post('{"content":"a"}', { 'Content-Type': 'text/plain' }), 415, 'unsupported_media_type');
  });
  test('an unknown charset or encoding', async () => {
    expectProblem(
      await post('{}', { 'Content-Type': 'application/json; charset=klingon' }),
      415,
      'unsupported_media_type',
    );
    expectProblem(await post('{}', { 'Content-Encoding': 'klingon' }), 415, 'unsupported_media_type');
    const utf16 = new Uint8Array(Buffer.from('{"content":"a"}', 'utf16le'));
    const type = 'application/json; charset=UTF-16LE';
    expectProblem(await post(utf16, { 'Content-Type': type }), 415, 'unsupported_media_type');
  });
  test('an encoding that the bytes are not in', async () => {
    expectProblem(await post('{"content":"a"}', { 'Content-Encoding': 'gzip' }), 400, 'malformed_json');
    expectProblem(await post('{"content":"a"}', { 'Content-Encoding': 'br' }), 400, 'malformed_json');
  });
  test('too many bytes', async () => {
    expectProblem(await post(JSON.stringify({ content: 'x'.repeat(1_000) })), 413, 'body_too_large');
  });
});

describe('paths and queries that are refused', () => {
  const get = (path: string) => call(path, { headers: signedIn() });
  test.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=1e1', 'limit'],
    ['limit=', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['before=x', 'before'],
    ['before=-1', 'before'],
    ['nothing=1', 'nothing'],
  ])('%s', async (query, parameter) => {
    const problem = expectProblem(await get(`${MESSAGES}?${query}`), 400, 'invalid_input');
    expect(problem.errors?.map((error) => error.parameter)).toEqual([parameter]);
  });
  test('before with after', async () => {
    const problem = expectProblem(await get(`${MESSAGES}?before=1&after=2`), 400, 'invalid_input');
    expect(problem.errors).toMatchObject([{ code: 'exclusive' }]);
    expect(problem.errors![0]).not.toHaveProperty('parameter');
  });
  test('an id that is none', async () => {
    const problem = expectProblem(await get('/channels/x/messages'), 400, 'invalid_input');
    expect(problem.errors).toMatchObject([{ parameter: 'channelId' }]);
  });
  test('a malformed percent-encoding', async () => {
    expectProblem(await get('/things/%E0%A4%A'), 400, 'malformed_path');
  });
  test('an unknown path', async () => {
    expectProblem(await get('/nowhere'), 404, 'route_not_found');
    expectProblem(await get('/Things/fixed'), 404, 'route_not_found');
  });
  test('a method that the path has not', async () => {
    const answer = await call('/things/fixed', { method: 'DELETE' });
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe('GET, HEAD, PATCH');
  });
});

describe('lists', () => {
  test('have 50 items by default and take a cursor', async () => {
    expect((await call(MESSAGES, { headers: signedIn() })).body).toEqual({ limit: 50, before: null });
    expect((await call(`${MESSAGES}?limit=100&before=7`, { headers: signedIn() })).body).toEqual({
      limit: 100,
      before: 7,
    });
  });
});

describe('tokens', () => {
  const withToken = (authorization: string) => call(MESSAGES, { headers: { Authorization: authorization } });
  test('none', async () => {
    const answer = await call(MESSAGES);
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="palaver"');
  });
  test('another scheme', async () => {
    expectProblem(await withToken('Basic YTpi'), 401, 'unauthenticated');
  });
  test('expired', async () => {
    const answer = await withToken(`Bearer ${signToken({ expiresIn: -1 })}`);
    expectProblem(answer, 401, 'token_expired');
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
  test.each(Object.entries(forgedTokens))('forged: %s', async (_name, forge) => {
    expectProblem(await withToken(`Bearer ${forge()}`), 401, 'token_invalid');
  });
  test('are checked before the body is read', async () => {
    const answer = await call(MESSAGES, { method: 'POST', headers: json, body: '{' });
    expectProblem(answer, 401, 'unauthenticated');
  });
});

describe('commands', () => {
  const postedWith = async (headers: Record<string, string>, content = 'a') => {
    const answer = await post(JSON.stringify({ content }), headers);
    return { answer, command: service.submitted.at(-1)! };
  };
  test('are submitted with what the request says, and answered with their position', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const { answer, command } = await postedWith({ traceparent });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('palaver-position')).toBe('messages:3@1042');
    expect(command).toMatchObject({ type: 'PostMessage', actor: ACTOR, traceparent, data: { channelId: CHANNEL } });
    expect(Math.abs(Date.now() - command.timeMs)).toBeLessThan(10_000);
  });
  test('have the same ids again under the same Idempotency-Key, and others under others', async () => {
    const one = await postedWith({ 'Idempotency-Key': 'key-1' });
    const same = await postedWith({ 'Idempotency-Key': 'key-1' });
    const other = await postedWith({ 'Idempotency-Key': 'key-2' });
    const none = await postedWith({});
    expect(same.answer.body).toEqual(one.answer.body);
    expect(same.command).toMatchObject({ id: one.command.id, fingerprint: one.command.fingerprint });
    const ids = [one, other, none].flatMap(({ answer, command }) => [
      command.id,
      ...Object.values(answer.body as { messageId: string; extraId: string }).slice(0, 2),
    ]);
    expect(new Set(ids).size).toBe(9);
  });
  test('have other ids on another path under the same Idempotency-Key', async () => {
    const one = await postedWith({ 'Idempotency-Key': 'key-1' });
    const headers = { ...json, ...signedIn(), 'Idempotency-Key': 'key-1' };
    const elsewhere = MESSAGES.replace(CHANNEL, crypto.randomUUID());
    const other = await call(elsewhere, { method: 'POST', headers, body: '{"content":"a"}' });
    expect(other.status).toBe(201);
    expect(other.body).not.toMatchObject({ messageId: (one.answer.body as { messageId: string }).messageId });
    expect(service.submitted.at(-1)!.id).not.toBe(one.command.id);
  });
  test('have another fingerprint with another body', async () => {
    const one = await postedWith({ 'Idempotency-Key': 'key-1' }, 'a');
    const other = await postedWith({ 'Idempotency-Key': 'key-1' }, 'b');
    expect(other.command.id).toBe(one.command.id);
    expect(other.command.fingerprint).not.toBe(one.command.fingerprint);
  });
  test('carry the reason that the request gives, where the route takes one', async () => {
    const reason = encodeURIComponent('Spam, ö 😀');
    expect((await postedWith({ 'X-Audit-Log-Reason': reason })).command.reason).toBe('Spam, ö 😀');
    expect((await postedWith({})).command.reason).toBeUndefined();
  });
  test.each(['', '%', '%00', 'a'.repeat(513)])('refuse the reason %j', async (reason) => {
    expectProblem(await post('{"content":"a"}', { 'X-Audit-Log-Reason': reason }), 400, 'malformed_header');
  });
  test('have texts in NFC', async () => {
    const { answer } = await postedWith({}, 'e\u0301');
    expect(answer.body).toMatchObject({ content: '\u00e9' });
  });
  test('count lengths in code points', async () => {
    expect((await postedWith({}, '😀😀😀😀😀')).answer.status).toBe(201);
  });
  test.each(['ä'.repeat(3), 'a b', 'x'.repeat(256)])('refuse the Idempotency-Key %s', async (key) => {
    const latin1 = Buffer.from(key, 'utf8').toString('latin1');
    expectProblem(await post('{"content":"a"}', { 'Idempotency-Key': latin1 }), 400, 'malformed_header');
  });
  test('that are refused answer by the table, with their position', async () => {
    const { answer } = await postedWith({}, 'shut');
    expect(expectProblem(answer, 409, 'channel_closed').detail).toBe('It is closed.');
    expect(answer.headers.get('palaver-position')).toBe('messages:3@1042');
  });
  test('without an answer in time say so, with the command id', async () => {
    const { answer, command } = await postedWith({}, 'late');
    expect(expectProblem(answer, 504, 'command_timeout').commandId).toBe(command.id);
  });
  test('that the log does not take say so', async () => {
    const { answer } = await postedWith({}, 'down');
    expectProblem(answer, 503, 'log_unavailable');
    expect(answer.headers.get('retry-after')).toBe('2');
  });
});

describe('positions', () => {
  test('are waited for before the handler', async () => {
    const asked: unknown[] = [];
    const waiting = await startTestService({
      positions: { waitFor: async (...given) => asked.push(given) > 0 },
      positionTimeoutMs: 70,
    });
    const answer = await fetch(`${waiting.url}/things/a`, {
      headers: { 'Palaver-Position': 'servers:3@10, messages:0@2' },
    });
    expect(answer.status).toBe(200);
    const positions = [
      { service: 'servers', partition: 3, offset: 10 },
      { service: 'messages', partition: 0, offset: 2 },
    ];
    expect(asked).toEqual([[positions, 70]]);
    await waiting.close();
  });
  test.each([
    [200, true, true],
    [503, false, true],
    [503, true, false],
  ])('of a route that reads a further model are waited for in both: %i', async (status, own, further) => {
    const reading = routes.map((route) => ({ ...route, positions: { waitFor: async () => further } }));
    const waiting = await startTestService({ routes: reading, positions: { waitFor: async () => own } });
    const answer = await fetch(`${waiting.url}/things/a`, { headers: { 'Palaver-Position': 'servers:3@10' } });
    expect(answer.status).toBe(status);
    await waiting.close();
  });
  test('that are not reached in time are a 503', async () => {
    const behind = await startTestService({ positions: { waitFor: async () => false } });
    const answer = await fetch(`${behind.url}/things/a`, { headers: { 'Palaver-Position': 'servers:3@10' } });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({ code: 'not_yet_visible' });
    await behind.close();
  });
  test('that are nowhere are a 400', async () => {
    const waitFor = () => Promise.reject(new UnknownPartition('servers has no partition 9'));
    const waiting = await startTestService({ positions: { waitFor } });
    const answer = await fetch(`${waiting.url}/things/a`, { headers: { 'Palaver-Position': 'servers:9@1' } });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'malformed_header' });
    await waiting.close();
  });
  test('that are malformed are a 400', async () => {
    expectProblem(await call('/things/a', { headers: { 'Palaver-Position': 'servers' } }), 400, 'malformed_header');
  });
});

describe('answers', () => {
  test('carry an entity tag, and 304 for one who has it', async () => {
    const first = await call('/things/a');
    expect(first.headers.get('etag')).toBe('"v7"');
    const again = await call('/things/a', { headers: { 'If-None-Match': 'W/"v7"' } });
    expect([again.status, again.raw]).toEqual([304, '']);
  });
  test('flow, and are closed when nobody wants them', async () => {
    const answer = await fetch(`${service.url}/things/flowing`);
    expect([answer.status, await answer.text()]).toEqual([200, 'one two']);
    const again = await call('/things/flowing', { headers: { 'If-None-Match': '"v7"' } });
    expect([again.status, again.raw]).toEqual([304, '']);
    expect(flowing.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });
  test('honour If-Match', async () => {
    const change = (tag: string) => call('/things/fixed', { method: 'PATCH', headers: { 'If-Match': tag } });
    expect((await change('"v7"')).status).toBe(204);
    expect((await change('*')).status).toBe(204);
    expectProblem(await change('"v6"'), 412, 'precondition_failed');
    expectProblem(await change('W/"v7"'), 412, 'precondition_failed');
    expect((await change('"with,comma", "v7"')).status).toBe(204);
    expectProblem(await change('v7'), 400, 'malformed_header');
  });
  test('take no parameters that they do not know', async () => {
    const answer = await call('/things/a?colour=red');
    expect(expectProblem(answer, 400, 'invalid_input').errors).toMatchObject([
      { parameter: 'colour', code: 'unknown_field' },
    ]);
  });
  test('come from the fixed path before the parameter', async () => {
    expect((await call('/things/fixed')).body).toEqual({ fixed: true });
  });
  test('to HEAD have no body', async () => {
    const answer = await call('/things/fixed', { method: 'HEAD' });
    expect([answer.status, answer.raw, answer.headers.get('content-length')]).toEqual([200, '', '14']);
  });
  test('keep a good request id and replace a bad one', async () => {
    expect((await call('/things/a', { headers: { 'X-Request-Id': 'abc-1' } })).headers.get('x-request-id')).toBe(
      'abc-1',
    );
    expect((await call('/things/a', { headers: { 'X-Request-Id': 'a b' } })).headers.get('x-request-id')).toMatch(
      /^[\da-f-]{36}$/,
    );
  });
  test('say nothing of what runs here', async () => {
    const { headers } = await call('/things/a');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('failures', () => {
  test('of our own are a 500 whose cause only the log knows', async () => {
    const answer = await call('/things/broken');
    const { requestId } = expectProblem(answer, 500, 'internal');
    expect(answer.raw).not.toContain('secret detail');
    const line = service.lines.find((one) => one.requestId === requestId && one.level === 'error');
    expect(line).toMatchObject({
      err: { message: 'secret detail of the inside', stack: expect.stringContaining('fixture.ts') },
    });
  });
  test('of the database are a 503', async () => {
    const answer = await call('/things/database');
    expectProblem(answer, 503, 'database_unavailable');
    expect(answer.headers.get('retry-after')).toBe('2');
  });
  test('of the domain in a query are as the table says', async () => {
    expectProblem(await call('/things/none'), 404, 'thing_not_found');
  });
});

describe('the access log', () => {
  test('has one line a request, none for health', async () => {
    const { headers } = await call(MESSAGES, { headers: signedIn() });
    await call('/health/live');
    const of = (requestId: string | null) => service.lines.filter((line) => line.requestId === requestId);
    await expect.poll(() => of(headers.get('x-request-id'))).toHaveLength(1);
    expect(of(headers.get('x-request-id'))[0]).toMatchObject({
      method: 'GET',
      route: 'listMessages',
      status: 200,
      actor: ACTOR,
    });
    expect(service.lines.filter((line) => line.route === 'none' && line.status === 200)).toEqual([]);
  });
});

describe('the process', () => {
  test('is live, and ready only when all it needs is there', async () => {
    expect((await call('/health/live')).body).toEqual({ name: 'messages', status: 'live' });
    expect((await call('/health/ready')).body).toMatchObject({ status: 'ready', checks: [{ name: 'log', ok: true }] });
    const checks = [
      { name: 'log', ok: true },
      { name: 'database', ok: false, detail: 'refused' },
    ];
    const behind = await startTestService({ ready: () => checks });
    const answer = await fetch(`${behind.url}/health/ready`);
    expect([answer.status, await answer.json()]).toEqual([503, { name: 'messages', status: 'not ready', checks }]);
    await behind.close();
  });
  test('shows its metrics', async () => {
    await call('/things/a');
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(/http_request_duration_seconds_count\{.*method="GET",route="getThing",status="200"\} \d/);
    expect(metrics).toContain('process_cpu_seconds_total');
  });
  test('shows its OpenAPI document', async () => {
    const { body } = await call('/openapi.json');
    expect(body).toMatchObject({
      openapi: '3.1.0',
      paths: {
        '/channels/{channelId}/messages': {
          post: {
            operationId: 'postMessage',
            security: [{ bearer: [] }],
            requestBody: { content: { 'application/json': { schema: { additionalProperties: false } } } },
            responses: { 201: {}, 400: {}, 409: { description: 'Code: channel_closed.' }, 504: {} },
          },
        },
      },
    });
    const { parameters } = (body as { paths: Record<string, { get: { parameters: { name: string }[] } }> }).paths[
      '/channels/{channelId}/messages'
    ]!.get;
    expect(parameters.find((one) => one.name === 'limit')).toMatchObject({
      description: '50 when it is not given.',
      schema: { type: 'integer', minimum: 1, maximum: 100 },
    });
  });
  test('lets requests in flight finish when it closes', async () => {
    const closing = await startTestService();
    const slow = fetch(`${closing.url}/things/slow`);
    await expect.poll(async () => (await fetch(`${closing.url}/metrics`)).status).toBe(200);
    const [answer] = await Promise.all([slow, closing.close()]);
    expect(await answer.json()).toEqual({ name: 'slow' });
    await expect(fetch(`${closing.url}/things/a`)).rejects.toThrow();
  });
  test('names a taken port', async () => {
    const taken = listen(() => {}, { host: service.host, port: service.port });
    await expect(taken).rejects.toThrow(PortTaken);
    await expect(taken).rejects.toThrow(`Port ${service.port} on 127.0.0.1 is taken`);
  });
  test('survives a client that leaves in the middle of its body', async () => {
    const leaving = request(`${service.url}${MESSAGES}`, {
      method: 'POST',
      headers: { ...json, ...signedIn(), 'Content-Length': 100, 'X-Request-Id': 'leaving' },
    });
    leaving.on('error', () => {});
    leaving.write('{"content":');
    leaving.flushHeaders();
    setTimeout(() => leaving.destroy(), 50);
    await expect
      .poll(() => service.lines.find((line) => line.requestId === 'leaving'))
      .toMatchObject({ aborted: true });
    expect((await call('/health/live')).status).toBe(200);
  });
  test.each([
    ['what is no HTTP', 'what?\r\n\r\n', 400, 'malformed_request'],
    ['too many headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    [
      'a chunk without a length',
      `POST ${MESSAGES} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
      400,
      'malformed_request',
    ],
  ])('answers %s with a problem, and closes', async (_what, request, status, code) => {
    const answer = await new Promise<string>((resolve) => {
      let received = '';
      const socket = connect(service.port, service.host, () => socket.write(request));
      socket.on('data', (data) => {
        received += data.toString();
      });
      socket.on('close', () => resolve(received));
    });
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toContain('Content-Type: application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status, code, requestId: /X-Request-Id: (.+)/.exec(head)?.[1]?.trim() });
  });
});

describe('tables that cannot be right stop the start', () => {
  const common = { method: 'post', tags: [], auth: 'none', kind: 'command', response: z.null(), status: 200 } as const;
  test('a body that takes unknown fields', async () => {
    const body = z.strictObject({ inner: z.object({ name: z.string() }) });
    const loose = defineRoute({
      ...common,
      path: '/x',
      operationId: 'loose',
      summary: '',
      body,
      problems: [],
      handler: () => null,
    });
    await expect(startTestService({ routes: [loose] })).rejects.toThrow('loose (POST /x): the body');
  });
  test('a problem without a status', async () => {
    const odd = defineRoute({
      ...common,
      path: '/x',
      operationId: 'odd',
      summary: '',
      problems: ['odd_code'],
      handler: () => null,
    });
    await expect(startTestService({ routes: [...routes, odd] })).rejects.toThrow('odd_code');
  });
});
