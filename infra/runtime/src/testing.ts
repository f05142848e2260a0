import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { readConfig, traceVariables } from './config.ts';
import { createLogger } from './logger.ts';
import type { SpanLine, Traces } from './span.ts';
import { openTraces } from './traces.ts';

/** For tests of what is traced: real traces, and where they arrive. */

/** A file in a folder that is not there yet; it goes with the test. */
export const newTraceFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'palaver-traces-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'traces', 'test.jsonl');
};

/** Those of a file, in the order of their ends; none where there is no such file. */
export const spansIn = (file: string): readonly SpanLine[] =>
  statSync(file, { throwIfNoEntry: false })
    ? readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];

/** Traces of a process, as the environment's variables say. */
export const tracesOf = (
  name: string,
  environment: Readonly<Record<string, string>>,
  logger = createLogger({ name, level: 'silent' }),
): Promise<Traces | undefined> => {
  const config = readConfig(traceVariables, environment);
  return openTraces({ logger, onStop: () => undefined }, { name, instance: 'one', config });
};

/** Traces of which all is recorded, and their spans; to be asked for once, at the end. */
export const recordedTraces = async (
  name: string,
): Promise<{ readonly traces: Traces; readonly spans: () => Promise<readonly SpanLine[]> }> => {
  const file = newTraceFile();
  const traces = (await tracesOf(name, { PALAVER_TRACE_FILE: file }))!;
  return { traces, spans: () => traces.close().then(() => spansIn(file)) };
};

/** A span as OTLP has it in JSON. */
export type OtlpSpan = {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
  readonly status: object;
};

/** The other party of OTLP over HTTP: takes the spans that are sent to it. */
export const collector = async () => {
  const spans: (OtlpSpan & { readonly service: string })[] = [];
  const server = createServer(async (req, res) => {
    if (req.method !== 'POST' || req.url !== '/v1/traces') return res.writeHead(404).end();
    const { resourceSpans } = JSON.parse((await buffer(req)).toString());
    for (const { resource, scopeSpans } of resourceSpans) {
      const named = resource.attributes.find(({ key }: { key: string }) => key === 'service.name');
      for (const scope of scopeSpans) {
        for (const span of scope.spans) spans.push({ ...span, service: named.value.stringValue });
      }
    }
    return res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { spans, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};
