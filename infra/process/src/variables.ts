import { parseCidrs } from '@palaver/http';
import {
  httpVariables,
  kafkaVariables,
  parsers,
  postgresVariables,
  processVariables,
  registryVariables,
  tokenVariables,
  variable,
} from '@palaver/runtime';
import { z } from 'zod';

/** What every process with a log and a database is told by its environment. */
export const workerVariables = (usualPort: number) => ({
  ...processVariables,
  ...kafkaVariables,
  ...registryVariables,
  ...postgresVariables,
  ...httpVariables(usualPort),
});

/** The same, and from when on a projection's worker is not ready. */
export const projectionVariables = (usualPort: number) => ({
  ...workerVariables(usualPort),
  maxLagSeconds: variable({
    name: 'PALAVER_MAX_LAG',
    parse: parsers.count,
    default: 3_600,
    doc: 'seconds that the read model may be behind the log before its worker is not ready',
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
    parse: z.string().transform((text, context) => {
      try {
        return parseCidrs(text);
      } catch (error) {
        context.addIssue((error as Error).message);
        return z.NEVER;
      }
    }),
    default: parseCidrs('127.0.0.1, ::1'),
    doc: 'addresses and networks whose X-Forwarded-For is believed, joined by commas: for a service those of the gateways',
  }),
} as const;
