import { createBucket, createDatabases, createTopics, type LocalStack } from '@palaver/local';
import { topics } from '@palaver/schemas';
import { registerAll } from '../contracts/register.ts';
import { buckets, databases } from './processes.ts';

/** What has to stand before any process runs; each step may be repeated. */

export const deployDatabases = ({ postgresUrl }: LocalStack): Promise<void> =>
  createDatabases(postgresUrl('postgres'), [...databases]);

export const deployTopics = ({ brokers }: LocalStack): Promise<void> =>
  createTopics(
    brokers,
    topics.map(({ config, ...topic }) => ({ ...topic, config: { ...config } })),
  );

export const deploySchemas = async ({ registryUrl }: LocalStack): Promise<void> => {
  await registerAll(registryUrl);
};

export const deployBuckets = async ({ s3 }: LocalStack): Promise<void> => {
  for (const bucket of buckets) await createBucket(s3, bucket);
};
