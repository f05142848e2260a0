import { randomUUID } from 'node:crypto';
import type { Consumer, EachBatchPayload, PartitionAssigner } from 'kafkajs';
import kafkajs from 'kafkajs';
import { briefRetry, type Client, isPermanent, maxWaitMs, messageOf, toError, toRecord } from './kafka-client.ts';
import type { FetchedMessage } from './kafkajs-decoder.ts';
import { type Batch, type Closable, LogGap, type OffsetAt, type PartitionOffsets, type Range } from './log.ts';

/** kafkajs's batch as it is beyond its types: with the offset that was asked for, and messages as `kafkajs-decoder.ts` makes them. */
export type FetchedBatch = Omit<EachBatchPayload['batch'], 'messages'> & {
  readonly fetchedOffset: string;
  readonly messages: readonly FetchedMessage[];
};

export const fetchedBatch = (batch: EachBatchPayload['batch']): FetchedBatch => batch as unknown as FetchedBatch;

/**
 * Follows given partitions from given offsets. kafkajs has no `assign`, so this is a group of one whose assigner gives exactly
 * these partitions; offsets are never committed, and the group is deleted afterwards. When the consumer crashes for an outage
 * a new one goes on where this one stood.
 */
type Following = {
  readonly topic: string;
  /** Partition -> next offset to read; kept up to date here. */
  readonly positions: Map<number, number>;
  readonly maxBytesPerPartition: number;
  /** Batches of one partition, one at a time. Returns false when this partition is read to its end. */
  readonly onBatch: (batch: Batch) => Promise<boolean>;
  /** Called at each start of the consumer, once it fetches from the positions. */
  readonly onReady: () => void;
  /** Where the log begins further on than a position: throw (a reader with a checkpoint), or go on there (a tail). */
  readonly onGap: (gap: LogGap) => void;
};

const assignerOf =
  (topic: string, partitions: () => readonly number[]): PartitionAssigner =>
  () => ({
    name: 'palaver-exactly',
    version: 1,
    protocol: ({ topics }) => ({
      name: 'palaver-exactly',
      metadata: kafkajs.AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
    }),
    assign: async ({ members }) =>
      members.map(({ memberId }) => ({
        memberId,
        memberAssignment: kafkajs.AssignerProtocol.MemberAssignment.encode({
          version: 1,
          assignment: { [topic]: [...partitions()] },
          userData: Buffer.alloc(0),
        }),
      })),
  });

/** The batch as readers take it, cut at `to`. `position` is where the reader stands, which is what was asked for. */
export const toBatch = (options: {
  topic: string;
  partition: number;
  messages: readonly FetchedMessage[];
  nextOffset: number;
  to: number;
}): Batch => {
  const { topic, partition, messages, nextOffset, to } = options;
  const records = messages.map((message) => toRecord(topic, partition, message));
  const inside = nextOffset > to ? records.filter((record) => record.offset < to) : records;
  return { partition, records: inside, nextOffset: Math.min(nextOffset, to) };
};

/** One life of the consumer. Resolves when stopped or done; rejects with what `onBatch` threw or what crashed it. */
const followOnce = async (client: Client, following: Following, stop: AbortSignal): Promise<void> => {
  const { topic, positions } = following;
  const groupId = `${client.options.clientId}-reader-${randomUUID()}`;
  const consumer = client.kafka.consumer({
    groupId,
    partitionAssigners: [assignerOf(topic, () => [...positions.keys()])],
    allowAutoTopicCreation: false,
    sessionTimeout: 60_000,
    heartbeatInterval: 5000,
    maxWaitTimeInMs: maxWaitMs,
    minBytes: 1,
    maxBytesPerPartition: following.maxBytesPerPartition,
    maxBytes: 8 * following.maxBytesPerPartition,
    retry: briefRetry,
  });
  const finished = Promise.withResolvers<void>();
  finished.promise.catch(() => undefined);
  let failed = false;
  const onStop = (): void => finished.resolve();
  stop.addEventListener('abort', onStop);

  const seekAll = (): void => {
    for (const [partition, offset] of positions) consumer.seek({ topic, partition, offset: String(offset) });
  };
  consumer.on(consumer.events.GROUP_JOIN, () => {
    seekAll();
    following.onReady();
  });
  // Passed over by kafkajs without a call: nothing of this batch is left after compaction.
  consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize === 0 && positions.has(payload.partition))
      positions.set(payload.partition, Number(payload.lastOffset) + 1);
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => finished.reject(payload.error));

  const checkPosition = async (partition: number, fetched: number): Promise<void> => {
    const position = positions.get(partition)!;
    if (fetched === position) return;
    const first = await firstOffset(client, topic, partition);
    if (first > position) following.onGap(new LogGap({ topic, partition, wanted: position, first }));
    else if (fetched < position)
      throw new Error(`${topic}:${partition} ends before ${position}, where a reader stands`);
    positions.set(partition, fetched);
  };

  const eachBatch = async ({ batch: given, resolveOffset }: EachBatchPayload): Promise<void> => {
    const batch = fetchedBatch(given);
    const { partition } = batch;
    // kafkajs goes on fetching until it is disconnected.
    if (failed || stop.aborted || !positions.has(partition)) return;
    await checkPosition(partition, Number(batch.fetchedOffset));
    const nextOffset = Number(batch.lastOffset()) + 1;
    const more = await following.onBatch(
      toBatch({ topic, partition, messages: batch.messages, nextOffset, to: Number.POSITIVE_INFINITY }),
    );
    resolveOffset(batch.lastOffset());
    if (more) {
      positions.set(partition, nextOffset);
      return;
    }
    consumer.pause([{ topic, partitions: [partition] }]);
    positions.delete(partition);
    if (positions.size === 0) finished.resolve();
  };

  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: Math.max(1, positions.size),
      // An error must end the read, not be retried by kafkajs.
      eachBatch: (payload) =>
        eachBatch(payload).catch((error: unknown) => {
          failed = true;
          finished.reject(new HandlerError(error));
        }),
    });
    if (stop.aborted) return;
    await finished.promise;
  } finally {
    stop.removeEventListener('abort', onStop);
    await leave(client, consumer, groupId);
  }
};

/** Wraps what a reader's own code threw, so that it is never taken for an outage. */
class HandlerError extends Error {
  readonly thrown: Error;
  constructor(thrown: unknown) {
    super(messageOf(thrown));
    this.thrown = toError(thrown);
  }
}

const leave = async (client: Client, consumer: Consumer, groupId: string): Promise<void> => {
  try {
    await consumer.disconnect();
  } catch (error) {
    client.log({ level: 'warn', message: 'a reader did not disconnect', error: messageOf(error) });
  }
  // A group that is left over costs nothing but a line in a list, and expires by itself.
  client.background(client.admin('delete a reader group', (admin) => admin.deleteGroups([groupId]).catch(() => [])));
};

/** Lives as long as it makes progress or the outage is short; what ends it otherwise is thrown. */
const follow = async (client: Client, following: Following, stop: AbortSignal, patienceMs: number): Promise<void> => {
  let progressAt = Date.now();
  const watched: Following = {
    ...following,
    onBatch: (batch) => {
      progressAt = Date.now();
      return following.onBatch(batch);
    },
  };
  for (let delayMs = 100; !stop.aborted && following.positions.size > 0; delayMs = Math.min(delayMs * 2, 2000)) {
    try {
      await followOnce(client, watched, stop);
      return;
    } catch (error) {
      if (error instanceof HandlerError) throw error.thrown;
      if (isPermanent(error) || Date.now() - progressAt > patienceMs) throw error;
      client.log({ level: 'warn', message: `reader of ${following.topic} starts again`, error: messageOf(error) });
      if (!(await client.pause(delayMs))) throw new Error('the log is closed');
    }
  }
};

export const fetchOffsets = (client: Client, topic: string): Promise<PartitionOffsets[]> =>
  client.admin(`offsets of ${topic}`, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets
      .map(({ partition, low, high }) => ({ partition, start: Number(low), end: Number(high) }))
      .sort((a, b) => a.partition - b.partition);
  });

/** Where no record is as late, kafkajs gives the end offset. */
export const fetchOffsetsAt = (client: Client, topic: string, timestampMs: number): Promise<OffsetAt[]> =>
  client.admin(`offsets of ${topic} at a time`, async (admin) => {
    const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, timestampMs);
    return offsets
      .map(({ partition, offset }) => ({ partition, offset: Number(offset) }))
      .sort((a, b) => a.partition - b.partition);
  });

export const firstOffset = async (client: Client, topic: string, partition: number): Promise<number> =>
  (await fetchOffsets(client, topic)).find((offsets) => offsets.partition === partition)?.start ?? 0;

export const countPartitions = (client: Client, topic: string): Promise<number> =>
  client.admin(`partitions of ${topic}`, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length ?? 0;
  });

/** Large fetches: a bulk read is bound by decoding, not by round trips. */
const bulkBytesPerPartition = 1024 * 1024;

export const readRanges = async (
  client: Client,
  topic: string,
  ranges: readonly Range[],
  onBatch: (batch: Batch) => Promise<void> | void,
  stop: AbortSignal,
): Promise<void> => {
  const offsets = await fetchOffsets(client, topic);
  const ends = new Map<number, number>();
  const positions = new Map<number, number>();
  for (const { partition, from, to } of ranges) {
    const known = offsets.find((candidate) => candidate.partition === partition);
    if (!known) throw new RangeError(`${topic} has no partition ${partition}`);
    if (from > 0 && from < known.start) throw new LogGap({ topic, partition, wanted: from, first: known.start });
    const end = Math.min(to ?? known.end, known.end);
    const start = Math.max(from, known.start);
    if (start >= end) continue;
    ends.set(partition, end);
    positions.set(partition, start);
  }
  const following: Following = {
    topic,
    positions,
    maxBytesPerPartition: bulkBytesPerPartition,
    onReady: () => undefined,
    onGap: (gap) => {
      throw gap;
    },
    onBatch: async (batch) => {
      const end = ends.get(batch.partition)!;
      const cut =
        batch.nextOffset > end
          ? { ...batch, records: batch.records.filter((record) => record.offset < end), nextOffset: end }
          : batch;
      await onBatch(cut);
      return cut.nextOffset < end;
    },
  };
  await follow(client, following, stop, client.options.unavailableMs ?? 120_000);
  if (stop.aborted && positions.size > 0) throw new Error(`the log was closed while ${topic} was read`);
};

/** Small: what a tail waits for are single replies. */
const tailBytesPerPartition = 512 * 1024;

export const tailPartitions = async (
  client: Client,
  topic: string,
  partitions: readonly number[],
  onBatch: (batch: Batch) => void,
  closing: AbortSignal,
): Promise<Closable> => {
  const offsets = await fetchOffsets(client, topic);
  const endOf = (partition: number): number => {
    const known = offsets.find((candidate) => candidate.partition === partition);
    if (!known) throw new RangeError(`${topic} has no partition ${partition}`);
    return known.end;
  };
  const ready = Promise.withResolvers<void>();
  const closed = new AbortController();
  const stop = AbortSignal.any([closed.signal, closing]);
  const following: Following = {
    topic,
    // The end offset is asked for and sought: a 'latest' consumer would know its place only at its first fetch.
    positions: new Map(partitions.map((partition) => [partition, endOf(partition)])),
    maxBytesPerPartition: tailBytesPerPartition,
    onReady: () => ready.resolve(),
    onGap: (gap) => client.log({ level: 'warn', message: `a tail goes on after a gap: ${gap.message}` }),
    onBatch: async (batch) => {
      onBatch(batch);
      return true;
    },
  };
  let open = false;
  const running = follow(client, following, stop, Number.POSITIVE_INFINITY)
    .then(() => ready.reject(new Error('the log is closed')))
    .catch((error: unknown) => {
      ready.reject(error);
      // Nobody would notice a tail that stands still: its process has to go.
      if (open && !stop.aborted)
        setImmediate(() => {
          throw toError(error);
        });
    });
  await ready.promise;
  open = true;
  return {
    close: async () => {
      closed.abort();
      await running;
    },
  };
};
