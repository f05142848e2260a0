import type { ServerResponse } from 'node:http';
import type { Logger, Metrics, Traces } from '@palaver/runtime';
import express, { type ErrorRequestHandler, type Express } from 'express';
import helmet from 'helmet';
import { type BeginExchange, exchangeOf, exchanges } from './exchange.ts';
import { type ProblemTable, Refusal, toProblem, toRefusal } from './problem.ts';

/** A dependency as the readiness check shows it; `ok: false` makes the process not ready, unless it can do without. */
export type Check = {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
  readonly optional?: boolean;
};
export type Ready = () => Promise<readonly Check[]> | readonly Check[];

export type ShellOptions = {
  readonly name: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** None by default. */
  readonly traces?: Traces | undefined;
  readonly ready: Ready;
  readonly problems: ProblemTable;
  /** For a process that also answers outside of this app: its own `exchanges`. */
  readonly begin?: BeginExchange;
};

/**
 * What every HTTP process of Palaver has around its routes: request ids, the access log, security headers, health and metrics in
 * front (`openShell`), and answers to what no route took behind them (`closeShell`).
 */
export const openShell = (options: ShellOptions): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.set('query parser', 'simple');
  const begin = options.begin ?? exchanges(options);
  app.use((req, res, next) => {
    begin(req, res);
    next();
  });
  // Palaver may stand behind plain HTTP in a private network; who serves HTTPS redirects to it there.
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }));
  app.get('/health/live', (_req, res) => quietly(res, 200, { name: options.name, status: 'live' }));
  app.get('/health/ready', async (_req, res) => {
    const checks = await options.ready();
    const ready = checks.every((check) => check.ok || check.optional === true);
    quietly(res, ready ? 200 : 503, { name: options.name, status: ready ? 'ready' : 'not ready', checks });
  });
  app.get('/metrics', async (_req, res) => {
    exchangeOf(res).quiet = true;
    res.setHeader('Content-Type', options.metrics.contentType);
    res.end(await options.metrics.metrics());
  });
  return app;
};

export const closeShell = (app: Express, options: Pick<ShellOptions, 'logger' | 'problems'>): void => {
  app.use((req) => {
    throw new Refusal('route_not_found', `There is no ${req.method} ${req.path}.`);
  });
  const onError: ErrorRequestHandler = (error, _req, res, _next) => sendProblem(res, error, options);
  app.use(onError);
};

/** Answers with the problem that the error stands for. What is our own fault is logged with its stack, which never leaves. */
export const sendProblem = (
  res: ServerResponse,
  error: unknown,
  { logger, problems }: Pick<ShellOptions, 'logger' | 'problems'>,
): void => {
  const refusal = toRefusal(error);
  const { requestId } = exchangeOf(res);
  const { document, headers } = toProblem(refusal, problems, requestId);
  if (document.status === 500) logger.error({ err: refusal.cause, requestId }, 'request failed');
  else if (document.status > 500) logger.warn({ requestId, code: refusal.code, err: refusal.cause }, refusal.message);
  if (res.headersSent) {
    res.destroy();
    return;
  }
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.setHeader('X-Content-Type-Options', 'nosniff');
  sendJson(res, document.status, JSON.stringify(document), 'application/problem+json');
};

export const sendJson = (
  res: ServerResponse,
  status: number,
  json: string,
  type = 'application/json; charset=utf-8',
): void => {
  res.statusCode = status;
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', Buffer.byteLength(json));
  res.end(json);
};

const quietly = (res: ServerResponse, status: number, body: unknown): void => {
  exchangeOf(res).quiet = true;
  sendJson(res, status, JSON.stringify(body));
};
