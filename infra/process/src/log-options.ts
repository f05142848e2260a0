import type { KafkaLogOptions } from '@palaver/event-log';
import { Counter, Histogram, type Logger, type Metrics } from '@palaver/runtime';

/** How a process connects to the log: its lines go to the process's logger, its figures to the metrics. */
export const logOptions = (options: {
  brokers: readonly string[];
  name: string;
  logger: Logger;
  metrics: Metrics;
}): KafkaLogOptions => {
  const { brokers, name, logger, metrics } = options;
  const appended = new Counter({ name: 'log_appended_records_total', help: 'Records appended.', registers: [metrics] });
  const failed = new Counter({
    name: 'log_append_failures_total',
    help: 'Records whose append was rejected, or whose outcome is unknown.',
    labelNames: ['outcome'],
    registers: [metrics],
  });
  const sizes = new Histogram({
    name: 'log_append_size_bytes',
    help: 'Size of a request to the broker.',
    buckets: [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304],
    registers: [metrics],
  });
  const durations = new Histogram({
    name: 'log_append_duration_seconds',
    help: 'Time from a request to the broker until all in-sync replicas had it.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers: [metrics],
  });
  return {
    brokers,
    clientId: name,
    logger: ({ level, message, ...fields }) => logger[level](fields, message),
    onEvent: (event) => {
      if (event.kind === 'appended') {
        appended.inc(event.records);
        sizes.observe(event.bytes);
        durations.observe(event.durationMs / 1_000);
      } else if (event.kind === 'append-failed') failed.inc({ outcome: event.outcome }, event.records);
      else logger.info({ groupId: event.groupId, held: event.held }, 'partitions were dealt out');
    },
  };
};
