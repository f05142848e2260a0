import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal } from '@palaver/http';
import { type Dispatcher, errors, Pool } from 'undici';
import { responseHeaders } from './headers.ts';

/** The instances of one service. Requests go to them in turn; one that can't be reached is passed over. */
export type Upstream = {
  readonly name: string;
  readonly pools: readonly Pool[];
  next: number;
};

export type UpstreamLimits = {
  /** Most time until an answer begins, ms; longer than any service waits for a command or its read model. */
  readonly answerTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly connections?: number;
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
  return { name, pools: origins.map((origin) => new Pool(origin, options)), next: 0 };
};

export const closeUpstream = async (upstream: Upstream): Promise<void> => {
  await Promise.all(upstream.pools.map((pool) => pool.destroy()));
};

export type Forwarded = {
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  /** Told the headers of the answer before they are passed on. */
  readonly onAnswer: (headers: Readonly<Record<string, string | string[] | undefined>>) => void;
};

/**
 * Passes a request on and its answer back, both as they flow. Rejects with a `Refusal` when there is no answer: it is then not
 * known whether a command was done, unless no instance could be reached at all.
 */
export const forward = async (
  upstream: Upstream,
  req: IncomingMessage,
  res: ServerResponse,
  forwarded: Forwarded,
): Promise<void> => {
  for (let tries = 1; ; tries++) {
    const pool = upstream.pools[upstream.next++ % upstream.pools.length]!;
    try {
      return await exchangeWith(pool, req, res, forwarded);
    } catch (error) {
      if (res.destroyed) return;
      if (isUnreached(error) && tries < upstream.pools.length) continue;
      throw failureOf(error, upstream.name);
    }
  }
};

/** undici's lowest door: a third cheaper a request than `node:http` with an agent, and a fifth than `undici.request`. */
const exchangeWith = (pool: Pool, req: IncomingMessage, res: ServerResponse, forwarded: Forwarded): Promise<void> =>
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
        body: hasBody(req) ? req : null,
      },
      {
        onRequestStart(controller) {
          flowing = controller;
          if (res.destroyed) controller.abort(new Error('the client left'));
        },
        onResponseStart(_controller, status, headers) {
          if (status < 200) return;
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

const hasBody = (req: IncomingMessage): boolean =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;

const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);

/** No connection came about, so nothing was sent. */
const isUnreached = (error: unknown): boolean => {
  if (error instanceof AggregateError) return error.errors.every(isUnreached);
  if (error instanceof errors.ConnectTimeoutError) return true;
  return UNREACHED.has((error as NodeJS.ErrnoException).code ?? '');
};

const UNKNOWN = 'Whether a command was done is not known; to ask again is safe with the same Idempotency-Key.';

const failureOf = (error: unknown, name: string): Refusal => {
  const headers = { 'Retry-After': '1' };
  if (error instanceof errors.InvalidArgumentError) {
    return new Refusal('malformed_header', 'A header or the path has characters that cannot be passed on.', {
      cause: error,
    });
  }
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return new Refusal('service_timeout', `The service ${name} gave no answer in time. ${UNKNOWN}`, { cause: error });
  }
  if (isUnreached(error)) {
    const detail = `The service ${name} cannot be reached; nothing was done.`;
    return new Refusal('service_unavailable', detail, { headers, cause: error });
  }
  const detail = `The service ${name} broke off. ${UNKNOWN}`;
  return new Refusal('service_unavailable', detail, { headers, cause: error });
};
