import { setTimeout as delay } from 'node:timers/promises';
import {
  type Batch,
  type Codec,
  type EventLog,
  eventHeaders,
  type LogRecord,
  type Membership,
  type Message,
  type NewRecord,
  originOf,
  type PartitionOwner,
  parseEventKey,
  partitionOf,
  TakenRecords,
} from '@palaver/event-log';
import type { AnyDecider, CommandRule, DataOf } from './decider.ts';
import { PoisonRecord } from './fold.ts';
import { derivedId, fingerprint } from './ids.ts';
import { commandRecord } from './outcome.ts';
import type { DeciderLogger } from './owner.ts';
import { topicsOf } from './processor.ts';
import type { Claim, StateStore } from './state-store.ts';

/** What a process manager may know of an event besides its fields. */
export type CausingEvent = {
  readonly stream: string;
  readonly version: number;
  readonly timestampMs: number;
  readonly actor: string;
  /** The command that the event came from, and which of its events it is. */
  readonly commandId: string;
  readonly index: number;
};

/** A command that follows from an event; its id, time and fingerprint derive from the event. */
export type CausedCommand<C extends Message = Message> = C & { readonly actor?: string };

/** One handler per event type that counts; all others are passed over. */
type Reactions<E extends Message, R> = {
  readonly [T in E['type']]?: (data: DataOf<E, T>, meta: CausingEvent) => R;
};

/** What follows from events, told by each event alone. All of it is pure: the same event always yields the same. */
export type ProcessManager<E extends Message = Message, C extends Message = Message, Task = unknown> = {
  /** Ids of commands derive from it, and where its position is kept, so it never changes. */
  readonly name: string;
  readonly commands?: Reactions<E, readonly CausedCommand<C>[]>;
  /** What else is to be done, outside the log; null where it is nothing. */
  readonly tasks?: Reactions<E, Task | null>;
};

/** A process manager of any service. */
// biome-ignore lint/suspicious/noExplicitAny: events and commands of all services; each is checked where it is defined
export type AnyProcessManager = ProcessManager<any, any, any>;

export type ProcessManagerOptions<E extends Message, C extends Message, Task> = {
  readonly log: EventLog;
  readonly manager: ProcessManager<E, C, Task>;
  readonly groupId: string;
  /** Whose events it follows. */
  readonly topic: string;
  readonly events: Codec<E>;
  /** Who decides what it commands. */
  readonly decider: AnyDecider;
  readonly commands: Codec<C>;
  /** Keeps its position: a store of its own, not that of a processor. */
  readonly checkpoints: Pick<StateStore, 'claim' | 'keep'>;
  /** Does a task; tried until it is done, and done again after a crash. */
  readonly act?: (task: Task) => Promise<void>;
  readonly newEpoch: () => string;
  readonly logger: DeciderLogger;
  readonly onCrash: (error: Error) => void;
};

/** The id of the n-th command that an event causes. Whoever sends it first, it is done once (design rule 8). */
export const causedId = (manager: string, event: { commandId: string; index: number }, ordinal = 0): string =>
  derivedId(manager, event.commandId, String(event.index), String(ordinal));

type Cause = { readonly event: Message; readonly meta: CausingEvent; readonly record: LogRecord };
type Followed<Task> = { readonly tasks: readonly Task[]; readonly commands: ReadonlyMap<number, NewRecord[]> };
type Handler<R> = (data: unknown, meta: CausingEvent) => R;

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 2_000;

/**
 * Turns events into commands: reads a partition in order, does and appends what follows, then moves its checkpoint. A crash in
 * between does it again, and appends the same commands under the same ids. At an event that it cannot read or handle its partition waits, and
 * says so, until that works: to pass over it would be to lose what follows. Other partitions go on.
 */
export const startProcessManager = async <E extends Message, C extends Message, Task>(
  options: ProcessManagerOptions<E, C, Task>,
): Promise<Membership> => {
  const { log, manager, topic, decider, logger } = options;
  const { name } = manager;
  const commandsAfter = (manager.commands ?? {}) as Readonly<Record<string, Handler<readonly CausedCommand<C>[]>>>;
  const tasksAfter = (manager.tasks ?? {}) as Readonly<Record<string, Handler<Task | null>>>;
  const commandsTopic = topicsOf(decider.name).commands;
  const partitions = await log.partitions(commandsTopic);
  const appender = log.appender();
  const rules: Readonly<Record<string, CommandRule>> = decider.rules;

  /** What follows from the events among these records; commands by partition. Throws `PoisonRecord`. */
  const follow = (counted: readonly LogRecord[]): Followed<Task> => {
    const commands = new Map<number, NewRecord[]>();
    const tasks: Task[] = [];
    for (const record of counted) {
      try {
        const cause = causeOf(record);
        if (cause === null) continue;
        const task = tasksAfter[cause.event.type]?.(cause.event.data, cause.meta) ?? null;
        if (task !== null) tasks.push(task);
        for (const { partition, command } of caused(cause)) {
          const list = commands.get(partition) ?? [];
          commands.set(partition, list);
          list.push(command);
        }
      } catch (error) {
        throw new PoisonRecord(record, error);
      }
    }
    return { tasks, commands };
  };

  const causeOf = (record: LogRecord): Cause | null => {
    const key = parseEventKey(record.key);
    if (!key || record.value === null) return null;
    const meta = {
      ...key,
      timestampMs: record.timestampMs,
      actor: record.headers[eventHeaders.actor] ?? '',
      commandId: record.headers[eventHeaders.command] ?? '',
      index: originOf(record.headers)?.index ?? 0,
    };
    return { event: options.events.decode(record.value), meta, record };
  };

  const caused = ({ event, meta, record }: Cause): { partition: number; command: NewRecord }[] => {
    const traceparent = record.headers[eventHeaders.traceparent];
    const commands = commandsAfter[event.type]?.(event.data, meta) ?? [];
    return commands.map((given, ordinal) => {
      const rule = rules[given.type];
      if (!rule) throw new TypeError(`${decider.name} has no command ${given.type}`);
      const value = options.commands.encode(commandsTopic, { type: given.type, data: given.data } as C);
      const command = {
        id: causedId(name, meta, ordinal),
        type: given.type,
        data: given.data,
        actor: given.actor ?? meta.actor,
        timeMs: record.timestampMs,
        fingerprint: fingerprint(given.data),
        traceparent,
      };
      return { partition: partitionOf(rule.root(given.data), partitions), command: commandRecord(command, value) };
    });
  };

  const acquire = (partition: number): PartitionOwner => {
    const claim: Claim = { partition, epoch: options.newEpoch() };
    let taken = new TakenRecords(null);
    let stopped = false;
    let turn: Promise<unknown> = Promise.resolve();

    const untilDone = async <T>(step: () => Promise<T>): Promise<T | undefined> => {
      for (let retryMs = FIRST_RETRY_MS; !stopped; retryMs = Math.min(2 * retryMs, MAX_RETRY_MS)) {
        try {
          return await step();
        } catch (error) {
          const tell = error instanceof PoisonRecord ? logger.error : logger.warn;
          tell({ err: error, processManager: name, partition }, 'trying again');
          await delay(retryMs, undefined, { ref: false });
        }
      }
      return undefined;
    };

    const handleBatch = async ({ records, nextOffset }: Batch): Promise<void> => {
      const counted = records.filter((record) => taken.take(record));
      const followed = await untilDone(async () => {
        await options.events.prepare(counted.map(({ value }) => value));
        return follow(counted);
      });
      if (stopped || !followed) return;
      const { tasks, commands } = followed;
      const { act } = options;
      if (act) for (const task of tasks) await untilDone(() => act(task));
      for (const [to, list] of commands) await untilDone(() => appender.append(commandsTopic, to, list));
      const checkpoint = { offset: nextOffset, taken: taken.last };
      const nothing = { streams: new Map(), commands: new Map(), latestMadeMs: 0, forgetBeforeMs: 0 };
      await untilDone(() => options.checkpoints.keep(claim, { checkpoint, ...nothing }));
    };

    return {
      start: async () => {
        const claimed = await untilDone(() => options.checkpoints.claim(claim, { version: 1, warm: 0 }));
        taken = new TakenRecords(claimed?.checkpoint?.taken ?? null);
        return { [topic]: claimed?.checkpoint?.offset ?? 0 };
      },
      handle: async (_topic, batch) => {
        const work = handleBatch(batch);
        turn = work.catch(() => undefined);
        await work;
      },
      stop: async () => {
        stopped = true;
        await turn;
      },
    };
  };

  const membership = await log.join({
    groupId: options.groupId,
    topics: [topic],
    positions: 'owner',
    acquire,
    onCrash: options.onCrash,
  });
  return {
    get held() {
      return membership.held;
    },
    get lastProgressMs() {
      return membership.lastProgressMs;
    },
    close: async () => {
      await membership.close();
      await appender.close();
    },
  };
};
