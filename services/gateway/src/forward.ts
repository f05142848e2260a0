import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { hasBody, Refusal } from '@palaver/http';
import { type Dispatcher, errors, Pool } from 'undici';
import { type Circuit, type CircuitLimits, circuit } from './circuit.ts';
import { responseHeaders } from './headers.ts';

type Instance = { readonly pool: Pool; readonly circuit: Circuit };

/** The instances of one service. Requests go to them in turn; one that is gone is passed over. */
export type Upstream = {
  readonly name: string;
  readonly instances: readonly Instance[];
  next: number;
};

export type UpstreamLimits = {
  /** Most time until an answer begins, ms; longer than any service waits for a command or its read model. */
  readonly answerTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly connections?: number;
  readonly circuit?: CircuitLimits;
};

/** `origins` are base URLs such as `http://127.0.0.1:3003`. */
export const openUpstream = (name: string, origins: readonly string[], limits: UpstreamLimits = {}): Upstream => {
  const { answerTimeoutMs = 30_000, connectTimeoutMs = 2_000, connections = 128 } = limits;
  const options: Pool.Options = {
    connections,
    pipelining: 1,
    connect: { timeout: connectTimeoutMs },
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
    // Idle connections are dropped before the services drop them (65 s), so that none is closed just as it is used.
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 30_000,
  };
  const instances = origins.map((origin) => ({ pool: new Pool(origin, options), circuit: circuit(limits.circuit) }));
  return { name, instances, next: 0 };
};

export const closeUpstream = async (upstream: Upstream): Promise<void> => {
  await Promise.all(upstream.instances.map(({ pool }) => pool.destroy()));
};

export type Forwarded = {
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  /** Told the headers of the answer before they are passed on. */
  readonly onAnswer: (headers: Readonly<Record<string, string | string[] | undefined>>) => void;
};

/**
 * Passes a request on and its answer back, both as they flow. What cannot have been done is tried at each instance, and what may be done
 * twice is sent once more. Rejects with a `Refusal` when there is no answer: `service_unavailable` says that nothing was done.
 */
export const forward = async (
  upstream: Upstream,
  req: IncomingMessage,
  res: ServerResponse,
  forwarded: Forwarded,
): Promise<void> => {
  const body = hasBody(req) ? bodyOf(req) : null;
  let repeats = isRepeatable(req) ? 1 : 0;
  for (let tries = 1; ; tries++) {
    const instance = nextInstance(upstream);
    if (instance === null) throw unavailable(upstream);
    try {
      return await exchangeWith(instance, req, res, { ...forwarded, body });
    } catch (error) {
      if (!res.destroyed && (isUnreached(error) || isTimeout(error))) instance.circuit.failed();
      else instance.circuit.untold();
      if (res.destroyed) return;
      if (isUnreached(error) && tries < upstream.instances.length) continue;
      if (isBroken(error) && !res.headersSent && repeats-- > 0) continue;
      throw failureOf(error, upstream);
    }
  }
};

/** In turn, without those whose circuit is open; null when that is all of them. */
const nextInstance = (upstream: Upstream): Instance | null => {
  const { instances } = upstream;
  for (let looked = 0; looked < instances.length; looked++) {
    const instance = instances[upstream.next++ % instances.length]!;
    if (instance.circuit.pass()) return instance;
  }
  return null;
};

/** Nothing of it has flowed away, and a service that gets it twice does it once. */
const isRepeatable = (req: IncomingMessage): boolean =>
  !hasBody(req) && (req.method === 'GET' || req.method === 'HEAD' || req.headers['idempotency-key'] !== undefined);

/** undici's lowest door: a third cheaper a request than `node:http` with an agent, and a fifth than `undici.request`. */
const exchangeWith = (
  { pool, circuit }: Instance,
  req: IncomingMessage,
  res: ServerResponse,
  { body, ...forwarded }: Forwarded & { readonly body: PassThrough | null },
): Promise<void> =>
  new Promise((resolve, reject) => {
    let flowing: Dispatcher.DispatchController | undefined;
    res.on('close', () => {
      if (!res.writableFinished) flowing?.abort(new Error('the client left'));
    });
    pool.dispatch(
      {
        path: forwarded.path,
        method: req.method as Dispatcher.HttpMethod,
        headers: forwarded.headers,
        body,
      },
      {
        onRequestStart(controller) {
          flowing = controller;
          if (res.destroyed) controller.abort(new Error('the client left'));
        },
        onResponseStart(_controller, status, headers) {
          if (status < 200) return;
          circuit.answered();
          forwarded.onAnswer(headers);
          res.writeHead(status, responseHeaders(headers));
        },
        onResponseData(controller, chunk) {
          if (res.write(chunk)) return;
          controller.pause();
          res.once('drain', () => controller.resume());
        },
        onResponseEnd() {
          res.end();
          resolve();
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });

/**
 * When the answer comes before the body's end, undici destroys what it was given. Of the request itself nothing would be taken in then, and its
 * connection would be stuck with the next request behind.
 */
const bodyOf = (req: IncomingMessage): PassThrough => req.pipe(new PassThrough());

const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);

/** No connection came about, so nothing was sent. */
const isUnreached = (error: unknown): boolean => {
  if (error instanceof AggregateError) return error.errors.every(isUnreached);
  if (error instanceof errors.ConnectTimeoutError) return true;
  return UNREACHED.has((error as NodeJS.ErrnoException).code ?? '');
};

const isTimeout = (error: unknown): boolean =>
  error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;

/** The connection was there and ended. */
const isBroken = (error: unknown): boolean =>
  !isUnreached(error) && !isTimeout(error) && !(error instanceof errors.InvalidArgumentError);

const UNKNOWN = 'Whether a command was done is not known; to ask again is safe with the same Idempotency-Key.';

const failureOf = (cause: unknown, upstream: Upstream): Refusal => {
  const { name } = upstream;
  if (cause instanceof errors.InvalidArgumentError) {
    return new Refusal('malformed_header', 'A header or the path has characters that cannot be passed on.', { cause });
  }
  if (isUnreached(cause)) return unavailable(upstream, cause);
  if (isTimeout(cause)) {
    return new Refusal('service_timeout', `The service ${name} gave no answer in time. ${UNKNOWN}`, { cause });
  }
  const headers = { 'Retry-After': '1' };
  return new Refusal('service_broke_off', `The service ${name} broke off. ${UNKNOWN}`, { headers, cause });
};

const unavailable = ({ name, instances }: Upstream, cause?: unknown): Refusal => {
  const waitMs = Math.min(...instances.map(({ circuit }) => circuit.waitMs));
  const headers = { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1_000))) };
  const detail = `The service ${name} cannot be reached; nothing was done.`;
  return new Refusal('service_unavailable', detail, { headers, cause });
};
