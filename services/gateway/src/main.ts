import { listen, readJwks, tokenVerifier } from '@palaver/http';
import {
  createLogger,
  createMetrics,
  httpVariables,
  parsers,
  processVariables,
  readConfigOrExit,
  runProcess,
  tokenVariables,
  variable,
} from '@palaver/runtime';
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
    ...tokenVariables,
    auth: upstream('auth', 'http://127.0.0.1:3003'),
    servers: upstream('servers', 'http://127.0.0.1:3004'),
    messages: upstream('messages', 'http://127.0.0.1:3005'),
  },
  process.env,
);

const name = 'gateway';
const logger = createLogger({ name, level: config.logLevel, instance: config.instanceId });

await runProcess({
  name,
  logger,
  start: async (scope) => {
    const verifyToken = await scope.waitFor('the key set', () =>
      tokenVerifier({ jwks: readJwks(config.jwksFile), issuer: config.tokenIssuer, audience: config.tokenAudience }),
    );
    const gateway = createGateway({ upstreams: config, verifyToken, logger, metrics: createMetrics(name) });
    scope.onStop('upstreams', gateway.close);
    const server = await listen(gateway.listener, { host: config.httpHost, port: config.httpPort });
    scope.onStop('http', server.close);
    return { url: server.url };
  },
});
