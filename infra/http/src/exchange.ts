import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { newId } from '@palaver/decider';
import { Histogram, type Logger, type Metrics, REQUEST_ID, type Span, type Traces } from '@palaver/runtime';

/** What is known of a request from its first moment on. Routes fill in the rest for the log and the metrics. */
export type Exchange = {
  readonly requestId: string;
  /** W3C Trace Context: of this request's span; where there are no traces passed on as it came in, or new. */
  readonly traceparent: string;
  readonly timeMs: number;
  route: string;
  actor: string | undefined;
  /** Health checks and metrics are neither logged nor counted, nor traced. */
  quiet: boolean;
};

const REQUEST_ID_FORM = /^[\w.:-]{1,128}$/;
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

export type BeginExchange = (req: IncomingMessage, res: ServerResponse) => Exchange;

const EXCHANGE = Symbol('exchange');
type Answering = ServerResponse & { [EXCHANGE]?: Exchange };

/** The exchange that `exchanges` began for this answer. */
export const exchangeOf = (res: ServerResponse): Exchange => (res as Answering)[EXCHANGE]!;

export type ExchangesOptions = {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** None by default. */
  readonly traces?: Traces | undefined;
};

/** Takes or makes a request's ids, answers with them, and logs, counts and traces the request when it is done. */
export const exchanges = ({ logger, metrics, traces }: ExchangesOptions): BeginExchange => {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [metrics],
  });

  // Its lines hold no secrets, and looking for them would cost as much as writing them.
  const access = logger.child({}, { redact: [] });

  return (req, res) => {
    const startedMs = performance.now();
    const { exchange, span } = begin(req, traces);
    (res as Answering)[EXCHANGE] = exchange;
    res.setHeader('X-Request-Id', exchange.requestId);
    res.on('close', () => {
      if (exchange.quiet) return;
      const { route, actor, requestId } = exchange;
      const ms = performance.now() - startedMs;
      durations.observe({ method: req.method ?? '', route, status: res.statusCode }, ms / 1_000);
      const line = {
        requestId,
        method: req.method,
        route,
        status: res.statusCode,
        ms: Math.round(ms * 10) / 10,
        actor,
      };
      access.info(res.writableFinished ? line : { ...line, aborted: true }, 'request');
      if (span) endSpan(span, { req, res, route });
    });
    return exchange;
  };
};

const begin = (req: IncomingMessage, traces: Traces | undefined): { exchange: Exchange; span: Span | undefined } => {
  const requestId = wellFormed(req.headers['x-request-id'], REQUEST_ID_FORM) ?? newId();
  const parent = wellFormed(req.headers.traceparent, TRACEPARENT);
  const method = req.method ?? '';
  const attributes = { [REQUEST_ID]: requestId, 'http.request.method': method };
  const span = traces?.begin(method, { kind: 'server', parent, attributes });
  const exchange = {
    requestId,
    traceparent: span?.traceparent ?? parent ?? newTraceparent(),
    timeMs: Date.now(),
    route: 'none',
    actor: undefined,
    quiet: false,
  };
  return { exchange, span };
};

const wellFormed = (header: string | readonly string[] | undefined, form: RegExp): string | undefined =>
  typeof header === 'string' && form.test(header) ? header : undefined;

const endSpan = (
  span: Span,
  { req, res, route }: { req: IncomingMessage; res: ServerResponse; route: string },
): void => {
  const { statusCode, writableFinished } = res;
  const error = writableFinished ? (statusCode >= 500 ? String(statusCode) : undefined) : 'the client left';
  span.end({ name: `${req.method} ${route}`, attributes: { 'http.response.status_code': statusCode }, error });
};

/** Of UUIDs, whose randomness Node makes in advance: for each request anew it would cost as much as its routing. */
const newTraceparent = (): string => {
  const traceId = newId().replaceAll('-', '');
  const parentId = randomUUID().slice(19).replaceAll('-', '');
  // Not sampled: nobody has recorded it.
  return `00-${traceId}-${parentId}-00`;
};
