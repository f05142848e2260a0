import { kafkaLog } from '@palaver/event-log';
import { listen, parseCidrs } from '@palaver/http';
import { databaseCheck, logOptions, openCodec, openTokens, poolWatch, proxyVariables } from '@palaver/process';
import {
  createLogger,
  createMetrics,
  httpVariables,
  kafkaVariables,
  openTraces,
  parsers,
  postgresVariables,
  processVariables,
  readConfigOrExit,
  registryVariables,
  runProcess,
  tokenVariables,
  traceVariables,
  variable,
} from '@palaver/runtime';
import { eventSchemas, sessionEnds } from '@palaver/schemas';
import pg from 'pg';
import { createGateway } from './app.ts';
import { parseOrigins } from './cors.ts';
import { createRateLimitTable, parseLimits, rateLimits } from './rate-limits.ts';

const upstream = (name: string, usual: string) =>
  variable({
    name: `PALAVER_UPSTREAM_${name.toUpperCase()}`,
    parse: parsers.urls('http', 'https'),
    default: [usual],
    doc: `where the ${name} service listens; several instances are joined by commas`,
  });

const config = readConfigOrExit(
  {
    ...processVariables,
    ...traceVariables,
    ...httpVariables(3001),
    ...kafkaVariables,
    ...registryVariables,
    ...postgresVariables,
    ...tokenVariables,
    // Nobody stands before the gateway unless it is told so.
    trustedProxies: { ...proxyVariables.trustedProxies, default: parseCidrs('') },
    auth: upstream('auth', 'http://127.0.0.1:3003'),
    servers: upstream('servers', 'http://127.0.0.1:3004'),
    messages: upstream('messages', 'http://127.0.0.1:3005'),
    files: upstream('files', 'http://127.0.0.1:3002'),
    rateLimits: variable({
      name: 'PALAVER_RATE_LIMITS',
      parse: parsers.by(parseLimits),
      default: parseLimits(''),
      doc: 'what differs from the usual limits, such as posts=300/60 (requests/seconds), joined by commas',
    }),
    unlimited: variable({
      name: 'PALAVER_RATE_LIMIT_EXEMPT',
      parse: parsers.by(parseCidrs),
      default: parseCidrs(''),
      doc: 'addresses and networks that no rate limit holds for, joined by commas',
    }),
    corsOrigins: variable({
      name: 'PALAVER_CORS_ORIGINS',
      parse: parsers.by(parseOrigins),
      default: [],
      doc: 'origins whose pages may use the API, joined by commas; * for all',
    }),
  },
  process.env,
);

/** A store that is away holds up a request for so long, and no longer. */
const rateLimitPool: pg.PoolConfig = { max: 4, connectionTimeoutMillis: 500, query_timeout: 500 };

const name = 'gateway';
const logger = createLogger({ name, level: config.logLevel, instance: config.instanceId });

await runProcess({
  name,
  logger,
  start: async (scope) => {
    const traces = await openTraces(scope, { name, instance: config.instanceId, config });
    const metrics = createMetrics(name);
    const log = kafkaLog(logOptions({ brokers: config.kafkaBrokers, name, logger, metrics }));
    scope.onStop('log', () => log.close());
    const codec = await openCodec(scope, config.registryUrl, eventSchemas.auth);
    const { verifySigned, ended } = await openTokens({ config, scope, log, codec, ends: sessionEnds });
    const watchPool = poolWatch({ logger, metrics });
    const pool = watchPool('rate limits', new pg.Pool({ connectionString: config.postgresUrl, ...rateLimitPool }));
    scope.onStop('database', () => pool.end());
    // Not waited for: without it each gateway counts for itself.
    scope.waitFor('database', () => createRateLimitTable(pool)).catch(() => {});
    const gateway = createGateway({
      upstreams: config,
      verifyToken: verifySigned,
      ended,
      trustedProxies: config.trustedProxies,
      rateLimits: rateLimits(pool, config.rateLimits),
      unlimited: config.unlimited,
      corsOrigins: config.corsOrigins,
      checks: async () => [await databaseCheck(pool)],
      logger,
      metrics,
      traces,
    });
    scope.onStop('upstreams', gateway.close);
    const server = await listen(gateway.listener, {
      host: config.httpHost,
      port: config.httpPort,
      // As long as a file may take; a service cuts off what has to be quicker.
      requestTimeoutMs: 300_000,
    });
    scope.onStop('http', server.close);
    return { url: server.url };
  },
});
