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

export type Environment = Readonly<Record<string, string | undefined>>;

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

/** Two keep two cores busy: one folds while the other's Postgres writes. */
export const jobsOption = { type: 'string', default: '2' } as const;

/** The log, and what lies beside it. */
export type Parts = {
  readonly log: EventLog;
  /** Asks the registry for the ids of all schemas. */
  readonly openCodec: () => Promise<Codec>;
  readonly databaseUrl: (database: string) => string;
};

/**
 * Runs the work with the log and all that lies on it. Addresses are those of the services' environment variables, else those of the
 * local stack; of `PALAVER_POSTGRES_URL` all but the database counts. What is away for `unavailableMs` is given up.
 */
export const withLog = async <T>(
  environment: Environment,
  work: (parts: Parts) => Promise<T>,
  { unavailableMs = 10_000 } = {},
): Promise<T> => {
  const { kafkaBrokers, registry, databaseUrl } = addresses(environment);
  const log = kafkaLog({ brokers: kafkaBrokers, clientId: 'palaver', unavailableMs });
  const openCodec = () => avroCodec({ registryUrl: registry, schemas: allSchemas, unavailableMs });
  try {
    return await work({ log, openCodec, databaseUrl });
  } finally {
    await log.close();
  }
};

export type ManyModels = {
  readonly names: readonly string[];
  /** How many are worked on at the same time. */
  readonly jobs: number;
  /** What is not begun when it is aborted fails with its reason. */
  readonly signal: AbortSignal;
  readonly onFailed: (name: string, error: unknown) => void;
};

/** Runs the work on each of the models, at the addresses of `withLog`. One that fails does not keep the others from being done. */
export const withModels = (
  { names, jobs, signal, onFailed }: ManyModels,
  environment: Environment,
  work: (model: OpenModel) => Promise<void>,
): Promise<void> =>
  withLog(environment, async ({ log, openCodec, databaseUrl }) => {
    const codec = await openCodec();
    const workOn = async (name: string): Promise<void> => {
      signal.throwIfAborted();
      const { projection, database } = models[name]!;
      const pool = modelPool({ connectionString: databaseUrl(database), max: 4 });
      await work({ name, projection, log, codec, pool }).finally(() => pool.end());
    };
    const queue = names.values();
    const takeTurns = async (): Promise<void> => {
      for (const name of queue) await workOn(name).catch((error: unknown) => onFailed(name, error));
    };
    await Promise.all(Array.from({ length: jobs }, takeTurns));
  });

/** One after the other; the first that fails ends it. */
export const withEachModel = (
  names: readonly string[],
  environment: Environment,
  work: (model: OpenModel) => Promise<void>,
): Promise<void> => {
  const onFailed = (_name: string, error: unknown): void => {
    throw error;
  };
  return withModels({ names, jobs: 1, signal: new AbortController().signal, onFailed }, environment, work);
};

/** Where all of it is, as the environment says or the local stack has it. */
export const addresses = (environment: Environment) => {
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
