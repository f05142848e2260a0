import {
  httpVariables,
  kafkaVariables,
  postgresVariables,
  processVariables,
  registryVariables,
  tokenVariables,
} from '@palaver/runtime';

/** What every process with a log and a database is told by its environment. */
export const workerVariables = (usualPort: number) => ({
  ...processVariables,
  ...kafkaVariables,
  ...registryVariables,
  ...postgresVariables,
  ...httpVariables(usualPort),
});

/** The same, and what verifying tokens needs. */
export const serviceVariables = (usualPort: number) => ({ ...workerVariables(usualPort), ...tokenVariables });
