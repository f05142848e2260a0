import { avroCodec, type Codec, type EventLog, kafkaLog } from '@palaver/event-log';
import { brokerAddresses, postgresUrl, registryUrl } from '@palaver/local';
import { authProjection } from '@palaver/projection-auth';
import { filesProjection } from '@palaver/projection-files';
import { messagesProjection } from '@palaver/projection-messages';
import { searchProjection } from '@palaver/projection-search';
import { serversProjection } from '@palaver/projection-servers';
import { modelPool, type Projection } from '@palaver/projector';
import { kafkaVariables, postgresVariables, readConfig, registryVariables } from '@palaver/runtime';
import { allSchemas } from '@palaver/schemas';
import type pg from 'pg';
import { UsageError } from './command.ts';
import { readSettings } from './house/settings.ts';

/** Each read model, and the database that it lives in. */
export const models: Readonly<Record<string, { readonly projection: Projection; readonly database: string }>> = {
  auth: { projection: authProjection, database: 'palaver_auth' },
  servers: { projection: serversProjection, database: 'palaver_servers' },
  messages: { projection: messagesProjection, database: 'palaver_messages' },
  files: { projection: filesProjection, database: 'palaver_files' },
  search: { projection: searchProjection, database: 'palaver_search' },
};

/** What folding a model anew takes. */
export type OpenModel = {
  readonly name: string;
  readonly projection: Projection;
  readonly log: EventLog;
  readonly codec: Codec;
  readonly pool: pg.Pool;
};

/** Names as they are typed: `all`, or none where none means all. Throws `UsageError`. */
export const chooseModels = (names: readonly string[]): readonly string[] => {
  const known = Object.keys(models);
  const unknown = names.find((name) => name !== 'all' && !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no projection "${unknown}"; there are ${known.join(', ')}, all`);
  }
  return names.includes('all') ? known : [...new Set(names)];
};

/**
 * Runs the work with the log and all that lies on it. Addresses are those of the services' environment variables, else those of the
 * local stack; of `PALAVER_POSTGRES_URL` all but the database counts.
 */
export const withLog = async (
  environment: Readonly<Record<string, string | undefined>>,
  work: (parts: Pick<OpenModel, 'log' | 'codec'> & { databaseUrl: (database: string) => string }) => Promise<void>,
): Promise<void> => {
  const { kafkaBrokers, registry, databaseUrl } = addresses(environment);
  const log = kafkaLog({ brokers: kafkaBrokers, clientId: 'palaver', unavailableMs: 10_000 });
  try {
    const codec = await avroCodec({ registryUrl: registry, schemas: allSchemas, unavailableMs: 10_000 });
    await work({ log, codec, databaseUrl });
  } finally {
    await log.close();
  }
};

/** Runs the work on each of the models, one after the other, at the addresses of `withLog`. */
export const withModels = (
  names: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  work: (model: OpenModel) => Promise<void>,
): Promise<void> =>
  withLog(environment, async ({ log, codec, databaseUrl }) => {
    for (const name of names) {
      const { projection, database } = models[name]!;
      const pool = modelPool({ connectionString: databaseUrl(database), max: 4 });
      try {
        await work({ name, projection, log, codec, pool });
      } finally {
        await pool.end();
      }
    }
  });

const addresses = (environment: Readonly<Record<string, string | undefined>>) => {
  const { local } = readSettings(environment);
  const shape = {
    kafkaBrokers: { ...kafkaVariables.kafkaBrokers, default: brokerAddresses(local) },
    registryUrl: { ...registryVariables.registryUrl, default: registryUrl(local) },
    postgresUrl: { ...postgresVariables.postgresUrl, default: postgresUrl(local, 'postgres') },
  };
  const config = readConfig(shape, environment);
  return {
    kafkaBrokers: config.kafkaBrokers,
    registry: config.registryUrl,
    databaseUrl(database: string): string {
      const url = new URL(config.postgresUrl);
      url.pathname = `/${database}`;
      return url.href;
    },
  };
};
