import { registerSchemas } from '@palaver/event-log';
import { createBucket, createDatabases, createTopics, type LocalStack } from '@palaver/local';
import { commandSchemas, eventSchemas, topics } from '@palaver/schemas';
import { buckets, databases } from './processes.ts';

/** What has to stand before any process runs; each step may be repeated. */

export const deployDatabases = ({ postgresUrl }: LocalStack): Promise<void> =>
  createDatabases(postgresUrl('postgres'), [...databases]);

export const deployTopics = ({ brokers }: LocalStack): Promise<void> =>
  createTopics(
    brokers,
    topics.map(({ config, ...topic }) => ({ ...topic, config: { ...config } })),
  );

/** Events are read for ever, by old and new programs alike; commands are read by a program that is at least as new as their writer's. */
export const deploySchemas = async ({ registryUrl }: LocalStack): Promise<void> => {
  await registerSchemas({
    registryUrl,
    schemas: Object.values(eventSchemas).flat(),
    compatibility: 'FULL_TRANSITIVE',
  });
  await registerSchemas({
    registryUrl,
    schemas: Object.values(commandSchemas).flat(),
    compatibility: 'BACKWARD_TRANSITIVE',
  });
};

export const deployBuckets = async ({ s3 }: LocalStack): Promise<void> => {
  for (const bucket of buckets) await createBucket(s3, bucket);
};
