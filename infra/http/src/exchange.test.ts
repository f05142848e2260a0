import { recordedTraces } from '@palaver/runtime/testing';
import { expect, onTestFinished, test } from 'vitest';
import { ACTOR, CHANNEL, signToken, startTestService } from './fixture.ts';

const start = async () => {
  const { traces, spans } = await recordedTraces('messages');
  const service = await startTestService({ traces });
  onTestFinished(() => service.close());
  const ended = async (names: readonly string[]) => {
    await service.close();
    const found = await spans();
    expect(found.map(({ name }) => name)).toEqual(names);
    return found;
  };
  return { service, ended };
};

test('a request has a span, below that of who asks, and its command is told of it', async () => {
  const { service, ended } = await start();
  const answer = await fetch(`${service.url}/channels/${CHANNEL}/messages`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${signToken({ subject: ACTOR })}`,
      'content-type': 'application/json',
      'x-request-id': 'request-1',
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    },
    body: '{"content":"a"}',
  });
  expect(answer.status).toBe(201);
  const [span] = await ended(['POST postMessage']);
  expect(span).toMatchObject({ traceId: 'a'.repeat(32), parentId: 'b'.repeat(16), error: null });
  expect(span!.attributes).toEqual({
    'palaver.request_id': 'request-1',
    'http.request.method': 'POST',
    'http.response.status_code': 201,
  });
  expect(service.submitted.at(-1)!.traceparent).toBe(`00-${span!.traceId}-${span!.spanId}-01`);
});

test('what is our own fault, and a client that leaves, are errors; a refusal is none, and health is not traced', async () => {
  const { service, ended } = await start();
  const get = (path: string, init: RequestInit = {}) => fetch(service.url + path, init).then((answer) => answer.text());
  await get('/things/broken');
  await get('/things/none');
  await get('/health/ready');
  await get('/metrics');
  await expect(get('/things/slow', { signal: AbortSignal.timeout(100) })).rejects.toThrow();
  const spans = await ended(['GET getThing', 'GET getThing', 'GET getThing']);
  expect(spans.map(({ error }) => error)).toEqual(['500', null, 'the client left']);
});
