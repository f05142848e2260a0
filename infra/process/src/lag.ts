import type { EventLog } from '@palaver/event-log';
import type { Check } from '@palaver/http';
import { type PartitionLag, type Projection, projectionLag } from '@palaver/projector';
import { Gauge, type Metrics, type Scope } from '@palaver/runtime';
import type pg from 'pg';

/** Between two looks at Kafka and Postgres, however often metrics and readiness are asked for. */
const LOOK_EVERY_MS = 5_000;
/** What was seen this long ago says nothing of now: Kafka or Postgres is away. */
const STALE_MS = 30_000;

export type LagWatch = {
  readonly log: EventLog;
  readonly pool: pg.Pool;
  readonly projection: Pick<Projection, 'topics' | 'version'>;
  readonly metrics: Metrics;
  /** Beyond it the worker is not ready, s. */
  readonly maxSeconds: number;
};

/** Looks every few seconds how far the live model is behind the log, for the metrics and the readiness check that it returns. */
export const watchLag = (
  scope: Pick<Scope, 'logger' | 'onStop' | 'signal'>,
  { log, pool, projection, metrics, maxSeconds }: LagWatch,
): (() => Check) => {
  const show = lagGauges(metrics, projection);
  let seen: Seen | null = null;
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      seen = { lags: await projectionLag(log, pool, projection), atMs: Date.now() };
      show(seen.lags);
    } catch (error) {
      if (!scope.signal.aborted) scope.logger.warn({ err: error }, 'the lag is not known');
    } finally {
      looking = false;
    }
  };
  // Stopping does not wait for a look: it may wait for a broker that is away.
  const timer = setInterval(look, LOOK_EVERY_MS);
  scope.onStop('lag', () => clearInterval(timer));
  void look();
  return () => lagCheck(seen, { maxSeconds, nowMs: Date.now() });
};

type Seen = { readonly lags: readonly PartitionLag[]; readonly atMs: number };

/** The partition that is furthest behind speaks for all. */
export const lagCheck = (
  seen: Seen | null,
  { maxSeconds, nowMs }: { readonly maxSeconds: number; readonly nowMs: number },
): Check => {
  if (seen === null || nowMs - seen.atMs > STALE_MS) return { name: 'lag', ok: false, detail: 'not known' };
  const [worst] = [...seen.lags].sort((a, b) => b.seconds - a.seconds || b.lag - a.lag);
  if (worst === undefined || worst.lag === 0) return { name: 'lag', ok: true, detail: 'none' };
  const { topic, partition, lag, seconds } = worst;
  return { name: 'lag', ok: seconds <= maxSeconds, detail: `${topic}:${partition}: ${lag} events, ${seconds} s` };
};

const lagGauges = (
  metrics: Metrics,
  { version }: Pick<Projection, 'version'>,
): ((lags: readonly PartitionLag[]) => void) => {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['topic', 'partition'], registers: [metrics] });
  const events = gauge('projection_lag_events', 'Log positions that the live model has not folded.');
  const seconds = gauge('projection_lag_seconds', 'Age of the first record that the live model has not folded.');
  const checkpoint = gauge('projection_checkpoint_offset', 'Next offset that the live model folds.');
  new Gauge({ name: 'projection_version', help: "Version of this worker's model.", registers: [metrics] }).set(version);
  return (lags) => {
    for (const lag of lags) {
      const at = { topic: lag.topic, partition: String(lag.partition) };
      events.set(at, lag.lag);
      seconds.set(at, lag.seconds);
      checkpoint.set(at, lag.checkpoint);
    }
  };
};
