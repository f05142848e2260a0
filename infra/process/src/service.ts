import {
  type CommandClient,
  commandClient,
  createReplies,
  type Decider,
  type DeciderStats,
  newId,
  type Processor,
  postgresStateStore,
  startProcessor,
} from '@palaver/decider';
import { type Codec, type EventLog, kafkaLog, type Message, type RecordSchema } from '@palaver/event-log';
import {
  type Check,
  createApp,
  listen,
  type ProblemTable,
  type PublicKeys,
  type Route,
  refuseEnded,
  type VerifyToken,
} from '@palaver/http';
import type { PositionWaiter, Projection } from '@palaver/projector';
import {
  type ConfigOf,
  type ConfigShape,
  createLogger,
  createMetrics,
  Gauge,
  type Metrics,
  openTraces,
  readConfigOrExit,
  runProcess,
  type Scope,
} from '@palaver/runtime';
import pg from 'pg';
import { openCodec } from './codec.ts';
import { measureCommands, measureDecisions } from './command-metrics.ts';
import { databaseCheck, poolWatch } from './database.ts';
import { logCheck } from './log-check.ts';
import { logOptions } from './log-options.ts';
import { openReadModel, type ReadModel, type ReadModelOptions } from './read-model.ts';
import type { SessionEnds } from './session-ends.ts';
import { traceAppends, traceCommands, traceDecisions } from './spans.ts';
import { startSweeper } from './sweeper.ts';
import { openTokens } from './tokens.ts';
import { serviceVariables } from './variables.ts';

/** What a service's own parts are made of. */
export type ServiceParts<Shape extends ConfigShape> = {
  readonly config: ConfigOf<Shape> & ConfigOf<ReturnType<typeof serviceVariables>>;
  readonly scope: Scope;
  readonly log: EventLog;
  readonly codecs: { readonly commands: Codec; readonly events: Codec };
  /** Of the live read model. */
  readonly pool: pg.Pool;
  /** For commands that are not a request's own: those of a request go through its context's `submit`. */
  readonly commands: CommandClient;
  readonly positions: PositionWaiter;
  /** Opens a further read model, without which the service is not ready. */
  readonly openModel: (model: ReadModelOptions) => Promise<ReadModel>;
  readonly verifyToken: VerifyToken;
  /** The keys that it verifies with. */
  readonly publicKeys: PublicKeys;
};

export type Service<C extends Message, E extends Message, Shape extends ConfigShape> = {
  readonly decider: Decider<C, E>;
  readonly groupId: string;
  readonly schemas: { readonly commands: readonly RecordSchema[]; readonly events: readonly RecordSchema[] };
  /** The read model that its queries read. */
  readonly projection: Pick<Projection, 'name' | 'topics'>;
  /** What ends sessions, and the schemas of its topic. */
  readonly sessionEnds: SessionEnds & { readonly schemas: readonly RecordSchema[] };
  readonly problems: ProblemTable;
  readonly usualPort: number;
  /** How long a request may take to come in, ms; by default 30,000. */
  readonly requestTimeoutMs?: number;
  /** What it is told by its environment besides what every service is. */
  readonly variables?: Shape;
  /** Makes its routes, and starts what else it needs (`scope.onStop` says how that stops). */
  readonly routes: (parts: ServiceParts<Shape>) => Promise<readonly Route[]> | readonly Route[];
};

/** Runs a service as a process: its share of the command partitions, its commands and its queries, until it is told to stop. */
export const serveService = <C extends Message, E extends Message, Shape extends ConfigShape = Record<never, never>>(
  service: Service<C, E, Shape>,
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const { name } = service.decider;
  const shape = { ...serviceVariables(service.usualPort), ...service.variables };
  const config = readConfigOrExit(shape, environment) as ServiceParts<Shape>['config'];
  const logger = createLogger({ name, level: config.logLevel, instance: config.instanceId });
  const metrics = createMetrics(name);
  const decider = service.decider as unknown as Decider;

  return runProcess({
    name,
    logger,
    start: async (scope) => {
      const traces = await openTraces(scope, { name, instance: config.instanceId, config });
      const watchPool = poolWatch({ logger, metrics });
      const storePool = watchPool('decider store', new pg.Pool({ connectionString: config.postgresUrl, max: 4 }));
      scope.onStop('decider store', () => storePool.end());
      const log = traceAppends(kafkaLog(logOptions({ brokers: config.kafkaBrokers, name, logger, metrics })), traces);
      scope.onStop('log', () => log.close());

      const load = (schemas: readonly RecordSchema[]) => openCodec(scope, config.registryUrl, schemas);
      const codecs = { commands: await load(service.schemas.commands), events: await load(service.schemas.events) };
      const { sessionEnds } = service;
      const tokens = await openTokens({
        config,
        scope,
        log,
        codec: await load(sessionEnds.schemas),
        ends: sessionEnds,
      });
      const verifyToken = refuseEnded(tokens.verifySigned, tokens.ended);
      const store = postgresStateStore(storePool);
      await scope.waitFor('database', () => store.migrate());

      const replies = createReplies(config.instanceId);
      const countDecided = measureDecisions(metrics);
      const processor = await startProcessor({
        log,
        decider,
        codecs,
        store,
        groupId: service.groupId,
        replies,
        newEpoch: newId,
        logger,
        onCrash: scope.crash,
        onDecided: (batch) => {
          countDecided(batch);
          if (traces) traceDecisions(traces, batch);
        },
      });
      scope.onStop('processor', () => processor.close());
      exposeStats(metrics, processor.stats);
      if (config.sweepIntervalSeconds > 0) {
        const intervalMs = config.sweepIntervalSeconds * 1_000;
        await startSweeper(scope, { log, decider, codec: codecs.events, pool: storePool, intervalMs });
      }
      const client = await commandClient({ log, decider, codec: codecs.commands, replies });
      const commands = traceCommands(measureCommands(client, metrics), traces);
      scope.onStop('command client', () => commands.close());
      const models = new Map<string, pg.Pool>();
      const openModel: ServiceParts<Shape>['openModel'] = async (model) => {
        const opened = await openReadModel({ scope, log, watchPool }, model);
        models.set(model.projection.name, opened.pool);
        return opened;
      };
      const { projection } = service;
      const { pool, positions } = await openModel({ projection, postgresUrl: config.postgresUrl });

      const publicKeys = tokens.keys;
      const parts = { config, scope, log, codecs, pool, commands, positions, openModel, verifyToken, publicKeys };
      const app = createApp({
        name,
        routes: await service.routes(parts),
        verifyToken,
        logger,
        metrics,
        traces,
        problems: service.problems,
        ready: () => readiness(models, processor),
        commands,
        positions,
        trustedProxies: config.trustedProxies,
      });
      const { requestTimeoutMs } = service;
      const limits = requestTimeoutMs === undefined ? {} : { requestTimeoutMs };
      const server = await listen(app, { host: config.httpHost, port: config.httpPort, ...limits });
      scope.onStop('http', () => server.close());
      return { url: server.url, consumerGroup: service.groupId };
    },
  });
};

const readiness = async (models: ReadonlyMap<string, pg.Pool>, processor: Processor): Promise<Check[]> => {
  const { halted, retrying } = processor.stats;
  const troubles = [...halted, ...retrying].map(([partition, what]) => `${partition}: ${what}`);
  return [
    ...(await Promise.all([...models].map(([name, pool]) => databaseCheck(pool, `database of ${name}`)))),
    logCheck(processor),
    // Optional, for its other partitions and its queries go on.
    { name: 'partitions', ok: troubles.length === 0, optional: true, detail: troubles.join('; ') || 'all decide' },
  ];
};

const exposeStats = (metrics: Metrics, stats: DeciderStats): void => {
  new Gauge({
    name: 'decider_stats',
    help: 'Running totals of the command processor; conflicts and halted above 0 should page someone.',
    labelNames: ['what'],
    registers: [metrics],
    collect() {
      for (const [what, value] of Object.entries(stats)) {
        if (typeof value === 'number') this.set({ what }, value);
      }
      for (const what of ['halted', 'retrying'] as const) this.set({ what }, stats[what].size);
    },
  });
};
