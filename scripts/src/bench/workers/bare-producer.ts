import kafkajs, { type Message, type Producer } from 'kafkajs';
import { serveCalls } from '../worker.ts';

/**
 * The limit of all that appends: kafkajs alone, idempotent, acks=all, one send in flight, with records made beforehand. It imports
 * nothing of Palaver, whose log mends kafkajs in places.
 */

export type ProducerStart = {
  readonly topic: string;
  readonly brokers: readonly string[];
  readonly partitions: number;
  /** Sent over and over. */
  readonly messages: readonly Message[];
};
/** Each send carries so many records, spread evenly over so many of the topic's partitions. */
export type ProducerRun = { readonly records: number; readonly spread: number; readonly seconds: number };
export type ProducerResult = {
  readonly records: number;
  readonly elapsedMs: number;
  /** Of each send. */
  readonly latenciesMs: Float64Array;
};

let producer: Producer;
let to: ProducerStart;

const calls = {
  start: async (given: ProducerStart): Promise<void> => {
    to = { ...given, messages: given.messages.map(withBuffer) };
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
  },
  run: async ({ records, spread, seconds }: ProducerRun): Promise<ProducerResult> => {
    const { messages } = to;
    const latenciesMs: number[] = [];
    const startedMs = performance.now();
    const endMs = startedMs + seconds * 1_000;
    let next = 0;
    for (let now = startedMs; now < endMs; now = performance.now()) {
      const batch = Array.from({ length: records }, (_, index) => {
        const partition = (Math.floor((index * spread) / records) + latenciesMs.length) % to.partitions;
        return { ...messages[next++ % messages.length]!, partition };
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

/** On its way between processes a Buffer becomes a Uint8Array, which kafkajs would take for text. */
const withBuffer = (message: Message): Message => ({ ...message, value: Buffer.from(message.value!) });

serveCalls(calls);
