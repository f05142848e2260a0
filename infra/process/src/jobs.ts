import { type AnyDecider, commandClient, createReplies } from '@palaver/decider';
import { kafkaLog, type Membership, type RecordSchema } from '@palaver/event-log';
import { type Check, closeShell, EDGE_PROBLEMS, listen, openShell } from '@palaver/http';
import {
  type ConfigOf,
  type ConfigShape,
  createLogger,
  createMetrics,
  openTraces,
  readConfigOrExit,
  runProcess,
} from '@palaver/runtime';
import pg from 'pg';
import { openCodec } from './codec.ts';
import { measureCommands } from './command-metrics.ts';
import { databaseCheck, poolWatch } from './database.ts';
import { logCheck } from './log-check.ts';
import { logOptions } from './log-options.ts';
import type { ServiceParts } from './service.ts';
import { traceAppends, traceCommands } from './spans.ts';
import { workerVariables } from './variables.ts';

/** What a process of jobs is made of, beside its own variables. */
export type JobsParts<Shape extends ConfigShape> = Pick<
  ServiceParts<never>,
  'scope' | 'log' | 'codecs' | 'pool' | 'commands'
> & { readonly config: ConfigOf<Shape> & ConfigOf<ReturnType<typeof workerVariables>> };

/** What follows from a service's events and would take the service's memory or time: a process of its own does it. */
export type JobsProcess<Shape extends ConfigShape> = {
  readonly name: string;
  /** Of the service, whose decisions its commands are. */
  readonly decider: AnyDecider;
  readonly schemas: { readonly commands: readonly RecordSchema[]; readonly events: readonly RecordSchema[] };
  /** Where health and metrics are served unless the environment says otherwise. */
  readonly usualPort: number;
  readonly variables: Shape;
  /** Starts its parts (`scope.onStop` says how they stop). Resolves with the process manager that it follows the events by. */
  readonly start: (parts: JobsParts<Shape>) => Promise<Membership>;
};

/** Runs jobs as a process, until it is told to stop. */
export const runJobs = <Shape extends ConfigShape>(
  { name, decider, schemas, usualPort, variables, start }: JobsProcess<Shape>,
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const shape = { ...workerVariables(usualPort), ...variables };
  const config = readConfigOrExit(shape, environment) as JobsParts<Shape>['config'];
  const logger = createLogger({ name, level: config.logLevel, instance: config.instanceId });
  const metrics = createMetrics(name);

  return runProcess({
    name,
    logger,
    start: async (scope) => {
      const traces = await openTraces(scope, { name, instance: config.instanceId, config });
      const watchPool = poolWatch({ logger, metrics });
      const pool = watchPool('jobs', new pg.Pool({ connectionString: config.postgresUrl, max: 4 }));
      scope.onStop('database', () => pool.end());
      const log = traceAppends(kafkaLog(logOptions({ brokers: config.kafkaBrokers, name, logger, metrics })), traces);
      scope.onStop('log', () => log.close());

      let following: Membership | null = null;
      const ready = async (): Promise<Check[]> => [
        await databaseCheck(pool),
        following ? logCheck(following) : { name: 'log', ok: false, detail: 'starting' },
      ];
      const app = openShell({ name, logger, metrics, traces, ready, problems: EDGE_PROBLEMS });
      closeShell(app, { logger, problems: EDGE_PROBLEMS });
      const server = await listen(app, { host: config.httpHost, port: config.httpPort });
      scope.onStop('http', () => server.close());

      const codecs = {
        commands: await openCodec(scope, config.registryUrl, schemas.commands),
        events: await openCodec(scope, config.registryUrl, schemas.events),
      };
      const replies = createReplies(config.instanceId);
      const client = await commandClient({ log, decider, codec: codecs.commands, replies });
      const commands = traceCommands(measureCommands(client, metrics), traces);
      scope.onStop('command client', () => commands.close());
      following = await start({ config, scope, log, codecs, pool, commands });
      return { url: server.url };
    },
  });
};
