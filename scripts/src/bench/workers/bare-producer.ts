import { newId } from '@palaver/decider';
import { staticCodec } from '@palaver/event-log';
import kafkajs, { type Message, type Producer } from 'kafkajs';
import { benchSchemas, newChannels, postCommand, postedRecord, realContents } from '../messages.ts';
import { serveCalls } from '../worker.ts';

/** The limit of all that appends: kafkajs alone, idempotent, acks=all, one send in flight, with records made beforehand. */

export type ProducerStart = {
  readonly topic: string;
  readonly brokers: readonly string[];
  readonly partitions: number;
};
/** Each send carries so many records, spread evenly over so many of the topic's partitions. */
export type ProducerRun = { readonly records: number; readonly spread: number; readonly seconds: number };
export type ProducerResult = {
  readonly records: number;
  readonly elapsedMs: number;
  /** Of each send. */
  readonly latenciesMs: Float64Array;
};

const prepared = 4_096;
let producer: Producer;
let to: ProducerStart;
let messages: Message[];

const calls = {
  start: async (given: ProducerStart): Promise<void> => {
    to = given;
    const kafka = new kafkajs.Kafka({
      brokers: [...given.brokers],
      clientId: 'bare-producer',
      logLevel: kafkajs.logLevel.NOTHING,
    });
    producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition!,
    });
    await producer.connect();
    messages = eventMessages(given.topic.split('.')[0]!, given.topic);
  },
  run: async ({ records, spread, seconds }: ProducerRun): Promise<ProducerResult> => {
    const latenciesMs: number[] = [];
    const startedMs = performance.now();
    const endMs = startedMs + seconds * 1_000;
    let next = 0;
    for (let now = startedMs; now < endMs; now = performance.now()) {
      const batch = Array.from({ length: records }, (_, index) => {
        const partition = (Math.floor((index * spread) / records) + latenciesMs.length) % to.partitions;
        return { ...messages[next++ % prepared]!, partition };
      });
      await producer.sendBatch({ acks: -1, topicMessages: [{ topic: to.topic, messages: batch }] });
      latenciesMs.push(performance.now() - now);
    }
    const elapsedMs = performance.now() - startedMs;
    return { records: next, elapsedMs, latenciesMs: Float64Array.from(latenciesMs) };
  },
  close: (): Promise<void> => producer.disconnect(),
};
export type ProducerCalls = typeof calls;

/** Of the size of the records that the processor appends. */
const eventMessages = (name: string, topic: string): Message[] => {
  const codec = staticCodec(benchSchemas(name).events);
  const channels = newChannels(64);
  const nextContent = realContents();
  const epoch = newId();
  return Array.from({ length: prepared }, (_, index) => {
    const command = postCommand(channels[index % channels.length]!, nextContent());
    const record = postedRecord(codec, topic, { command, seq: index + 1, commandOffset: index, epoch });
    return {
      key: record.key,
      value: Buffer.from(record.value!),
      headers: { ...record.headers },
      timestamp: String(record.timestampMs),
    };
  });
};

serveCalls(calls);
