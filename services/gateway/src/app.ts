import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import {
  bearerToken,
  type Check,
  type Cidrs,
  clientAddress,
  closeShell,
  EDGE_PROBLEMS,
  type EndedSessions,
  type Exchange,
  exchanges,
  openShell,
  parseCidrs,
  Refusal,
  refuseEnded,
  sendJson,
  sendProblem,
  type VerifyToken,
} from '@palaver/http';
import { inSpan, type Logger, type Metrics, type Traces } from '@palaver/runtime';
import { allowOrigins } from './cors.ts';
import { serveDocs } from './docs.ts';
import { fetchJson, openApiDocuments } from './documents.ts';
import { closeUpstream, forward, openUpstream, type Upstream, type UpstreamLimits } from './forward.ts';
import { requestHeaders } from './headers.ts';
import { knownTokens } from './known-tokens.ts';
import { limitOf, type RateLimits, rateLimitHeaders, secondsOf, type Taken } from './rate-limits.ts';
import { sessionPositions } from './session-positions.ts';
import { ownerOf, type UpstreamName, upstreamNames, upstreamSpecs } from './upstreams.ts';

export type GatewayOptions = {
  /** Base URLs of each service's instances. */
  readonly upstreams: Readonly<Record<UpstreamName, readonly string[]>>;
  /** By signature and claims; what it takes is remembered. */
  readonly verifyToken: VerifyToken;
  /** Asked for every request. */
  readonly ended: Pick<EndedSessions, 'has'>;
  /** Whose `X-Forwarded-For` is believed: of what stands before this gateway; nobody's by default. */
  readonly trustedProxies?: Cidrs;
  /** None by default. */
  readonly rateLimits?: RateLimits;
  /** Who may ask as often as they like. */
  readonly unlimited?: Cidrs;
  /** Pages of these origins may use the API from browsers; none by default. */
  readonly corsOrigins?: readonly string[];
  /** Beside the services: shown by readiness, which does without. */
  readonly checks?: () => Promise<readonly Check[]>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** None by default. */
  readonly traces?: Traces | undefined;
  readonly limits?: UpstreamLimits;
};

export type Gateway = {
  readonly listener: RequestListener;
  close(): Promise<void>;
};

/**
 * The public door. What a service owns is passed on at once, past Express; health, metrics and documents are an Express app.
 */
export const createGateway = (options: GatewayOptions): Gateway => {
  const { logger, metrics, traces } = options;
  const upstreams = openUpstreams(options);
  const all = upstreamNames.map((name) => upstreams[name]);
  const begin = exchanges({ logger, metrics, traces });
  const ready = async () => [
    ...(await reachable(all)),
    ...((await options.checks?.()) ?? []).map((check) => ({ ...check, optional: true })),
  ];
  const shell = { name: 'gateway', logger, metrics, problems: EDGE_PROBLEMS, begin, ready };

  const app = openShell(shell);
  const documents = openApiDocuments({ upstreams: all, logger });
  app.get('/api/openapi.json', async (_req, res) => sendJson(res, 200, JSON.stringify(await documents())));
  serveDocs(app);
  closeShell(app, shell);

  const pass = passer({
    verifyToken: refuseEnded(knownTokens(options.verifyToken), options.ended),
    positions: sessionPositions(),
    trusted: options.trustedProxies ?? parseCidrs(''),
    limited: limiter(options),
    traces,
  });
  return {
    listener: allowOrigins(options.corsOrigins ?? [], (req, res) => {
      const owner = ownerOf(req.url ?? '');
      if (owner === null) return app(req, res);
      const exchange = begin(req, res);
      exchange.route = owner.name;
      pass({ req, res, exchange, upstream: upstreams[owner.name], ...owner }).catch((error: unknown) =>
        sendProblem(res, error, shell),
      );
    }),
    close: async () => {
      await Promise.all(all.map(closeUpstream));
    },
  };
};

type Passed = {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly exchange: Exchange;
  readonly upstream: Upstream;
  readonly name: UpstreamName;
  readonly path: string;
};

type Memory = {
  readonly verifyToken: VerifyToken;
  readonly positions: ReturnType<typeof sessionPositions>;
  readonly trusted: Cidrs;
  readonly limited: Limiter;
  readonly traces: Traces | undefined;
};

/** A token must be good when there is one; whether one is needed is the service's to say. */
const passer =
  (memory: Memory) =>
  async ({ req, res, exchange, upstream, name, path }: Passed): Promise<void> => {
    const token = bearerToken(req.headers.authorization);
    const profile = token === null ? undefined : memory.verifyToken(token).sub;
    const unseen = req.method === 'POST' && (upstreamSpecs[name].unseenPosts?.test(path) ?? false);
    exchange.actor = profile;
    const asked = req.headers['palaver-position']?.toString();
    const address = clientAddress(req, memory.trusted);
    const waited = memory.limited(res, { method: req.method ?? '', path, profile, clientAddress: address });
    if (waited) await waited;
    const own = {
      'x-request-id': exchange.requestId,
      'x-forwarded-for': address,
      'x-forwarded-host': req.headers.host,
      'x-forwarded-proto': 'http',
      'palaver-position': profile === undefined ? asked : memory.positions.headerFor(profile, unseen, asked),
    };
    const span = { name: `forward to ${name}`, kind: 'client', parent: exchange.traceparent } as const;
    await inSpan(memory.traces, span, (traceparent) =>
      forward(upstream, req, res, {
        path,
        headers: requestHeaders(req.headers, { ...own, traceparent }),
        onAnswer: (headers) => {
          const position = headers['palaver-position'];
          if (profile !== undefined && typeof position === 'string') {
            memory.positions.remember(profile, position, unseen);
          }
        },
      }),
    );
  };

/** Throws `Refusal` `rate_limited`, or rejects with it where it must look further first. */
type Limiter = (res: ServerResponse, request: Parameters<typeof limitOf>[0]) => Promise<void> | undefined;

const limiter = ({ rateLimits, unlimited }: GatewayOptions): Limiter => {
  if (rateLimits === undefined) return () => undefined;
  const heed = (res: ServerResponse, taken: Taken): undefined => {
    for (const [name, value] of Object.entries(rateLimitHeaders(taken))) res.setHeader(name, value);
    if (taken.allowed) return;
    const seconds = secondsOf(taken.resetMs);
    throw new Refusal('rate_limited', `There may be more of these requests in ${seconds} s.`, {
      headers: { 'Retry-After': String(seconds) },
    });
  };
  return (res, request) => {
    if (unlimited?.has(request.clientAddress)) return;
    const { kind, subject } = limitOf(request);
    const taken = rateLimits.take(kind, subject);
    return taken instanceof Promise ? taken.then((one) => heed(res, one)) : heed(res, taken);
  };
};

const openUpstreams = ({ upstreams, limits }: GatewayOptions): Readonly<Record<UpstreamName, Upstream>> => {
  const opened = upstreamNames.map((name) => {
    const { answerTimeoutMs } = upstreamSpecs[name];
    const own = answerTimeoutMs === undefined ? {} : { answerTimeoutMs };
    return [name, openUpstream(name, upstreams[name], { ...own, ...limits })] as const;
  });
  return Object.fromEntries(opened) as Record<UpstreamName, Upstream>;
};

/** The gateway can do without some services, not without all: the others would be cut off with the one that is away. */
const reachable = async (upstreams: readonly Upstream[]): Promise<readonly Check[]> => {
  const checks = await Promise.all(
    upstreams.map(async (upstream): Promise<Check> => {
      try {
        await fetchJson(upstream, '/health/live');
        return { name: upstream.name, ok: true };
      } catch (error) {
        return { name: upstream.name, ok: false, detail: (error as Error).message };
      }
    }),
  );
  const some = checks.some((check) => check.ok);
  return checks.map((check) => ({ ...check, optional: some }));
};
