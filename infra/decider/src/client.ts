import { setTimeout as delay } from 'node:timers/promises';
import {
  AppendRejected,
  AppendUnknown,
  type Closable,
  type Codec,
  type EventLog,
  partitionOf,
} from '@palaver/event-log';
import type { AnyDecider, CommandRule } from './decider.ts';
import { type Command, commandRecord, type Reply } from './outcome.ts';
import { topicsOf } from './processor.ts';
import { deliverFrom, type Replies } from './replies.ts';

const RETRY_MS = 50;

/** No answer in time: the outcome is unknown, and sending the same id again is safe. */
export class CommandTimeout extends Error {
  override readonly name = 'CommandTimeout';
  readonly commandId: string;
  constructor(commandId: string, timeoutMs: number) {
    super(`command ${commandId} had no answer within ${timeoutMs} ms`);
    this.commandId = commandId;
  }
}

/** The command was not accepted, and will not be: the log refused it, was never reached, or too many are waiting. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable';
}

export type CommandClient = Closable & {
  /**
   * Gives a command and waits for what came of it, a refusal included. Throws `CommandTimeout`, `LogUnavailable`, and
   * `TypeError` when its data does not fit its schema.
   */
  submit(command: Command, options: { readonly timeoutMs: number }): Promise<Reply>;
};

export type CommandClientOptions = {
  readonly log: EventLog;
  readonly decider: AnyDecider;
  readonly codec: Codec;
  readonly replies: Replies;
  /** Most commands that may wait at once; by default 10,000. */
  readonly maxWaiting?: number;
};

/** Resolves once it stands in its partition of the replies topic, so that no answer can be missed. */
export const commandClient = async (options: CommandClientOptions): Promise<CommandClient> => {
  const { log, decider, codec, replies, maxWaiting = 10_000 } = options;
  const topics = topicsOf(decider.name);
  const partitions = await log.partitions(topics.commands);
  const replyPartition = partitionOf(replies.instanceId, await log.partitions(topics.replies));
  const replyTo = `${replies.instanceId}/${replyPartition}`;
  const tail = await log.tail(topics.replies, [replyPartition], deliverFrom(replies));
  const appender = log.appender();
  const rules: Readonly<Record<string, CommandRule>> = decider.rules;

  const partitionOfCommand = ({ type, data }: Command): number => {
    const rule = Object.hasOwn(rules, type) ? rules[type] : undefined;
    if (!rule) throw new TypeError(`${decider.name} has no command ${type}`);
    return partitionOf(rule.root(data), partitions);
  };

  /** Appends until the log has it for sure; a doubled command has the same id, so rule 8 makes it harmless. */
  const send = async (command: Command, isOver: () => boolean): Promise<void> => {
    const partition = partitionOfCommand(command);
    const record = commandRecord(command, codec.encode(topics.commands, command), replyTo);
    for (let mayBeThere = false; !isOver(); ) {
      try {
        await appender.append(topics.commands, partition, [record]);
        return;
      } catch (error) {
        if (error instanceof AppendUnknown) mayBeThere = true;
        else if (!(error instanceof AppendRejected)) throw error;
        else if (!mayBeThere) throw new LogUnavailable('the log does not take commands now', { cause: error });
        await delay(RETRY_MS);
      }
    }
  };

  const submit: CommandClient['submit'] = async (command, { timeoutMs }) => {
    if (replies.waiting >= maxWaiting) throw new LogUnavailable(`${maxWaiting} commands are waiting already`);
    const { reply, cancel } = replies.wait(command.id, command.fingerprint);
    const { promise: over, reject } = Promise.withResolvers<never>();
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      reject(new CommandTimeout(command.id, timeoutMs));
    }, timeoutMs);
    // A failure to send ends the wait at once; having sent does not.
    send(command, () => isOver).catch(reject);
    try {
      return await Promise.race([reply, over]);
    } finally {
      isOver = true;
      clearTimeout(timer);
      cancel();
    }
  };

  return {
    submit,
    close: async () => {
      await tail.close();
      await appender.close();
    },
  };
};
