import { kafkaAppender } from './kafka-appender.ts';
import { createClient, type KafkaLogOptions } from './kafka-client.ts';
import { joinGroup } from './kafka-group.ts';
import { countPartitions, fetchOffsets, fetchOffsetsAt, readRanges, tailPartitions } from './kafka-reader.ts';
import type { Closable, EventLog } from './log.ts';

export type { KafkaLogOptions, LogEvent, LogLine } from './kafka-client.ts';

/** The log on Kafka. Connects when first used, and goes on by itself after an outage of the brokers. */
export const kafkaLog = (options: KafkaLogOptions): EventLog => {
  const client = createClient(options);
  const closing = new AbortController();
  const appenders = new Set<Closable>();
  const consumers = new Set<Closable>();
  const counts = new Map<string, Promise<number>>();

  const keep = <T extends Closable>(kept: Set<Closable>, closable: T): T => {
    kept.add(closable);
    return closable;
  };
  const closeAll = (kept: ReadonlySet<Closable>): Promise<unknown> =>
    Promise.all([...kept].map((closable) => closable.close()));
  // A topic's partitions are never changed, so one answer is enough.
  const partitions = (topic: string): Promise<number> => {
    const known = counts.get(topic);
    if (known) return known;
    const asked = countPartitions(client, topic);
    counts.set(topic, asked);
    asked.catch(() => counts.delete(topic));
    return asked;
  };

  return {
    partitions,
    offsets: (topic) => fetchOffsets(client, topic),
    offsetsAt: (topic, timestampMs) => fetchOffsetsAt(client, topic, timestampMs),
    appender: () => keep(appenders, kafkaAppender(client, partitions)),
    read: (topic, ranges, onBatch) => readRanges(client, topic, ranges, onBatch, closing.signal),
    join: async (group) => keep(consumers, await joinGroup(client, group)),
    tail: async (topic, wanted, onBatch) =>
      keep(consumers, await tailPartitions(client, topic, wanted, onBatch, closing.signal)),
    close: async () => {
      // Owners may have to append in order to stop.
      await closeAll(consumers);
      await closeAll(appenders);
      closing.abort();
      await client.close();
    },
  };
};
