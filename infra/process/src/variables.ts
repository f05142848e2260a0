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

/** What every process with a log and a database is told by its environment. */
export const workerVariables = (usualPort: number) => ({
  ...processVariables,
  ...kafkaVariables,
  ...registryVariables,
  ...postgresVariables,
  ...httpVariables(usualPort),
});

const secondsOfADay = 86_400;

/** The same, and what verifying tokens and sweeping need. */
export const serviceVariables = (usualPort: number) => ({
  ...workerVariables(usualPort),
  ...tokenVariables,
  sweepIntervalSeconds: variable({
    name: 'PALAVER_SWEEP_INTERVAL',
    parse: parsers.count,
    default: secondsOfADay,
    doc: 'seconds from one erasure sweep of the events to the next; 0 for none',
  }),
});
