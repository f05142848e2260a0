import { kafkaLog, type LogRecord, type RecordSchema } from '@palaver/event-log';
import { type Check, createApp, listen } from '@palaver/http';
import {
  type CommittedBatch,
  modelPool,
  type ParkedOptions,
  type Projection,
  startProjector,
} from '@palaver/projector';
import {
  Counter,
  createLogger,
  createMetrics,
  Histogram,
  type Metrics,
  openTraces,
  readConfigOrExit,
  runProcess,
  type Traces,
} from '@palaver/runtime';
import { adminEdge } from './admin.ts';
import { openCodec } from './codec.ts';
import { databaseCheck, poolWatch } from './database.ts';
import { watchLag } from './lag.ts';
import { logOptions } from './log-options.ts';
import { exposeParked, parkedCheck } from './parked.ts';
import { traceCommits } from './spans.ts';
import { projectionVariables } from './variables.ts';

export type WorkerProcess = {
  readonly projection: Projection;
  /** Of every record that its topics can hold. */
  readonly schemas: readonly RecordSchema[];
  /** Where health and metrics are served unless the environment says otherwise. */
  readonly usualPort: number;
};

/** Runs a projection's worker as a process, until it is told to stop. */
export const runWorker = (
  { projection, schemas, usualPort }: WorkerProcess,
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const config = readConfigOrExit(projectionVariables(usualPort), environment);
  const name = `${projection.name}-projection`;
  const logger = createLogger({ name, level: config.logLevel, instance: config.instanceId });
  const metrics = createMetrics(name);

  return runProcess({
    name,
    logger,
    start: async (scope) => {
      const traces = await openTraces(scope, { name, instance: config.instanceId, config });
      const watchPool = poolWatch({ logger, metrics });
      const pool = watchPool('read model', modelPool({ connectionString: config.postgresUrl, max: 8 }));
      scope.onStop('database', () => pool.end());
      const log = kafkaLog(logOptions({ brokers: config.kafkaBrokers, name, logger, metrics }));
      scope.onStop('log', () => log.close());

      const lag = watchLag(scope, { log, pool, projection, metrics, maxSeconds: config.maxLagSeconds });
      exposeParked(metrics, { pool, projection });
      const projector: { current: ReturnType<typeof startProjector> | null } = { current: null };
      const checks = async (): Promise<Check[]> => {
        const health = projector.current?.health();
        const detail = health?.reason ?? health?.state ?? 'starting';
        return [
          await databaseCheck(pool),
          { name: 'projector', ok: health?.ready ?? false, detail },
          lag(),
          await parkedCheck(pool),
        ];
      };
      const parked: { current: ParkedOptions | null } = { current: null };
      const admin = adminEdge(config.adminToken, () => parked.current);
      const app = createApp({ ...admin, name, logger, metrics, traces, ready: checks });
      const server = await listen(app, { host: config.httpHost, port: config.httpPort });
      scope.onStop('http', () => server.close());

      const codec = await openCodec(scope, config.registryUrl, schemas);
      parked.current = { log, projection, codec, pool };
      projector.current = startProjector({
        ...parked.current,
        groupId: `${projection.name}-projection`,
        onCrash: scope.crash,
        hooks: projectorHooks(metrics, logger, traces),
      });
      scope.onStop('projector', () => projector.current!.close());
      await projector.current.started;
      return { url: server.url, projection: projection.name, version: projection.version };
    },
  });
};

const projectorHooks = (metrics: Metrics, logger: ReturnType<typeof createLogger>, traces: Traces | undefined) => {
  const events = new Counter({
    name: 'projection_events_total',
    help: 'Events folded into the live model.',
    labelNames: ['topic'],
    registers: [metrics],
  });
  const commits = new Histogram({
    name: 'projection_commit_duration_seconds',
    help: 'Fold and transaction of one batch.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers: [metrics],
  });
  const foreign = new Counter({
    name: 'projection_foreign_records_total',
    help: 'Records of event topics that no owner wrote, passed over.',
    registers: [metrics],
  });
  const parked = new Counter({ name: 'projection_parked_total', help: 'Events parked.', registers: [metrics] });
  return {
    onBatch: (batch: CommittedBatch) => {
      events.inc({ topic: batch.topic }, batch.events);
      commits.observe(batch.durationMs / 1_000);
      if (traces) traceCommits(traces, batch);
    },
    onParked: (event: object) => {
      parked.inc();
      logger.error({ event }, 'an event was parked');
    },
    onForeign: ({ topic, partition, offset, key }: LogRecord) => {
      foreign.inc();
      logger.warn({ topic, partition, offset, key }, 'a record that no owner wrote is passed over');
    },
    onRetry: (error: Error) => logger.warn({ err: error }, 'trying again'),
    onRebuild: (progress: object) => logger.info({ progress }, 'rebuilding'),
  };
};
