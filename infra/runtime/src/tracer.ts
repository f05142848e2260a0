import { setTimeout as delay } from 'node:timers/promises';
import { DiagLogLevel, diag, type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { TraceConfig } from './config.ts';
import type { Logger } from './logger.ts';
import type { Span, SpanOptions, Traces } from './span.ts';
import { spanFile } from './span-file.ts';

/** Traces by OpenTelemetry's SDK. Loaded when there is somebody to get them. */

/** A person waits for the file. A collector gets more at once. */
const FILE_DELAY_MS = 200;
const ENDPOINT_DELAY_MS = 2_000;
/** A collector that does not answer must not hold up the end of a process. */
const CLOSE_WITHIN_MS = 2_000;

export type TracerOptions = {
  readonly name: string;
  readonly instance: string;
  readonly config: TraceConfig;
  readonly logger: Logger;
};

export const startTracer = async ({ name, instance, config, logger }: TracerOptions): Promise<Traces> => {
  tellFaults(logger);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': name, 'service.instance.id': instance }),
    sampler: samplerOf(config),
    spanProcessors: await processorsOf(config),
  });
  const tracer = provider.getTracer('palaver');
  const clock = wallClock();
  return {
    begin(spanName, { parent, kind = 'internal', attributes = {}, startMs = clock() }: SpanOptions = {}): Span {
      const options = { kind: kinds[kind], attributes, startTime: startMs };
      const span = tracer.startSpan(spanName, options, contextOf(parent));
      const { traceId, spanId, traceFlags } = span.spanContext();
      const traceparent = `00-${traceId}-${spanId}-0${traceFlags}`;
      if (!span.isRecording()) return { traceparent, end: () => undefined };
      return {
        traceparent,
        end({ name: laterName, attributes: more, error } = {}) {
          if (laterName !== undefined) span.updateName(laterName);
          if (more) span.setAttributes(more);
          if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
          span.end(clock());
        },
      };
    },
    nowMs: clock,
    close: () => Promise.race([provider.shutdown(), delay(CLOSE_WITHIN_MS, undefined, { ref: false })]),
  };
};

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** https://www.w3.org/TR/trace-context/#traceparent-header. One that names no trace counts for none. */
const contextOf = (traceparent: string | undefined): Context => {
  if (traceparent === undefined) return ROOT_CONTEXT;
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  const traceFlags = Number.parseInt(flags, 16) & 1;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
};

const samplerOf = ({ traceSampler, traceRatio }: TraceConfig): Sampler => {
  const [kind, parentBased] = [traceSampler.replace('parentbased_', ''), traceSampler.startsWith('parentbased_')];
  const root =
    kind === 'always_on'
      ? new AlwaysOnSampler()
      : kind === 'always_off'
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(traceRatio);
  return parentBased ? new ParentBasedSampler({ root }) : root;
};

const processorsOf = async ({ traceEndpoint, traceFile }: TraceConfig): Promise<SpanProcessor[]> => {
  const processors: SpanProcessor[] = [];
  if (traceFile !== undefined) {
    processors.push(new BatchSpanProcessor({ exporter: spanFile(traceFile), scheduledDelayMillis: FILE_DELAY_MS }));
  }
  if (traceEndpoint !== undefined) {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
    const exporter = new OTLPTraceExporter({ url: `${traceEndpoint.replace(/\/+$/, '')}/v1/traces` });
    processors.push(new BatchSpanProcessor({ exporter, scheduledDelayMillis: ENDPOINT_DELAY_MS }));
  }
  return processors;
};

/** The SDK tells of what it could not hand on, such as a collector that is away, in this way alone. */
const tellFaults = (logger: Logger): void => {
  const say =
    (level: 'warn' | 'error') =>
    (message: string, ...details: unknown[]) =>
      logger[level]({ details: details.map(String) }, `traces: ${message}`);
  const silent = () => undefined;
  diag.setLogger(
    { error: say('error'), warn: say('warn'), info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
};

/** Set anew where the wall clock and the process's own have come apart: after a sleep, or when somebody has set the former. */
const APART_MS = 5;

const wallClock = (): (() => number) => {
  let originMs = performance.timeOrigin;
  return () => {
    const sinceMs = performance.now();
    const wallMs = Date.now();
    if (Math.abs(wallMs - originMs - sinceMs) > APART_MS) originMs = wallMs - sinceMs;
    return originMs + sinceMs;
  };
};
