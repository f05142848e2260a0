import { createApp, defineRoute, endedSessions, listen } from '@palaver/http';
import { createLogger, createMetrics, type Traces } from '@palaver/runtime';
import { collector, tracesOf } from '@palaver/runtime/testing';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createGateway } from './app.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const verifyToken = () => {
  throw new Error('nobody shows a token');
};

const serve = async (listener: Parameters<typeof listen>[0]) => {
  const server = await listen(listener, { host: '127.0.0.1', port: 0, graceMs: 500 });
  onTestFinished(() => server.close());
  return server;
};

const startService = (traces: Traces) => {
  const route = defineRoute({
    method: 'get',
    path: '/servers',
    operationId: 'listServers',
    summary: '',
    tags: [],
    auth: 'none',
    kind: 'query',
    response: z.null(),
    status: 200,
    problems: [],
    handler: () => null,
  });
  const metrics = createMetrics('servers');
  const about = { name: 'servers', routes: [route], problems: {}, ready: () => [] };
  return serve(createApp({ ...about, verifyToken, logger, metrics, traces }));
};

const startGateway = async (service: string, traces: Traces) => {
  const nowhere = ['http://127.0.0.1:1'];
  const gateway = createGateway({
    upstreams: { auth: nowhere, servers: [service], messages: nowhere, files: nowhere },
    verifyToken,
    ended: endedSessions({ keepMs: 1_000 }),
    logger,
    metrics: createMetrics('gateway'),
    traces,
  });
  onTestFinished(() => gateway.close());
  return serve(gateway.listener);
};

test('a collector gets one trace of a request, over gateway and service', async () => {
  const { spans, url } = await collector();
  const [atGateway, atService] = await Promise.all(
    ['gateway', 'servers'].map((name) => tracesOf(name, { OTEL_EXPORTER_OTLP_ENDPOINT: url })),
  );
  const service = await startService(atService!);
  const gateway = await startGateway(service.url, atGateway!);
  const get = (path: string) => fetch(`${gateway.url}/api${path}`, { headers: { 'x-request-id': path.slice(1) } });
  expect((await get('/servers')).status).toBe(200);
  expect((await get('/files')).status).toBe(503);
  await Promise.all([gateway.close(), service.close()]);
  await Promise.all([atGateway!.close(), atService!.close()]);

  const named = (id: string) => expect.arrayContaining([{ key: 'palaver.request_id', value: { stringValue: id } }]);
  const [root, forwarded, served, failed, unreached, ...others] = [
    ['gateway', 'GET servers'],
    ['gateway', 'forward to servers'],
    ['servers', 'GET listServers'],
    ['gateway', 'GET files'],
    ['gateway', 'forward to files'],
  ].map(([process, name]) => spans.find((span) => span.service === process && span.name === name)!);
  expect(others).toEqual([]);
  expect(spans).toHaveLength(5);
  const { traceId } = root!;
  expect(root).toMatchObject({ kind: 2, attributes: named('servers') });
  expect(root!.parentSpanId).toBeUndefined();
  expect(forwarded).toMatchObject({ kind: 3, traceId, parentSpanId: root!.spanId });
  expect(served).toMatchObject({ kind: 2, traceId, parentSpanId: forwarded!.spanId, attributes: named('servers') });
  expect(failed).toMatchObject({ kind: 2, status: { code: 2, message: '503' } });
  expect(failed!.traceId).not.toBe(traceId);
  expect(unreached).toMatchObject({ parentSpanId: failed!.spanId, status: { code: 2 } });
});
