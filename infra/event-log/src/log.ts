/**
 * What the rest of Palaver knows of the log. Two implementations stand behind it: `kafkaLog` (Kafka through kafkajs) and
 * `memoryLog` (the twin that the simulation runs on). Offsets are plain numbers: 2^53 records a partition are enough.
 */

export type Headers = Readonly<Record<string, string>>;

/** A record as it lies on the log. `value` is null for a marker or a tombstone. */
export type LogRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
};

/** A record to append; topic, partition and offset are the log's to give. */
export type NewRecord = Pick<LogRecord, 'key' | 'value' | 'headers' | 'timestampMs'>;

/** `end` is the next offset to be written, `start` the first that the log still holds. */
export type PartitionOffsets = { readonly partition: number; readonly start: number; readonly end: number };

/** Where to read: from `from` (inclusive) up to `to` (exclusive; by default the end offset when the read begins). */
export type Range = { readonly partition: number; readonly from: number; readonly to?: number };

export type OffsetAt = { readonly partition: number; readonly offset: number };

/**
 * A run of records of one partition. `nextOffset` is where the reader stands after it; compaction leaves gaps, so it can lie
 * beyond the last record's offset, and `records` can be empty.
 */
export type Batch = { readonly partition: number; readonly records: readonly LogRecord[]; readonly nextOffset: number };

export interface EventLog {
  /** Number of partitions of a topic. */
  partitions(topic: string): Promise<number>;
  offsets(topic: string): Promise<readonly PartitionOffsets[]>;
  /**
   * Per partition the offset of the first record whose timestamp is `timestampMs` or later; the end offset where there is none. Timestamps
   * are those of the writers and need not rise, but all records before that offset are older.
   */
  offsetsAt(topic: string, timestampMs: number): Promise<readonly OffsetAt[]>;
  /** One producer: one request in flight, everything that waits goes into the next one (group commit). */
  appender(): Appender;
  /**
   * Reads ranges to their ends and then returns. Batches of one partition come in order, one at a time.
   * Throws `LogGap` when a range begins below the log's first offset, unless `from` is 0.
   */
  read(topic: string, ranges: readonly Range[], onBatch: (batch: Batch) => Promise<void> | void): Promise<void>;
  /** Takes part in a consumer group: each partition of the topics has one owner among the group's members. */
  join(options: GroupOptions): Promise<Membership>;
  /**
   * Follows partitions from the end, with no group to share them. Resolves once it knows its position in each of them, so that
   * nothing appended after that is missed.
   */
  tail(topic: string, partitions: readonly number[], onBatch: (batch: Batch) => void): Promise<Closable>;
  /** Closes what this log has opened: appenders, memberships, tails. */
  close(): Promise<void>;
}

export interface Closable {
  close(): Promise<void>;
}

export interface Appender extends Closable {
  /**
   * Appends the records as one run: consecutive offsets, all or none, acknowledged by all in-sync replicas.
   * Calls for one partition keep their order. Throws `AppendRejected` when nothing was or will be written, and
   * `AppendUnknown` when the outcome cannot be known: the records may be on the log, or appear on it later.
   */
  append(topic: string, partition: number, records: readonly NewRecord[]): Promise<{ readonly baseOffset: number }>;
}

export type GroupOptions = {
  readonly groupId: string;
  /** Partitions of the same number of all these topics go to the same member. */
  readonly topics: readonly string[];
  /** 'group': read on from the group's committed offset. 'owner': `PartitionOwner.start` says where. */
  readonly positions: 'group' | 'owner';
  /** Called once per acquired partition number. */
  readonly acquire: (partition: number, lease: Lease) => PartitionOwner;
  /** Heartbeats must not be missed for longer than this, ms; a third of it is the heartbeat's interval. */
  readonly sessionTimeoutMs?: number;
  /** Most bytes fetched of one partition at once. */
  readonly maxBytesPerPartition?: number;
  /** Rest after a fetch that found something, ms; what comes meanwhile is fetched together. None by default. */
  readonly restMs?: number;
  /** Called when the membership cannot go on (the consumer crashed); the process should exit. */
  readonly onCrash: (error: Error) => void;
};

/** Whether this member may still act as the partition's owner: false after a revocation, or when heartbeats were missed. */
export interface Lease {
  readonly valid: boolean;
}

/** One acquisition of one partition number, over all topics of the group. */
export interface PartitionOwner {
  /**
   * Called once before the first batch. With `positions: 'owner'` it returns the offset to read from, per topic.
   * May take long: the log keeps the membership alive meanwhile.
   */
  start(): Promise<Readonly<Record<string, number>>>;
  /** Batches of one topic come one after the other; the offset is committed (positions: 'group') after it resolves. */
  handle(topic: string, batch: Batch): Promise<void>;
  /** The partition is revoked or the membership closes: stop, and resolve when nothing is in flight any more. */
  stop(): Promise<void>;
}

export interface Membership extends Closable {
  /** Partition numbers now held. */
  readonly held: readonly number[];
  /** Time of the last sign of progress (fetch or heartbeat), ms since the epoch; readiness depends on it. */
  readonly lastProgressMs: number;
}

/** Nothing was written and nothing will be: the broker said no, or was never reached. */
export class AppendRejected extends Error {
  override readonly name = 'AppendRejected';
}

/** The records may or may not be on the log, now or later. */
export class AppendUnknown extends Error {
  override readonly name = 'AppendUnknown';
}

/** The log no longer holds what a reader needs: its own checkpoint lies below the first offset. */
export class LogGap extends Error {
  override readonly name = 'LogGap';
  readonly topic: string;
  readonly partition: number;
  readonly wanted: number;
  readonly first: number;

  constructor(where: { topic: string; partition: number; wanted: number; first: number }) {
    super(`${where.topic}:${where.partition} begins at ${where.first}, but a reader stands at ${where.wanted}`);
    this.topic = where.topic;
    this.partition = where.partition;
    this.wanted = where.wanted;
    this.first = where.first;
  }
}
