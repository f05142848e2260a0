import { kafkaLog } from '@palaver/event-log';
import { listen, parseCidrs } from '@palaver/http';
import { logOptions, openCodec, openTokens, proxyVariables } from '@palaver/process';
import {
  createLogger,
  createMetrics,
  httpVariables,
  kafkaVariables,
  parsers,
  processVariables,
  readConfigOrExit,
  registryVariables,
  runProcess,
  tokenVariables,
  variable,
} from '@palaver/runtime';
import { eventSchemas, sessionEnds } from '@palaver/schemas';
import { createGateway } from './app.ts';

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
    ...httpVariables(3001),
    ...kafkaVariables,
    ...registryVariables,
    ...tokenVariables,
    // Nobody stands before the gateway unless it is told so.
    trustedProxies: { ...proxyVariables.trustedProxies, default: parseCidrs('') },
    auth: upstream('auth', 'http://127.0.0.1:3003'),
    servers: upstream('servers', 'http://127.0.0.1:3004'),
    messages: upstream('messages', 'http://127.0.0.1:3005'),
    files: upstream('files', 'http://127.0.0.1:3002'),
  },
  process.env,
);

const name = 'gateway';
const logger = createLogger({ name, level: config.logLevel, instance: config.instanceId });

await runProcess({
  name,
  logger,
  start: async (scope) => {
    const metrics = createMetrics(name);
    const log = kafkaLog(logOptions({ brokers: config.kafkaBrokers, name, logger, metrics }));
    scope.onStop('log', () => log.close());
    const codec = await openCodec(scope, config.registryUrl, eventSchemas.auth);
    const { verifySigned, ended } = await openTokens({ config, scope, log, codec, ends: sessionEnds });
    const gateway = createGateway({
      upstreams: config,
      verifyToken: verifySigned,
      ended,
      trustedProxies: config.trustedProxies,
      logger,
      metrics,
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
