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
import type { AnyDecider, CommandRule } from './decider.ts';
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

export type ProcessManagerOptions<E extends Message, C extends Message> = {
  readonly log: EventLog;
  readonly name: string;
  readonly groupId: string;
  /** Whose events it follows. */
  readonly topic: string;
  readonly events: Codec<E>;
  /** Who decides what it commands. */
  readonly decider: AnyDecider;
  readonly commands: Codec<C>;
  /** Keeps its position: a store of its own, not that of a processor. */
  readonly checkpoints: Pick<StateStore, 'claim' | 'keep'>;
  /** Pure: the same event always yields the same commands. */
  readonly handle: (event: E, meta: CausingEvent) => readonly CausedCommand<C>[];
  /** What else follows, outside the log; tried until it is done, and done again after a crash. */
  readonly act?: (event: E, meta: CausingEvent) => Promise<void>;
  readonly newEpoch: () => string;
  readonly logger: DeciderLogger;
  readonly onCrash: (error: Error) => void;
};

/** The id of the n-th command that an event causes. Whoever sends it first, it is done once (design rule 8). */
export const causedId = (manager: string, event: { commandId: string; index: number }, ordinal = 0): string =>
  derivedId(manager, event.commandId, String(event.index), String(ordinal));

type Cause<E> = { readonly event: E; readonly meta: CausingEvent; readonly record: LogRecord };
type Followed<E> = { readonly causes: readonly Cause<E>[]; readonly commands: ReadonlyMap<number, NewRecord[]> };

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 2_000;

/**
 * Turns events into commands: reads a partition in order, does and appends what follows, then moves its checkpoint. A crash in
 * between does it again, and appends the same commands under the same ids. At an event that it cannot read or handle its partition waits, and
 * says so, until that works: to pass over it would be to lose what follows. Other partitions go on.
 */
export const startProcessManager = async <E extends Message, C extends Message>(
  options: ProcessManagerOptions<E, C>,
): Promise<Membership> => {
  const { log, name, topic, decider, logger } = options;
  const commandsTopic = topicsOf(decider.name).commands;
  const partitions = await log.partitions(commandsTopic);
  const appender = log.appender();
  const rules: Readonly<Record<string, CommandRule>> = decider.rules;

  /** The events among these records, and the commands that follow from them, by partition. Throws `PoisonRecord`. */
  const follow = (counted: readonly LogRecord[]): Followed<E> => {
    const commands = new Map<number, NewRecord[]>();
    const causes: Cause<E>[] = [];
    for (const record of counted) {
      try {
        const cause = causeOf(record);
        if (cause === null) continue;
        causes.push(cause);
        for (const { partition, command } of caused(cause)) {
          const list = commands.get(partition) ?? [];
          commands.set(partition, list);
          list.push(command);
        }
      } catch (error) {
        throw new PoisonRecord(record, error);
      }
    }
    return { causes, commands };
  };

  const causeOf = (record: LogRecord): Cause<E> | null => {
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

  const caused = ({ event, meta, record }: Cause<E>): { partition: number; command: NewRecord }[] => {
    const traceparent = record.headers[eventHeaders.traceparent];
    return options.handle(event, meta).map((given, ordinal) => {
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
      const { causes, commands } = followed;
      const { act } = options;
      if (act) for (const { event, meta } of causes) await untilDone(() => act(event, meta));
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
