import { statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createLogger } from './logger.ts';
import { inSpan, isSampled } from './span.ts';
import { spanFile } from './span-file.ts';
import { collector, newTraceFile, spansIn, tracesOf } from './testing.ts';

test('there are none where nobody is to get them, and what would be in a span is done without', async () => {
  const traces = await tracesOf('messages', {});
  expect(traces).toBeUndefined();
  const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  expect(await inSpan(traces, { name: 'work', parent }, async (traceparent) => traceparent)).toBe(parent);
});

test('spans lie in the file, each below its parent', async () => {
  const file = newTraceFile();
  const traces = (await tracesOf('messages', { PALAVER_TRACE_FILE: file }))!;
  const startMs = traces.nowMs() - 20;
  const above = traces.begin('POST', { kind: 'server', startMs, attributes: { 'palaver.request_id': 'r1' } });
  const failing = inSpan(traces, { name: 'submit', parent: above.traceparent }, async () => {
    throw new Error('no broker');
  });
  await expect(failing).rejects.toThrow('no broker');
  above.end({ name: 'POST postMessage', attributes: { 'http.response.status_code': 503 }, error: '503' });
  await traces.close();
  const [below, root, ...others] = spansIn(file);
  expect(others).toEqual([]);
  expect(root).toMatchObject({
    process: 'messages',
    instance: 'one',
    name: 'POST postMessage',
    parentId: null,
    error: '503',
  });
  expect(root!.attributes).toEqual({ 'palaver.request_id': 'r1', 'http.response.status_code': 503 });
  expect(above.traceparent).toBe(`00-${root!.traceId}-${root!.spanId}-01`);
  expect(Math.abs(root!.startMs - startMs)).toBeLessThan(0.01);
  expect(root!.durationMs).toBeGreaterThanOrEqual(20);
  expect(below).toMatchObject({ traceId: root!.traceId, parentId: root!.spanId, error: 'Error: no broker' });
  expect(below!.startMs).toBeGreaterThan(root!.startMs);
});

test.each([
  ['parentbased_always_on', '1', true, true, false],
  ['parentbased_traceidratio', '0', false, true, false],
  ['parentbased_always_off', '1', false, true, false],
  ['traceidratio', '0', false, false, false],
  ['always_on', '1', true, true, true],
])(
  '%s with %s samples new traces: %s, below a sampled span: %s, below another: %s',
  async (sampler, ratio, ...wanted) => {
    const file = newTraceFile();
    const traces = (await tracesOf('messages', {
      PALAVER_TRACE_FILE: file,
      OTEL_TRACES_SAMPLER: sampler,
      OTEL_TRACES_SAMPLER_ARG: ratio,
    }))!;
    const ids = `00-${'a'.repeat(32)}-${'b'.repeat(16)}`;
    const spans = [undefined, `${ids}-01`, `${ids}-00`].map((parent) => traces.begin('work', { parent }));
    for (const span of spans) span.end();
    expect(spans.map(({ traceparent }) => isSampled(traceparent))).toEqual(wanted);
    expect(spans[2]!.traceparent).toContain('a'.repeat(32));
    await traces.close();
    const recorded = statSync(file, { throwIfNoEntry: false }) ? spansIn(file).length : 0;
    expect(recorded).toBe(wanted.filter(Boolean).length);
  },
);

test('a file that is full makes room, and the one before it stays', async () => {
  const file = newTraceFile();
  const exporter = spanFile(file, { maxBytes: 1_000 });
  const traces = (await tracesOf('messages', { PALAVER_TRACE_FILE: newTraceFile() }))!;
  onTestFinished(() => traces.close());
  const write = (name: string) => new Promise((resolve) => exporter.export([spanNamed(name)], resolve));
  for (let count = 1; count <= 12; count += 1) expect(await write(`span ${count}`)).toEqual({ code: 0 });
  const [before, now] = [spansIn(`${file}.1`), spansIn(file)];
  expect(now.at(-1)!.name).toBe('span 12');
  expect(Number(now[0]!.name.slice(5))).toBe(Number(before.at(-1)!.name.slice(5)) + 1);
  for (const path of [file, `${file}.1`]) expect(statSync(path).size).toBeLessThan(1_500);
});

/** As much of a finished span as the file shows. */
const spanNamed = (name: string): Parameters<ReturnType<typeof spanFile>['export']>[0][number] =>
  ({
    name,
    spanContext: () => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }),
    resource: { attributes: { 'service.name': 'test', 'service.instance.id': 'one' } },
    startTime: [1, 500_000],
    duration: [0, 250_000],
    status: { code: 0 },
    attributes: {},
  }) as never;

test('a collector gets them by OTLP', async () => {
  const { spans, url } = await collector();
  const traces = (await tracesOf('messages', { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/` }))!;
  const above = traces.begin('POST', { kind: 'server', attributes: { 'palaver.request_id': 'r1' } });
  traces.begin('submit PostMessage', { kind: 'producer', parent: above.traceparent }).end({ error: 'late' });
  above.end();
  await traces.close();
  const [, traceId, spanId] = above.traceparent.split('-');
  const service = 'messages';
  const status = { code: 2, message: 'late' };
  const attributes = [{ key: 'palaver.request_id', value: { stringValue: 'r1' } }];
  expect(spans).toMatchObject([
    { service, name: 'submit PostMessage', kind: 4, traceId, parentSpanId: spanId, status },
    { service, name: 'POST', kind: 2, traceId, spanId, attributes },
  ]);
});

test('a collector that does not answer does not hold up the end', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    silent.close();
    silent.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const traces = (await tracesOf('messages', { OTEL_EXPORTER_OTLP_ENDPOINT: url }))!;
  traces.begin('work').end();
  const startedMs = performance.now();
  await traces.close();
  expect(performance.now() - startedMs).toBeLessThan(4_000);
});

test('a collector that is away is told of, and hurts nobody', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '300');
  onTestFinished(() => void vi.unstubAllEnvs());
  const said: string[] = [];
  const logger = createLogger({ name: 'test', destination: { write: (line) => void said.push(line) } });
  const traces = (await tracesOf('messages', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }, logger))!;
  traces.begin('work').end();
  await vi.waitFor(() => expect(said.join('')).toMatch(/"level":"(warn|error)".*ECONNREFUSED/), 10_000);
  await traces.close();
});
