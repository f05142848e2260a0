import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, PartitionAssigner } from 'kafkajs';
import kafkajs from 'kafkajs';
import { assignPartitions } from './assignment.ts';
import { briefRetry, type Client, isPermanent, maxWaitMs, messageOf, toError } from './kafka-client.ts';
import { countPartitions, fetchedBatch, firstOffset, toBatch } from './kafka-reader.ts';
import { type Batch, type GroupOptions, type Lease, LogGap, type Membership, type PartitionOwner } from './log.ts';

/*
 * A membership is a pump: kafkajs fetches and heartbeats without ever waiting for an owner, and each owner works off its own
 * queues. So a slow owner, or one that still folds in `start`, neither blocks other partitions nor costs the session.
 *
 * One acquisition of a partition (a tenure):
 *
 *   joined ──acquire──▶ starting ──start() resolved──▶ working ◀──▶ (paused: its queue is full)
 *      ▲                   │                              │
 *      │                   └──────────── ended ◀──────────┘  revoked, heartbeats missed, closed: lease.valid is false at once,
 *      └── next generation, once stop() has resolved ──┘     then stop()
 *
 * Until `start` has resolved the partition's topics are paused; then they are sought to where the owner wants to begin.
 */

/** A dead member's partitions move when this has passed and the others have heard of it, at their next heartbeat. */
const defaultSessionTimeoutMs = 8000;
/** Part of the session time-out after which an owner without a successful heartbeat no longer acts. */
const leasePart = 0.6;
const defaultBytesPerPartition = 512 * 1024;
/** Pause between two commits. */
const commitEveryMs = 100;
/** How long the pump waits for a full queue before it pauses the partition: a pause costs up to `maxWaitMs` at its end. */
const roomWaitMs = 50;
const assignerName = 'palaver-copartition';

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;

/** Partition p of every topic goes to the same member. What a member holds travels in its join request. */
const copartition =
  (held: () => readonly number[]): PartitionAssigner =>
  ({ cluster }) => ({
    name: assignerName,
    version: 1,
    protocol: ({ topics }) => ({
      name: assignerName,
      metadata: MemberMetadata.encode({ version: 1, topics, userData: Buffer.from(JSON.stringify(held())) }),
    }),
    assign: async ({ members, topics }) => {
      const counts = topics.map((topic) => cluster.findTopicPartitionMetadata(topic).length);
      const dealt = assignPartitions(
        Math.max(...counts),
        members.map(({ memberId, memberMetadata }) => ({ id: memberId, held: heldOf(memberMetadata) })),
      );
      return [...dealt].map(([memberId, partitions]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: 1,
          assignment: Object.fromEntries(
            topics.map((topic, i) => [topic, partitions.filter((partition) => partition < counts[i]!)]),
          ),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });

const heldOf = (metadata: Buffer): number[] => {
  try {
    return JSON.parse(MemberMetadata.decode(metadata)?.userData.toString() || '[]') as number[];
  } catch {
    return [];
  }
};

/** What waits for an owner in one of its topics. */
type Queue = {
  readonly topic: string;
  readonly batches: { readonly batch: Batch; readonly bytes: number }[];
  bytes: number;
  /** The next offset that kafkajs has to deliver. */
  position: number;
  /** -1 until something was handled. */
  handled: number;
  paused: boolean;
  working: boolean;
  room: PromiseWithResolvers<void> | null;
};

type Tenure = {
  readonly partition: number;
  readonly lease: Lease;
  readonly queues: Map<string, Queue>;
  owner: PartitionOwner | null;
  started: boolean;
  ended: boolean;
  /** Its owner was told by the lease that heartbeats were missed: it may have given up, so it is never valid again. */
  lapsed: boolean;
  stopped: Promise<void> | null;
};

const bytesOf = (batch: Batch): number =>
  batch.records.reduce((sum, record) => sum + 100 + record.key.length + (record.value?.length ?? 0), 0);

const settlesWithin = async (promise: Promise<unknown>, timeoutMs: number): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, timeout]);
  } finally {
    clearTimeout(timer);
  }
};

/** What has come while the owner was at work is one batch for it. */
const takeAll = (queue: Queue): Queue['batches'][number] => {
  const taken = queue.batches.splice(0);
  if (taken.length === 1) return taken[0]!;
  const records = taken.flatMap(({ batch }) => batch.records);
  return {
    batch: { ...taken.at(-1)!.batch, records },
    bytes: taken.reduce((sum, { bytes }) => sum + bytes, 0),
  };
};

export const joinGroup = async (client: Client, options: GroupOptions): Promise<Membership> => {
  const { groupId, topics } = options;
  const sessionTimeoutMs = options.sessionTimeoutMs ?? defaultSessionTimeoutMs;
  const maxBytesPerPartition = options.maxBytesPerPartition ?? defaultBytesPerPartition;
  const fullAt = 4 * maxBytesPerPartition;
  const tenures = new Map<number, Tenure>();
  /** Per partition, the stop of its last tenure: the next begins after it. */
  const stops = new Map<number, Promise<void>>();
  let commit: EachBatchPayload['commitOffsetsIfNecessary'] | null = null;
  let committing: Promise<void> | null = null;
  let heartbeatSentAt = 0;
  let heartbeatRequestAt = 0;
  let lastProgressMs = 0;
  /** What this member held last, told to the group's leader so that it may keep it. */
  let lastHeld: readonly number[] = [];
  /** Settles when the present consumer is to end. */
  let life: PromiseWithResolvers<void> | null = null;
  let closed = false;
  let crashed = false;

  const crash = (error: unknown): void => {
    if (crashed || closed) return;
    crashed = true;
    void endAll();
    life?.resolve();
    options.onCrash(toError(error));
  };

  const inTouch = (): boolean => Date.now() - heartbeatSentAt < leasePart * sessionTimeoutMs;

  const leaseOf = (tenure: () => Tenure): Lease => ({
    get valid() {
      const { ended, lapsed } = tenure();
      if (ended || lapsed) return false;
      if (inTouch()) return true;
      tenure().lapsed = true;
      return false;
    },
  });

  const end = (tenure: Tenure): Promise<void> => {
    if (tenure.stopped) return tenure.stopped;
    tenure.ended = true;
    if (tenures.get(tenure.partition) === tenure) tenures.delete(tenure.partition);
    for (const queue of tenure.queues.values()) {
      queue.batches.length = 0;
      queue.room?.resolve();
    }
    const stop = async (): Promise<void> => {
      const stopping = (async () => tenure.owner?.stop())();
      stopping.catch((error: unknown) => {
        client.log({ level: 'error', message: 'an owner failed to stop', groupId, error: messageOf(error) });
      });
      if (!(await settlesWithin(stopping, sessionTimeoutMs)))
        client.log({ level: 'error', message: 'an owner does not stop', groupId, partition: tenure.partition });
    };
    // A tenure can end before it had an owner, while the one before it still stops.
    tenure.stopped = Promise.all([stops.get(tenure.partition), stop()]).then(() => undefined);
    stops.set(tenure.partition, tenure.stopped);
    return tenure.stopped;
  };

  const endAll = (): Promise<unknown> => Promise.all([...tenures.values()].map(end));

  // ── Positions ──

  /** Offsets the group has committed for this partition number, per topic; -1 for none. */
  const committedOffsets = (partition: number): Promise<Map<string, number>> =>
    client.admin(`offsets of ${groupId}`, async (admin) => {
      const fetched = await admin.fetchOffsets({ groupId, topics: [...topics] });
      return new Map(
        fetched.map(({ topic, partitions }) => [
          topic,
          Number(partitions.find((candidate) => candidate.partition === partition)?.offset ?? -1),
        ]),
      );
    });

  /** Where to begin in a topic. Throws `LogGap` when the log begins later; a group without a past begins with the log. */
  const checkedStart = async (topic: string, partition: number, wanted: number): Promise<number> => {
    const first = await firstOffset(client, topic, partition);
    if (wanted > 0 && wanted < first) throw new LogGap({ topic, partition, wanted, first });
    return Math.max(wanted, first);
  };

  const begin = async (tenure: Tenure, using: Consumer): Promise<void> => {
    const { partition } = tenure;
    await stops.get(partition);
    if (tenure.ended) return;
    tenure.owner = options.acquire(partition, tenure.lease);
    const wanted = await tenure.owner.start();
    const committed = options.positions === 'group' ? await committedOffsets(partition) : new Map<string, number>();
    for (const queue of tenure.queues.values()) {
      const from = Math.max(wanted[queue.topic] ?? 0, committed.get(queue.topic) ?? 0);
      queue.position = await checkedStart(queue.topic, partition, from);
    }
    if (tenure.ended) return;
    tenure.started = true;
    for (const queue of tenure.queues.values()) {
      using.seek({ topic: queue.topic, partition, offset: String(queue.position) });
      using.resume([{ topic: queue.topic, partitions: [partition] }]);
    }
  };

  const acquire = (partition: number, using: Consumer): void => {
    const queueOf = (topic: string): [string, Queue] => [
      topic,
      { topic, batches: [], bytes: 0, position: 0, handled: -1, paused: false, working: false, room: null },
    ];
    const tenure: Tenure = {
      partition,
      lease: leaseOf(() => tenure),
      queues: new Map(topics.map(queueOf)),
      owner: null,
      started: false,
      ended: false,
      lapsed: false,
      stopped: null,
    };
    tenures.set(partition, tenure);
    using.pause(topics.map((topic) => ({ topic, partitions: [partition] })));
    begin(tenure, using).catch((error: unknown) => failed(tenure, error));
  };

  /** An owner that fails after it was told to stop has nothing more to break. */
  const failed = (tenure: Tenure, error: unknown): void => {
    if (tenure.ended)
      client.log({ level: 'warn', message: 'an owner failed after its end', groupId, error: messageOf(error) });
    else crash(error);
  };

  /**
   * After heartbeats came back: an owner that saw its lease lapse begins anew. Not yet when the answer was so long in coming that
   * the next owner's lease would have lapsed before it began; the next heartbeat leaves within a third of the session.
   */
  const renewLapsed = (using: Consumer): void => {
    if (!inTouch()) return;
    for (const tenure of [...tenures.values()]) {
      if (!tenure.lapsed) continue;
      void end(tenure);
      acquire(tenure.partition, using);
    }
  };

  // ── Batches ──

  const work = async (tenure: Tenure, queue: Queue, using: Consumer): Promise<void> => {
    if (queue.working) return;
    queue.working = true;
    try {
      while (queue.batches.length > 0 && !tenure.ended) {
        const { batch, bytes } = takeAll(queue);
        await tenure.owner!.handle(queue.topic, batch);
        if (!tenure.lease.valid) return;
        queue.handled = batch.nextOffset;
        queue.bytes -= bytes;
        if (options.positions === 'group') void commitHandled();
        if (queue.bytes >= fullAt / 2) continue;
        queue.room?.resolve();
        queue.room = null;
        if (queue.paused) using.resume([{ topic: queue.topic, partitions: [tenure.partition] }]);
        queue.paused = false;
      }
    } catch (error) {
      failed(tenure, error);
    } finally {
      queue.working = false;
    }
  };

  /** kafkajs must have asked for the offset at which the owner stands; anything else is a leftover, a compacted run, or a gap. */
  const standsAt = async (queue: Queue, partition: number, fetched: number): Promise<boolean> => {
    if (fetched === queue.position) return true;
    const first = await firstOffset(client, queue.topic, partition);
    if (first > queue.position) throw new LogGap({ topic: queue.topic, partition, wanted: queue.position, first });
    if (fetched < queue.position) throw new Error(`${queue.topic}:${partition} ends before ${queue.position}`);
    queue.position = fetched;
    return true;
  };

  const eachBatch = async (payload: EachBatchPayload, using: Consumer): Promise<void> => {
    const batch = fetchedBatch(payload.batch);
    const { resolveOffset } = payload;
    const { topic, partition } = batch;
    commit = payload.commitOffsetsIfNecessary;
    const tenure = tenures.get(partition);
    const queue = tenure?.queues.get(topic);
    if (!tenure?.started || !queue || payload.isStale()) return;
    await standsAt(queue, partition, Number(batch.fetchedOffset));
    if (tenure.ended) return;
    const nextOffset = Number(batch.lastOffset()) + 1;
    const whole = toBatch({ topic, partition, messages: batch.messages, nextOffset, to: Number.POSITIVE_INFINITY });
    const bytes = bytesOf(whole);
    queue.batches.push({ batch: whole, bytes });
    queue.bytes += bytes;
    queue.position = nextOffset;
    resolveOffset(batch.lastOffset());
    void work(tenure, queue, using);
    // The next fetch begins when all batches of this one have been given back.
    if (options.restMs !== undefined) await delay(options.restMs);
    if (queue.bytes < fullAt) return;
    queue.room ??= Promise.withResolvers<void>();
    if ((await settlesWithin(queue.room.promise, roomWaitMs)) || tenure.ended || queue.bytes < fullAt) return;
    queue.paused = true;
    using.pause([{ topic, partitions: [partition] }]);
  };

  // ── Commits ──

  type Due = { readonly queue: Queue; readonly partition: number; readonly offset: number };
  const committedUpTo = new Map<Queue, number>();

  const uncommitted = (): Due[] =>
    [...tenures.values()]
      .filter((tenure) => tenure.lease.valid)
      .flatMap((tenure) => [...tenure.queues.values()].map((queue) => ({ queue, partition: tenure.partition })))
      .filter(({ queue }) => queue.handled > (committedUpTo.get(queue) ?? -1))
      .map(({ queue, partition }) => ({ queue, partition, offset: queue.handled }));

  // Not `consumer.commitOffsets`, which tries again by itself, in a later generation too, for what is no longer ours.
  const commitDue = async (due: readonly Due[]): Promise<void> => {
    if (!commit || due.length === 0 || options.positions === 'owner') return;
    const byTopic = topics.map((topic) => ({
      topic,
      partitions: due
        .filter(({ queue }) => queue.topic === topic)
        .map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }));
    try {
      await commit({ topics: byTopic.filter(({ partitions }) => partitions.length > 0) });
      for (const { queue, offset } of due) committedUpTo.set(queue, offset);
    } catch (error) {
      client.log({ level: 'warn', message: 'a commit failed', groupId, error: messageOf(error) });
    }
  };

  /**
   * One commit in flight; what is handled meanwhile goes into the next. A failed one is left to the next: it costs only time, and so
   * does one that comes late, while each costs the broker as much as an append.
   */
  const commitHandled = async (): Promise<void> => {
    if (committing) return committing;
    const loop = async (): Promise<void> => {
      for (let due = uncommitted(); due.length > 0; due = uncommitted()) {
        const before = due.map(({ offset }) => offset).join();
        await commitDue(due);
        await client.pause(commitEveryMs);
        const left = uncommitted();
        if (left.map(({ offset }) => offset).join() === before) return;
      }
    };
    committing = loop().finally(() => {
      committing = null;
    });
    return committing;
  };

  // ── The consumer's lives ──

  const onJoin = (using: Consumer, assignment: Readonly<Record<string, readonly number[]>>): void => {
    void endAll();
    committedUpTo.clear();
    heartbeatSentAt = heartbeatRequestAt || Date.now();
    lastProgressMs = Date.now();
    if (closed || crashed) return;
    const partitions = new Set(Object.values(assignment).flat());
    for (const partition of [...partitions].sort((a, b) => a - b)) acquire(partition, using);
    client.event({ kind: 'rebalanced', groupId, held: [...tenures.keys()] });
  };

  const runOnce = async (): Promise<void> => {
    const counts = await Promise.all(topics.map((topic) => countPartitions(client, topic)));
    const using = client.kafka.consumer({
      groupId,
      partitionAssigners: [copartition(() => lastHeld)],
      allowAutoTopicCreation: false,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.floor(sessionTimeoutMs / 3),
      maxWaitTimeInMs: maxWaitMs,
      minBytes: 1,
      maxBytesPerPartition,
      maxBytes: 16 * maxBytesPerPartition,
      retry: briefRetry,
    });
    const thisLife = Promise.withResolvers<void>();
    thisLife.promise.catch(() => undefined);
    life = thisLife;
    const { events } = using;
    using.on(events.REQUEST, ({ payload }) => {
      // A session counts from the heartbeat's arrival, so the lease counts from its departure.
      if (payload.apiName === 'Heartbeat' || payload.apiName === 'SyncGroup') heartbeatRequestAt = payload.sentAt;
    });
    using.on(events.HEARTBEAT, () => {
      heartbeatSentAt = heartbeatRequestAt;
      lastProgressMs = Date.now();
      renewLapsed(using);
    });
    using.on(events.FETCH, () => {
      lastProgressMs = Date.now();
    });
    using.on(events.REBALANCING, () => void endAll());
    using.on(events.GROUP_JOIN, ({ payload }) => {
      onJoin(using, payload.memberAssignment);
      lastHeld = [...tenures.keys()];
    });
    // Passed over by kafkajs without a call: nothing of this batch is left after compaction.
    using.on(events.START_BATCH_PROCESS, ({ payload }) => {
      const queue = tenures.get(payload.partition)?.queues.get(payload.topic);
      if (payload.batchSize === 0 && queue) queue.position = Number(payload.lastOffset) + 1;
    });
    using.on(events.CRASH, ({ payload }) => thisLife.reject(payload.error));
    try {
      await using.connect();
      await using.subscribe({ topics: [...topics], fromBeginning: true });
      await using.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: counts.reduce((sum, count) => sum + count, 0),
        eachBatch: (payload) => eachBatch(payload, using).catch(crash),
      });
      if (!closed && !crashed) await thisLife.promise;
    } finally {
      void endAll();
      commit = null;
      await using.disconnect().catch(() => undefined);
    }
  };

  /** A broker that is away, or a group that has lost us, is no crash: a new consumer joins as soon as that works. */
  const run = async (): Promise<void> => {
    while (!closed && !crashed) {
      try {
        await runOnce();
      } catch (error) {
        if (closed) return;
        if (isPermanent(error)) return crash(error);
        client.log({ level: 'warn', message: 'the consumer joins anew', groupId, error: messageOf(error) });
        await client.pause(500);
      }
    }
  };
  const running = run();

  return {
    get held() {
      return [...tenures.keys()].sort((a, b) => a - b);
    },
    get lastProgressMs() {
      return lastProgressMs;
    },
    close: async () => {
      if (closed) return running;
      closed = true;
      // What was handled is committed while the membership still stands; what is in flight will come again.
      const due = uncommitted();
      await endAll();
      await committing;
      await commitDue(due);
      life?.resolve();
      await running;
    },
  };
};
