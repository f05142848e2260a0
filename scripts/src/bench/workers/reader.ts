import { avroCodec } from '@palaver/event-log';
import kafkajs from 'kafkajs';
import { benchSchemas } from '../messages.ts';
import { serveCalls } from '../worker.ts';
import type { ReplayOf } from './rebuilder.ts';

/** A limit of replay: kafkajs alone reads the topic to its end, and each value is decoded. */

const bytesPerPartition = 4 * 1_024 * 1_024;

const calls = {
  /** `elapsedMs` counts from the first batch: joining a group is no part of reading. */
  run: async ({ topic, brokers, registryUrl }: ReplayOf): Promise<{ events: number; elapsedMs: number }> => {
    const codec = await avroCodec({ registryUrl, schemas: benchSchemas(topic.split('.')[0]!).events });
    const kafka = new kafkajs.Kafka({ brokers: [...brokers], clientId: 'reader', logLevel: kafkajs.logLevel.NOTHING });
    const ends = await endOffsets(kafka, topic);
    const total = ends.reduce((sum, end) => sum + end, 0);
    const consumer = kafka.consumer({
      groupId: `reader-${crypto.randomUUID()}`,
      maxBytesPerPartition: bytesPerPartition,
      maxBytes: 8 * bytesPerPartition,
      maxWaitTimeInMs: 100,
    });
    const done = Promise.withResolvers<number>();
    let startedMs: number | null = null;
    let events = 0;
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: ends.length,
      eachBatch: async ({ batch }) => {
        startedMs ??= performance.now();
        for (const { value } of batch.messages) if (value !== null) codec.decode(value);
        events += batch.messages.length;
        if (events >= total) done.resolve(performance.now() - startedMs);
      },
    });
    const elapsedMs = await done.promise;
    await consumer.disconnect();
    return { events, elapsedMs };
  },
};
export type ReaderCalls = typeof calls;

const endOffsets = async (kafka: kafkajs.Kafka, topic: string): Promise<number[]> => {
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return offsets.map(({ high }) => Number(high));
};

serveCalls(calls);
