import type { Message, Producer, RecordMetadata, TopicMessages } from 'kafkajs';
import { type Client, messageOf, rootOf } from './kafka-client.ts';
import type { SentMessage } from './kafkajs-encoder.ts';
import { type Appender, AppendRejected, AppendUnknown, type NewRecord } from './log.ts';

/** Largest run of one append: below the topics' max.message.bytes (4 MiB), with room for the batch's own fields. */
const maxAppendBytes = 4_000_000;
/** Where merging stops: small enough to be quick, large enough for throughput. */
const maxRunBytes = 900_000;
const maxRequestBytes = 8_000_000;
const batchOverheadBytes = 100;
const defaultAppendTimeoutMs = 10_000;
/**
 * Least time between the beginnings of two requests once appends come together. A request costs broker and client about as much for
 * one record as for fifty, and what comes in pieces grows together again. Who is alone does not wait.
 */
const sendIntervalMs = 4;
/** So many records that wait are worth a request of their own at once. */
const enoughRecords = 8;

/** The broker looked at the records and refused them, so no earlier try of the same request was taken either. */
const refusals = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'INVALID_RECORD',
]);

export type PendingAppend = {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly NewRecord[];
  readonly bytes: number;
  readonly resolve: (result: { baseOffset: number }) => void;
  readonly reject: (error: Error) => void;
};

const runOf = (append: Pick<PendingAppend, 'topic' | 'partition'>): string => `${append.topic}:${append.partition}`;

/**
 * What goes into the next request: appends in the order of their arrival, until the request or a partition's run is full. Once
 * one of a partition has to wait, all later ones of that partition wait too. A single append is never split.
 */
export const nextRequest = (queue: readonly PendingAppend[]): { now: PendingAppend[]; later: PendingAppend[] } => {
  const now: PendingAppend[] = [];
  const later: PendingAppend[] = [];
  const runs = new Map<string, number>();
  let total = 0;
  for (const append of queue) {
    const key = runOf(append);
    const run = runs.get(key) ?? 0;
    const fits = run === 0 || run + append.bytes <= maxRunBytes;
    if (fits && (total === 0 || total + append.bytes <= maxRequestBytes)) {
      runs.set(key, run + append.bytes);
      total += append.bytes;
      now.push(append);
    } else {
      runs.set(key, Number.POSITIVE_INFINITY);
      later.push(append);
    }
  }
  return { now, later };
};

/** The base offset of each append of a request: runs of one partition lie behind each other, in the order given. */
export const baseOffsets = (
  appends: readonly Pick<PendingAppend, 'topic' | 'partition' | 'records'>[],
  written: ReadonlyMap<string, number>,
): number[] => {
  const next = new Map(written);
  return appends.map((append) => {
    const key = runOf(append);
    const baseOffset = next.get(key);
    if (baseOffset === undefined) throw new Error(`no base offset for ${key} in the answer`);
    next.set(key, baseOffset + append.records.length);
    return baseOffset;
  });
};

/** Upper bound of a record's size in a batch. */
const sizeOf = (record: NewRecord): number => {
  let size = 40 + Buffer.byteLength(record.key) + (record.value?.length ?? 0);
  for (const name in record.headers)
    size += 10 + Buffer.byteLength(name) + Buffer.byteLength(record.headers[name] ?? '');
  return size;
};

const bytesOf = (appends: readonly PendingAppend[]): number => appends.reduce((sum, append) => sum + append.bytes, 0);

const recordsOf = (appends: readonly PendingAppend[]): number =>
  appends.reduce((sum, append) => sum + append.records.length, 0);

/** Records as they are: ours is the encoder that gets them, and kafkajs itself looks at nothing but the partition. */
const toTopicMessages = (appends: readonly PendingAppend[]): TopicMessages[] => {
  const topics = new Map<string, (SentMessage & { readonly partition: number })[]>();
  for (const { topic, partition, records } of appends) {
    const messages = topics.get(topic) ?? [];
    topics.set(topic, messages);
    for (const { key, value, headers, timestampMs } of records)
      messages.push({ partition, key, value, headers, timestamp: timestampMs });
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages: messages as unknown as Message[] }));
};

const offsetsOf = (metadata: readonly RecordMetadata[]): Map<string, number> =>
  new Map(metadata.map(({ topicName, partition, baseOffset }) => [`${topicName}:${partition}`, Number(baseOffset)]));

const withTimeout = async <T>(promise: Promise<T>, timeoutMs: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * Group commit on one idempotent producer: one request in flight, and what arrives meanwhile goes into the next.
 *
 * Why one: kafkajs gives sequence numbers when it sends and takes them back when a send fails; with two in flight a lost answer
 * makes it reuse numbers that the broker has already seen, which then drops records as duplicates. With one in flight its own
 * retries repeat the same records under the same numbers, and the broker answers a repeat with the offsets of the first.
 * After an error that its retries did not cure, those numbers can no longer be trusted: the producer is dropped.
 */
export const kafkaAppender = (client: Client, partitionsOf: (topic: string) => Promise<number>): Appender => {
  const { log, options } = client;
  const appendTimeoutMs = options.appendTimeoutMs ?? defaultAppendTimeoutMs;
  const maxQueuedBytes = options.maxQueuedBytes ?? 64 * 1024 * 1024;
  const partitionCounts = new Map<string, number>();
  let queue: PendingAppend[] = [];
  let queuedBytes = 0;
  let queuedRecords = 0;
  let enough: (() => void) | null = null;
  let pumping: Promise<void> | null = null;
  let lastSendMs = Number.NEGATIVE_INFINITY;
  let lastAppends = 0;
  let producer: Producer | null = null;
  let closed = false;

  const setQueue = (appends: PendingAppend[]): void => {
    queue = appends;
    queuedBytes = bytesOf(appends);
    queuedRecords = recordsOf(appends);
  };

  /** Resolves at that time, or as soon as enough waits. */
  const gathered = (untilMs: number): Promise<void> => {
    const earlyMs = untilMs - performance.now();
    if (earlyMs <= 0 || queuedRecords >= enoughRecords) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        enough = null;
        resolve();
      };
      const timer = setTimeout(end, earlyMs);
      enough = end;
    });
  };

  const drop = (dropped: Producer, lastUse: Promise<unknown>): void => {
    if (producer === dropped) producer = null;
    const disconnect = (): Promise<void> =>
      dropped.disconnect().catch((error: unknown) => {
        log({ level: 'warn', message: 'a dropped producer did not disconnect', error: messageOf(error) });
      });
    // A retry inside kafkajs connects again, so the connection is closed once more after its end.
    void disconnect();
    void lastUse.catch(() => undefined).then(disconnect);
  };

  const connected = async (): Promise<Producer> => {
    if (producer) return producer;
    const made = client.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
      retry: { initialRetryTime: 20, maxRetryTime: 500, retries: 3 },
    });
    const connecting = made.connect();
    try {
      await withTimeout(connecting, appendTimeoutMs / 2);
    } catch (error) {
      drop(made, connecting);
      throw error;
    }
    producer = made;
    return made;
  };

  const failureOf = (error: unknown, appends: readonly PendingAppend[]): AppendRejected | AppendUnknown => {
    const type = rootOf(error).type;
    const oneRun = appends.every((append) => runOf(append) === runOf(appends[0]!));
    // One answer stands for the whole request; which of several partitions it is about, kafkajs does not say.
    if (oneRun && type !== undefined && refusals.has(type))
      return new AppendRejected(messageOf(error), { cause: error });
    return new AppendUnknown(`outcome unknown: ${messageOf(error)}`, { cause: error });
  };

  const rejectAll = (appends: readonly PendingAppend[], error: AppendRejected | AppendUnknown): void => {
    const outcome = error instanceof AppendRejected ? 'rejected' : 'unknown';
    log({ level: 'warn', message: `append failed, ${outcome}`, appends: appends.length, error: error.message });
    for (const append of appends) {
      client.event({ kind: 'append-failed', records: append.records.length, outcome });
      append.reject(error);
    }
  };

  const send = async (appends: readonly PendingAppend[]): Promise<void> => {
    let ready: Producer;
    try {
      ready = await connected();
    } catch (error) {
      // Nothing was sent, and what waits behind has no better chance.
      const waiting = queue;
      setQueue([]);
      rejectAll([...appends, ...waiting], new AppendRejected(`no broker: ${messageOf(error)}`, { cause: error }));
      return;
    }
    const startedAt = performance.now();
    const sending = ready.sendBatch({
      acks: -1,
      timeout: appendTimeoutMs / 2,
      topicMessages: toTopicMessages(appends),
    });
    try {
      const bases = baseOffsets(appends, offsetsOf(await withTimeout(sending, appendTimeoutMs)));
      client.event({
        kind: 'appended',
        records: recordsOf(appends),
        bytes: bytesOf(appends),
        durationMs: performance.now() - startedAt,
      });
      for (const [i, append] of appends.entries()) append.resolve({ baseOffset: bases[i]! });
    } catch (error) {
      drop(ready, sending);
      rejectAll(appends, failureOf(error, appends));
    }
  };

  const refuse = (refused: (append: PendingAppend) => boolean, error: AppendRejected): void => {
    const out = queue.filter(refused);
    if (out.length === 0) return;
    setQueue(queue.filter((append) => !refused(append)));
    rejectAll(out, error);
  };

  /** A topic that does not exist, or a wrong partition, must not spoil the request of all others. */
  const refuseMisdirected = async (): Promise<void> => {
    const topics = new Set<string>();
    for (const { topic } of queue) if (!partitionCounts.has(topic)) topics.add(topic);
    for (const topic of topics) {
      try {
        partitionCounts.set(topic, await withTimeout(partitionsOf(topic), appendTimeoutMs));
      } catch (error) {
        const why = new AppendRejected(`${topic} is not known: ${messageOf(error)}`, { cause: error });
        refuse((append) => append.topic === topic, why);
      }
    }
    // A topic that came while we waited is looked at in the next round.
    const fits = ({ topic, partition }: PendingAppend): boolean => {
      const count = partitionCounts.get(topic);
      return count === undefined || (Number.isInteger(partition) && partition >= 0 && partition < count);
    };
    if (!queue.every(fits)) refuse((append) => !fits(append), new AppendRejected('the topic has no such partition'));
    if (queue.some(({ topic }) => !partitionCounts.has(topic))) await refuseMisdirected();
  };

  const pump = async (): Promise<void> => {
    while (queue.length > 0) {
      if (lastAppends > 1) await gathered(lastSendMs + sendIntervalMs);
      await refuseMisdirected();
      lastSendMs = performance.now();
      const { now, later } = nextRequest(queue);
      setQueue(later);
      lastAppends = now.length;
      if (now.length > 0) await send(now);
    }
    pumping = null;
  };

  const refusalOf = (records: readonly NewRecord[], bytes: number): string | null => {
    if (closed) return 'the appender is closed';
    if (records.length === 0) return 'an append of no records has no offset';
    if (bytes > maxAppendBytes) return `an append of ${bytes} bytes is above ${maxAppendBytes}`;
    if (queuedBytes + bytes > maxQueuedBytes) return `${queuedBytes} bytes wait already`;
    return null;
  };

  return {
    append: (topic, partition, records) => {
      const bytes = records.reduce((sum, record) => sum + sizeOf(record), batchOverheadBytes);
      const refusal = refusalOf(records, bytes);
      if (refusal !== null) return Promise.reject(new AppendRejected(refusal));
      return new Promise((resolve, reject) => {
        queue.push({ topic, partition, records, bytes, resolve, reject });
        queuedBytes += bytes;
        queuedRecords += records.length;
        if (queuedRecords >= enoughRecords) enough?.();
        // A microtask later, so that what is appended in the same turn shares the request.
        pumping ??= Promise.resolve().then(pump);
      });
    },
    close: async () => {
      closed = true;
      await pumping;
      const last = producer;
      producer = null;
      await last?.disconnect();
    },
  };
};
