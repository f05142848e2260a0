import { parseCidrs } from '@palaver/http';
import {
  httpVariables,
  kafkaVariables,
  parsers,
  postgresVariables,
  processVariables,
  registryVariables,
  tokenVariables,
  traceVariables,
  variable,
} from '@palaver/runtime';

/** What every process with a log and a database is told by its environment. */
export const workerVariables = (usualPort: number) => ({
  ...processVariables,
  ...traceVariables,
  ...kafkaVariables,
  ...registryVariables,
  ...postgresVariables,
  ...httpVariables(usualPort),
});

/** The same, from when on a projection's worker is not ready, and who may ask it for more than its health. */
export const projectionVariables = (usualPort: number) => ({
  ...workerVariables(usualPort),
  maxLagSeconds: variable({
    name: 'PALAVER_MAX_LAG',
    parse: parsers.count,
    default: 3_600,
    doc: 'seconds that the read model may be behind the log before its worker is not ready',
  }),
  adminToken: variable<string | undefined>({
    name: 'PALAVER_ADMIN_TOKEN',
    parse: parsers.text.min(32, 'must have at least 32 characters'),
    default: undefined,
    secret: true,
    doc: 'the bearer token of the admin API; without it there is none',
  }),
});

const secondsOfADay = 86_400;

/** What every process with a log and a database is told, and what verifying tokens and sweeping need. */
export const serviceVariables = (usualPort: number) => ({
  ...workerVariables(usualPort),
  ...tokenVariables,
  ...proxyVariables,
  sweepIntervalSeconds: variable({
    name: 'PALAVER_SWEEP_INTERVAL',
    parse: parsers.count,
    default: secondsOfADay,
    doc: 'seconds from one erasure sweep of the events to the next; 0 for none',
  }),
});

/** Who may say where a request came from. */
export const proxyVariables = {
  trustedProxies: variable({
    name: 'PALAVER_TRUSTED_PROXIES',
    parse: parsers.by(parseCidrs),
    default: parseCidrs('127.0.0.1, ::1'),
    doc: 'addresses and networks whose X-Forwarded-For is believed, joined by commas: for a service those of the gateways',
  }),
} as const;
