import { pipeline } from 'node:stream';
import type { Logger, Metrics, Traces } from '@palaver/runtime';
import type { Express, Request, Response } from 'express';
import { z } from 'zod';
import { bodyReader } from './body.ts';
import { type Cidrs, clientAddress, parseCidrs } from './client-address.ts';
import { commandSender, type Sender, type Submitter } from './commands.ts';
import { exchangeOf } from './exchange.ts';
import { parseInput } from './input.ts';
import { openApiDocument } from './openapi.ts';
import { everyWaiter, type PositionWaiter, waitForPositions } from './positions.ts';
import { EDGE_PROBLEMS, type ProblemTable, Refusal } from './problem.ts';
import { type Context, isReply, type Method, type Reply, type Route, reply } from './route.ts';
import { closeShell, openShell, type Ready, sendJson, sendProblem } from './shell.ts';
import { bearerToken, type Claims, unauthenticated, type VerifyToken } from './token.ts';

export type AppOptions = {
  /** The service's name, as in its topics. */
  readonly name: string;
  readonly routes: readonly Route[];
  readonly verifyToken: VerifyToken;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** None by default. */
  readonly traces?: Traces | undefined;
  /** HTTP statuses and titles of the domain's codes. */
  readonly problems: ProblemTable;
  /** The states of what the service needs; the process is ready when all are ok. */
  readonly ready: Ready;
  /** Where commands go; needed when a route submits. */
  readonly commands?: Submitter;
  /** Most time to wait for a command's answer, ms. */
  readonly commandTimeoutMs?: number;
  /** Knows how far the read model is; without it `Palaver-Position` is checked and passed over. */
  readonly positions?: PositionWaiter;
  /** Most time to wait for the read model, ms. */
  readonly positionTimeoutMs?: number;
  readonly bodyLimitBytes?: number;
  /** Whose `X-Forwarded-For` is believed; nobody's by default. */
  readonly trustedProxies?: Cidrs;
};

/**
 * An Express app of these routes, with health checks, metrics and its OpenAPI document.
 * Throws on tables that cannot be right: a body that takes unknown fields, a problem code without a status.
 */
export const createApp = (options: AppOptions): Express => {
  const problems = { ...EDGE_PROBLEMS, ...options.problems };
  for (const route of options.routes) checkRoute(route, problems);
  const shell = { ...options, problems };
  const app = openShell(shell);
  const openApi = JSON.stringify(openApiDocument({ name: options.name, routes: options.routes, problems }));
  app.get('/openapi.json', (_req, res) => {
    exchangeOf(res).quiet = true;
    sendJson(res, 200, openApi);
  });
  const readBody = bodyReader(options.bodyLimitBytes ?? 256 * 1024);

  for (const [path, routes] of byPath(options.routes)) {
    const place = app.route(path);
    for (const route of routes) {
      const run = routeRunner({ route, readBody, options });
      place[route.method]((req, res) => {
        run(req, res).catch((error: unknown) => sendProblem(res, error, shell));
      });
    }
    const allow = allowedMethods(routes);
    place.all((req) => {
      throw new Refusal('method_not_allowed', `${req.path} takes ${allow}.`, { headers: { Allow: allow } });
    });
  }
  closeShell(app, shell);
  return app;
};

type Runner = (req: Request, res: Response) => Promise<void>;

/** Checks who asks before it reads what they ask for, and both before the handler. */
const routeRunner = (parts: {
  route: Route;
  readBody: (req: Request, res: Response) => Promise<unknown>;
  options: AppOptions;
}): Runner => {
  const { route, readBody, options } = parts;
  const label = route.operationId;
  const send = commandSender(options);
  const trusted = options.trustedProxies ?? parseCidrs('');
  const waits = { ...options, positions: everyWaiter([options.positions, route.positions]) };

  return async (req, res) => {
    const exchange = exchangeOf(res);
    exchange.route = label;
    const claims = route.auth === 'bearer' ? authenticate(req, options.verifyToken) : null;
    exchange.actor = claims?.sub;
    const params = route.params ? parseInput(route.params, req.params, 'path') : undefined;
    const query = parseInput(route.query ?? noQuery, req.query, 'query');
    const given = route.body ? await readBody(req, res) : undefined;
    const body = route.body ? parseInput(route.body, given, 'body') : undefined;
    await waitForPositions(req.headers['palaver-position'], waits);

    const sender = send({ route, req, res, actor: claims?.sub ?? 'anonymous', given });
    const context = contextOf({ req, claims, params, query, body, exchange, sender, trusted });
    answer(req, res, route, await route.handler(context as Context<never, never, never, never>));
  };
};

const authenticate = (req: Request, verifyToken: VerifyToken): Claims => {
  const token = bearerToken(req.headers.authorization);
  if (token === null) throw unauthenticated();
  return verifyToken(token);
};

/** A parameter that nobody reads is a mistake of who sends it. */
const noQuery = z.strictObject({});

const MAX_USER_AGENT = 200;

const contextOf = (parts: {
  req: Request;
  claims: Claims | null;
  params: unknown;
  query: unknown;
  body: unknown;
  exchange: { requestId: string; traceparent: string; timeMs: number };
  sender: Sender;
  trusted: Cidrs;
}): Context => {
  const { req, claims, params, query, body, exchange, sender } = parts;
  return {
    params,
    query,
    body,
    claims: claims as Claims & null,
    actor: claims?.sub ?? 'anonymous',
    requestId: exchange.requestId,
    clientAddress: clientAddress(req, parts.trusted),
    userAgent: req.headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null,
    traceparent: exchange.traceparent,
    timeMs: exchange.timeMs,
    commandId: sender.commandId,
    request: req,
    ifMatch: parseEntityTags(req.headers['if-match']),
    id: sender.id,
    submit: sender.submit,
  };
};

const ENTITY_TAG = '(?:W/)?"[\\x21\\x23-\\x7e]*"';
const ENTITY_TAGS = new RegExp(`^${ENTITY_TAG}(?:[ \\t]*,[ \\t]*${ENTITY_TAG})*$`);

/** RFC 9110 13.1: `*` or a list of entity tags; weak ones never match a change. Throws `Refusal` `malformed_header`. */
export const parseEntityTags = (header: string | undefined): readonly string[] | '*' | null => {
  if (header === undefined) return null;
  if (header === '*') return '*';
  if (!ENTITY_TAGS.test(header)) {
    throw new Refusal('malformed_header', 'If-Match must hold entity tags in double quotes.');
  }
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)].filter(([, weak]) => weak === undefined).map(([, , tag]) => tag!);
};

const answer = (req: Request, res: Response, route: Route, value: unknown): void => {
  const given: Reply = isReply(value) ? value : reply({ body: value });
  for (const [name, text] of Object.entries(given.headers ?? {})) res.setHeader(name, text);
  const status = given.status ?? route.status;
  if (given.etag !== undefined) {
    const etag = `"${given.etag}"`;
    res.setHeader('ETag', etag);
    if (route.method === 'get' && namesTag(req.headers['if-none-match'], etag)) {
      given.stream?.destroy();
      res.statusCode = 304;
      res.end();
      return;
    }
  }
  if (given.stream !== undefined) {
    res.statusCode = status;
    pipeline(given.stream, res, () => undefined);
    return;
  }
  const json = given.json ?? (given.body === undefined ? undefined : JSON.stringify(given.body));
  if (json !== undefined) {
    sendJson(res, status, json);
    return;
  }
  res.statusCode = status;
  res.end();
};

/** Weak comparison, as `If-None-Match` asks for. */
const namesTag = (header: string | undefined, etag: string): boolean =>
  (header ?? '').split(',').some((part) => part.trim() === '*' || part.trim().replace(/^W\//, '') === etag);

/** Routes of one path together; fixed segments before parameters, so that `/servers/mine` is not taken for a server's id. */
const byPath = (routes: readonly Route[]): readonly (readonly [string, readonly Route[]])[] => {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    const group = groups.get(route.path);
    if (group) group.push(route);
    else groups.set(route.path, [route]);
  }
  const rank = (path: string): string => path.replaceAll(/:[^/]+/g, '\uffff');
  return [...groups].sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1));
};

const allowedMethods = (routes: readonly Route[]): string => {
  const methods: string[] = routes.map((route) => route.method.toUpperCase() satisfies Uppercase<Method> | string);
  return (methods.includes('GET') ? [...methods, 'HEAD'] : methods).sort().join(', ');
};

const checkRoute = (route: Route, problems: ProblemTable): void => {
  const where = `${route.operationId} (${route.method.toUpperCase()} ${route.path})`;
  const unknown = route.problems.find((code) => !(code in problems));
  if (unknown !== undefined) throw new Error(`${where}: the problem ${unknown} has no status in the table.`);
  for (const place of ['body', 'query'] as const) {
    const schema = route[place];
    if (schema && takesUnknownFields(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }))) {
      throw new Error(`${where}: the ${place} has an object that takes unknown fields; use z.strictObject.`);
    }
  }
};

/** Whether a JSON Schema has an object with named fields that lets others pass. */
const takesUnknownFields = (schema: unknown): boolean => {
  if (typeof schema !== 'object' || schema === null) return false;
  if (Array.isArray(schema)) return schema.some(takesUnknownFields);
  const { type, additionalProperties, properties } = schema as Record<string, unknown>;
  if (type === 'object' && properties !== undefined && additionalProperties === undefined) return true;
  return Object.values(schema).some(takesUnknownFields);
};
