import {
  type Appender,
  AppendRejected,
  AppendUnknown,
  type Batch,
  type Closable,
  type EventLog,
  type GroupOptions,
  LogGap,
  type LogRecord,
  type Membership,
  type NewRecord,
  type PartitionOffsets,
  type PartitionOwner,
  type Range,
} from './log.ts';

/**
 * The in-memory twin of Kafka, for simulations: several processes on one broker, no timers, and every asynchronous step goes
 * through `step`, so that a scheduler (such as fast-check's `fc.scheduler()`) decides what happens next. What can go wrong
 * on a real log is done here on request: see `AppendFate`, `crash`, `hand`, `redeliver`, `compact`.
 */
export type MemoryBrokerOptions = {
  /** Partitions of every topic; topics come into being when first used. */
  readonly partitions: number;
  /** Resolves when the step named by `label` may happen; the default lets everything happen at once. */
  readonly step?: (label: string) => Promise<unknown>;
  /** What becomes of an append; by default it is written and acknowledged. Asked when the request reaches the broker. */
  readonly fate?: (append: PendingAppend) => AppendFate;
  /** Most records in the next batch given to a reader; by default 1,000. */
  readonly batchSize?: () => number;
};

export type PendingAppend = {
  readonly process: string;
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly NewRecord[];
};

/**
 * `lost-ack`: written, but its writer gets `AppendUnknown`. `late`: the writer gets `AppendUnknown` at once, and the records
 * land in a later step, after whatever others have written by then. `never`: `AppendUnknown`, and nothing is ever written.
 * `rejected`: `AppendRejected`, nothing written.
 */
export type AppendFate = 'written' | 'lost-ack' | 'late' | 'never' | 'rejected';

export type MemoryBroker = {
  /** The log as one process sees it. After `crash(process)` the same name gives a new life. */
  log(process: string): EventLog;
  /** Nothing of this process runs any more: its calls never settle. What it had sent still meets its fate. */
  crash(process: string): void;
  /**
   * Gives one partition to a member, with a new acquisition. With `tellOld: false` the member that held it goes on as before,
   * its lease still valid (a paused process that has not heard), until its next commit or rebalance.
   */
  hand(groupId: string, partition: number, process: string, options?: { readonly tellOld?: boolean }): void;
  /** An eager rebalance: every member loses all it holds; partitions are dealt out anew among those alive. */
  rebalance(groupId: string): void;
  /** The present owner's membership of a partition begins again at the committed offset. */
  redeliver(groupId: string, partition: number): void;
  /**
   * Keeps the last record of each key and, where wanted, drops tombstones; offsets keep their gaps. The last `tail` records
   * (by default 1: the active segment) are neither touched nor looked at.
   */
  compact(topic: string, options?: { readonly dropTombstones?: boolean; readonly tail?: number }): void;
  /** Drops the records below `start`, as retention does. */
  trim(topic: string, partition: number, start: number): void;
  /** Writes past every process and fault. Returns the base offset. */
  write(topic: string, partition: number, records: readonly NewRecord[]): number;
  records(topic: string, partition: number): readonly LogRecord[];
  end(topic: string, partition: number): number;
  /** The group's committed offset; 0 for none. */
  committed(groupId: string, topic: string, partition: number): number;
  /** Which process the broker takes for the owner. */
  ownerOf(groupId: string, partition: number): string | null;
};

type Process = { readonly name: string; alive: boolean };

class MemoryPartition {
  readonly topic: string;
  readonly partition: number;
  records: LogRecord[] = [];
  start = 0;
  end = 0;
  private waiting: (() => void)[] = [];

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  write(records: readonly NewRecord[]): number {
    const baseOffset = this.end;
    for (const record of records) {
      this.records.push({ ...record, topic: this.topic, partition: this.partition, offset: this.end });
      this.end += 1;
    }
    this.wake();
    return baseOffset;
  }

  /** Up to `most` records from `from` on, below `to`. */
  slice(from: number, to: number, most: number): Batch {
    const records: LogRecord[] = [];
    for (let i = this.indexOf(from); i < this.records.length && records.length < most; i++) {
      const record = this.records[i]!;
      if (record.offset >= to) break;
      records.push(record);
    }
    const whole = records.length < most;
    return { partition: this.partition, records, nextOffset: whole ? to : records.at(-1)!.offset + 1 };
  }

  changed(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }

  private indexOf(offset: number): number {
    let low = 0;
    let high = this.records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.records[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** One acquisition of a partition: from `acquire` to the end of `stop`. */
type Tenure = { readonly partition: number; readonly lease: { valid: boolean }; readonly end: () => Promise<void> };

type Member = {
  readonly process: Process;
  readonly options: GroupOptions;
  readonly tenures: Map<number, Tenure>;
  /** Per partition, what must be over before the next acquisition: the stop of the one before. */
  readonly turn: Map<number, Promise<void>>;
  progress: number;
};

type Group = {
  readonly id: string;
  members: Member[];
  readonly owners: Map<number, { readonly member: Member; readonly generation: number }>;
  readonly committed: Map<string, number>;
  generation: number;
};

const never = new Promise<never>(() => {});

export const memoryBroker = (options: MemoryBrokerOptions): MemoryBroker => {
  const step = options.step ?? (() => Promise.resolve());
  const fate = options.fate ?? (() => 'written');
  const batchSize = options.batchSize ?? (() => 1000);
  const topics = new Map<string, MemoryPartition[]>();
  const groups = new Map<string, Group>();
  const processes = new Map<string, Process>();

  const topicOf = (topic: string): MemoryPartition[] => {
    let partitions = topics.get(topic);
    if (!partitions) {
      partitions = Array.from({ length: options.partitions }, (_, partition) => new MemoryPartition(topic, partition));
      topics.set(topic, partitions);
    }
    return partitions;
  };
  const partitionAt = (topic: string, partition: number): MemoryPartition => {
    const found = topicOf(topic)[partition];
    if (!found) throw new RangeError(`${topic} has no partition ${partition}`);
    return found;
  };
  const groupOf = (id: string): Group => {
    let group = groups.get(id);
    if (!group) {
      group = { id, members: [], owners: new Map(), committed: new Map(), generation: 0 };
      groups.set(id, group);
    }
    return group;
  };

  /** A step of a process: never resolves once that process has crashed. */
  const stepOf = async (process: Process, label: string): Promise<void> => {
    await step(`${process.name}: ${label}`);
    if (!process.alive) await never;
  };

  const appendOnce = async (process: Process, append: PendingAppend): Promise<{ baseOffset: number }> => {
    const where = `${append.topic}:${append.partition}`;
    const target = partitionAt(append.topic, append.partition);
    // The request travels on when its sender crashes, so this step does not ask whether it lives.
    await step(`${process.name}: append ${where}`);
    const becomes = fate(append);
    const baseOffset = becomes === 'written' || becomes === 'lost-ack' ? target.write(append.records) : -1;
    if (becomes === 'late') void step(`${process.name}: late append ${where}`).then(() => target.write(append.records));
    await stepOf(process, `${becomes === 'written' ? 'ack' : becomes} ${where}`);
    if (becomes === 'written') return { baseOffset };
    if (becomes === 'rejected') throw new AppendRejected(`append to ${where} was rejected`);
    throw new AppendUnknown(`append to ${where} got no answer`);
  };

  const appenderOf = (process: Process): Appender => {
    const last = new Map<MemoryPartition, Promise<unknown>>();
    return {
      append: (topic, partition, records) => {
        const target = partitionAt(topic, partition);
        const before = last.get(target) ?? Promise.resolve();
        const result = before.then(() => appendOnce(process, { process: process.name, topic, partition, records }));
        last.set(
          target,
          result.catch(() => undefined),
        );
        return result;
      },
      close: async () => {
        await Promise.all(last.values());
      },
    };
  };

  const readRange = async (
    process: Process,
    at: MemoryPartition,
    range: Range,
    onBatch: (batch: Batch) => Promise<void> | void,
  ): Promise<void> => {
    const to = Math.min(range.to ?? at.end, at.end);
    for (let from = range.from; from < to; ) {
      await stepOf(process, `read ${at.topic}:${at.partition}`);
      const batch = at.slice(from, to, batchSize());
      await onBatch(batch);
      from = batch.nextOffset;
    }
  };

  const checkGap = (at: MemoryPartition, wanted: number): void => {
    if (wanted > 0 && wanted < at.start)
      throw new LogGap({ topic: at.topic, partition: at.partition, wanted, first: at.start });
  };

  /** Takes one partition for a member: acquire, start, then every topic's batches in order until its lease ends. */
  const begin = (group: Group, member: Member, partition: number, generation: number): void => {
    const before = member.turn.get(partition) ?? Promise.resolve();
    const lease = { valid: true };
    let owner: PartitionOwner | null = null;
    let ended: Promise<void> | null = null;
    const stopNow = async (): Promise<void> => {
      await owner?.stop();
    };
    const end = (): Promise<void> => {
      lease.valid = false;
      for (const topic of member.options.topics) partitionAt(topic, partition).wake();
      ended ??= stopNow();
      return ended;
    };
    const tenure: Tenure = { partition, lease, end };
    member.tenures.set(partition, tenure);
    const crash = (error: unknown): void => {
      // An owner that fails after it was told to stop has nothing more to break.
      if (!lease.valid) return;
      lease.valid = false;
      leave(group, member);
      member.options.onCrash(error instanceof Error ? error : new Error(String(error)));
    };

    const consume = async (topic: string, from: number): Promise<void> => {
      const at = partitionAt(topic, partition);
      checkGap(at, from);
      for (let position = Math.max(from, at.start); lease.valid; ) {
        if (position >= at.end) {
          await at.changed();
          continue;
        }
        await stepOf(member.process, `fetch ${topic}:${partition}`);
        if (!lease.valid) return;
        const batch = at.slice(position, at.end, batchSize());
        await owner!.handle(topic, batch);
        position = batch.nextOffset;
        member.progress += 1;
        if (member.options.positions === 'owner') continue;
        await stepOf(member.process, `commit ${topic}:${partition}@${position}`);
        if (!lease.valid) return;
        if (group.owners.get(partition)?.generation !== generation) return void end();
        group.committed.set(`${topic}:${partition}`, position);
      }
    };

    const run = async (): Promise<void> => {
      await before;
      await stepOf(member.process, `acquire ${group.id}:${partition}`);
      if (!lease.valid) return;
      owner = member.options.acquire(partition, lease);
      const starts = await owner.start();
      if (!lease.valid) return;
      const from = (topic: string): number =>
        member.options.positions === 'owner'
          ? (starts[topic] ?? 0)
          : Math.max(starts[topic] ?? 0, group.committed.get(`${topic}:${partition}`) ?? 0);
      await Promise.all(member.options.topics.map((topic) => consume(topic, from(topic))));
    };
    const running = run().catch(crash);
    member.turn.set(
      partition,
      running.then(() => ended ?? undefined).catch(() => undefined),
    );
  };

  /** Tells a member that a partition is no longer its own. */
  const revoke = (member: Member, partition: number): void => {
    const tenure = member.tenures.get(partition);
    if (!tenure) return;
    member.tenures.delete(partition);
    void tenure.end();
  };

  const give = (group: Group, partition: number, member: Member): void => {
    group.generation += 1;
    group.owners.set(partition, { member, generation: group.generation });
    begin(group, member, partition, group.generation);
  };

  const rebalance = (group: Group): void => {
    group.owners.clear();
    for (const member of group.members) for (const partition of [...member.tenures.keys()]) revoke(member, partition);
    if (group.members.length === 0) return;
    for (let partition = 0; partition < options.partitions; partition++)
      give(group, partition, group.members[partition % group.members.length]!);
  };

  const leave = (group: Group, member: Member): void => {
    if (!group.members.includes(member)) return;
    for (const partition of [...member.tenures.keys()]) revoke(member, partition);
    group.members = group.members.filter((other) => other !== member);
    rebalance(group);
  };

  const joinOf = async (process: Process, groupOptions: GroupOptions): Promise<Membership> => {
    const group = groupOf(groupOptions.groupId);
    const member: Member = { process, options: groupOptions, tenures: new Map(), turn: new Map(), progress: 0 };
    await stepOf(process, `join ${group.id}`);
    group.members.push(member);
    rebalance(group);
    return {
      get held() {
        return [...member.tenures.keys()].sort((a, b) => a - b);
      },
      get lastProgressMs() {
        return member.progress;
      },
      close: async () => {
        const tenures = [...member.tenures.values()];
        leave(group, member);
        await Promise.all(tenures.map((tenure) => tenure.end()));
      },
    };
  };

  const tailOf = async (
    process: Process,
    topic: string,
    partitions: readonly number[],
    onBatch: (batch: Batch) => void,
  ): Promise<Closable> => {
    let open = true;
    await stepOf(process, `tail ${topic}`);
    const follow = async (at: MemoryPartition): Promise<void> => {
      for (let position = at.end; open; ) {
        if (position >= at.end) {
          await at.changed();
          continue;
        }
        await stepOf(process, `tail ${topic}:${at.partition}`);
        if (!open) return;
        const batch = at.slice(position, at.end, batchSize());
        onBatch(batch);
        position = batch.nextOffset;
      }
    };
    const followed = partitions.map((partition) => partitionAt(topic, partition));
    for (const at of followed) void follow(at);
    return {
      close: async () => {
        open = false;
        for (const at of followed) at.wake();
      },
    };
  };

  const logOf = (process: Process): EventLog => {
    const opened: Closable[] = [];
    const open = <T extends Closable>(closable: T): T => {
      opened.push(closable);
      return closable;
    };
    return {
      partitions: async () => {
        await stepOf(process, 'partitions');
        return options.partitions;
      },
      offsets: async (topic): Promise<readonly PartitionOffsets[]> => {
        await stepOf(process, `offsets ${topic}`);
        return topicOf(topic).map(({ partition, start, end }) => ({ partition, start, end }));
      },
      offsetsAt: async (topic, timestampMs) => {
        await stepOf(process, `offsets of ${topic} at a time`);
        return topicOf(topic).map(({ partition, records, end }) => ({
          partition,
          offset: records.find((record) => record.timestampMs >= timestampMs)?.offset ?? end,
        }));
      },
      appender: () => open(appenderOf(process)),
      read: async (topic, ranges, onBatch) => {
        await stepOf(process, `read ${topic}`);
        for (const range of ranges) checkGap(partitionAt(topic, range.partition), range.from);
        await Promise.all(
          ranges.map((range) => readRange(process, partitionAt(topic, range.partition), range, onBatch)),
        );
      },
      join: async (groupOptions) => open(await joinOf(process, groupOptions)),
      tail: async (topic, partitions, onBatch) => open(await tailOf(process, topic, partitions, onBatch)),
      close: async () => {
        await Promise.all(opened.map((closable) => closable.close()));
      },
    };
  };

  return {
    log: (name) => {
      const process = { name, alive: true };
      processes.set(name, process);
      return logOf(process);
    },
    crash: (name) => {
      const process = processes.get(name);
      if (!process) return;
      process.alive = false;
      for (const group of groups.values()) {
        const mine = group.members.filter((member) => member.process === process);
        if (mine.length === 0) continue;
        group.members = group.members.filter((member) => member.process !== process);
        for (const member of mine) for (const tenure of member.tenures.values()) tenure.lease.valid = false;
        // The broker notices when the session expires.
        void step(`session of ${name} in ${group.id} expires`).then(() => rebalance(group));
      }
    },
    hand: (groupId, partition, name, { tellOld = true } = {}) => {
      const group = groupOf(groupId);
      const member = group.members.find((candidate) => candidate.process.name === name);
      if (!member) throw new RangeError(`${name} is no member of ${groupId}`);
      const old = group.owners.get(partition)?.member;
      // A member cannot keep an acquisition that it holds itself: it is told with the new one.
      if (old && (tellOld || old === member)) revoke(old, partition);
      revoke(member, partition);
      give(group, partition, member);
    },
    rebalance: (groupId) => rebalance(groupOf(groupId)),
    redeliver: (groupId, partition) => {
      const group = groupOf(groupId);
      const owner = group.owners.get(partition);
      if (!owner) return;
      revoke(owner.member, partition);
      give(group, partition, owner.member);
    },
    compact: (topic, { dropTombstones = false, tail = 1 } = {}) => {
      for (const at of topicOf(topic)) {
        const cleanable = at.records.slice(0, Math.max(0, at.records.length - tail));
        const lastOf = new Map(cleanable.map((record) => [record.key, record.offset]));
        const kept = cleanable.filter(
          (record) => lastOf.get(record.key) === record.offset && !(dropTombstones && record.value === null),
        );
        at.records = [...kept, ...at.records.slice(cleanable.length)];
      }
    },
    trim: (topic, partition, start) => {
      const at = partitionAt(topic, partition);
      at.start = Math.min(start, at.end);
      at.records = at.records.filter((record) => record.offset >= at.start);
    },
    write: (topic, partition, records) => partitionAt(topic, partition).write(records),
    records: (topic, partition) => partitionAt(topic, partition).records,
    end: (topic, partition) => partitionAt(topic, partition).end,
    committed: (groupId, topic, partition) => groupOf(groupId).committed.get(`${topic}:${partition}`) ?? 0,
    ownerOf: (groupId, partition) => groupOf(groupId).owners.get(partition)?.member.process.name ?? null,
  };
};

/** A log of its own, for tests that need no second process. */
export const memoryLog = (options: MemoryBrokerOptions): EventLog => memoryBroker(options).log('only');
