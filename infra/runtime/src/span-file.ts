import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { SpanLine } from './span.ts';

/** A process has two files of about this size at most: the one that it writes to, and the one before it, with `.1` behind its name. */
const MAX_BYTES = 8_000_000;

/** Appends spans to a file, a line of JSON each. Small pieces, so they are written at once. */
export const spanFile = (path: string, { maxBytes = MAX_BYTES } = {}): SpanExporter => {
  mkdirSync(dirname(path), { recursive: true });
  let bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const append = (spans: readonly ReadableSpan[]): void => {
    if (bytes > maxBytes) {
      renameSync(path, `${path}.1`);
      bytes = 0;
    }
    const text = spans.map((span) => `${JSON.stringify(lineOf(span))}\n`).join('');
    appendFileSync(path, text);
    bytes += Buffer.byteLength(text);
  };
  return {
    export(spans, done) {
      try {
        append(spans);
        done({ code: 0 });
      } catch (error) {
        done({ code: 1, error: error as Error });
      }
    },
    shutdown: async () => undefined,
  };
};

const milliseconds = ([seconds, nanoseconds]: readonly [number, number]): number =>
  seconds * 1_000 + nanoseconds / 1_000_000;

const lineOf = (span: ReadableSpan): SpanLine => {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    parentId: span.parentSpanContext?.spanId ?? null,
    process: String(span.resource.attributes['service.name']),
    instance: String(span.resource.attributes['service.instance.id']),
    name: span.name,
    startMs: milliseconds(span.startTime),
    durationMs: milliseconds(span.duration),
    error: span.status.code === SpanStatusCode.ERROR ? (span.status.message ?? '') : null,
    attributes: span.attributes,
  };
};
