import { kafkaAppender } from './kafka-appender.ts';
import { createClient, type KafkaLogOptions } from './kafka-client.ts';
import { joinGroup } from './kafka-group.ts';
import { countPartitions, fetchOffsets, readRanges, tailPartitions } from './kafka-reader.ts';
import type { Closable, EventLog } from './log.ts';

export type { KafkaLogOptions, LogEvent, LogLine } from './kafka-client.ts';

/** The log on Kafka. Connects when first used, and goes on by itself after an outage of the brokers. */
export const kafkaLog = (options: KafkaLogOptions): EventLog => {
  const client = createClient(options);
  const closing = new AbortController();
  const opened = new Set<Closable>();
  const counts = new Map<string, Promise<number>>();

  const open = <T extends Closable>(closable: T): T => {
    opened.add(closable);
    return closable;
  };
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
    appender: () => open(kafkaAppender(client, partitions)),
    read: (topic, ranges, onBatch) => readRanges(client, topic, ranges, onBatch, closing.signal),
    join: async (group) => open(await joinGroup(client, group)),
    tail: async (topic, wanted, onBatch) => open(await tailPartitions(client, topic, wanted, onBatch, closing.signal)),
    close: async () => {
      await Promise.all([...opened].map((closable) => closable.close()));
      closing.abort();
      await client.close();
    },
  };
};
