import type { Appender, EventLog, LogRecord } from '@palaver/event-log';
import type { Decided } from './decide.ts';
import {
  type AddressedReply,
  commandHeaders,
  type Outcome,
  type Position,
  parseReplies,
  parseReplyTo,
  type Reply,
  replyRecord,
  waiterKey,
  waiterOf,
} from './outcome.ts';

/**
 * The requests of one process that wait for an answer. Its processor, which often decides the process's own commands, answers
 * them here without the log; the others answer over `<name>.replies`.
 */
export type Replies = {
  readonly instanceId: string;
  readonly waiting: number;
  /** Resolves with the reply; `cancel` ends the wait without one. */
  wait(commandId: string, fingerprint: string): { readonly reply: Promise<Reply>; readonly cancel: () => void };
  /** Gives a reply to all who wait for it. */
  deliver(key: string, reply: Reply): void;
};

export const createReplies = (instanceId: string): Replies => {
  const waiters = new Map<string, Set<(reply: Reply) => void>>();
  let waiting = 0;
  const remove = (key: string, resolve: (reply: Reply) => void): void => {
    const set = waiters.get(key);
    if (!set?.delete(resolve)) return;
    waiting -= 1;
    if (set.size === 0) waiters.delete(key);
  };
  return {
    instanceId,
    get waiting() {
      return waiting;
    },
    wait: (commandId, fingerprint) => {
      const key = waiterKey(commandId, fingerprint);
      const { promise, resolve } = Promise.withResolvers<Reply>();
      const set = waiters.get(key) ?? new Set();
      waiters.set(key, set.add(resolve));
      waiting += 1;
      return { reply: promise, cancel: () => remove(key, resolve) };
    },
    deliver: (key, reply) => {
      for (const resolve of waiters.get(key) ?? []) {
        remove(key, resolve);
        resolve(reply);
      }
    },
  };
};

export type Answer = {
  readonly command: LogRecord;
  /** Null of a command that its decider does not know. */
  readonly type: string | null;
  /** `skipped`: decided before, by this owner or another. */
  readonly seen: Decided['seen'] | 'skipped';
  readonly outcome: Outcome;
  readonly position: Position;
};

/** Sends the replies of a batch to where their commands say; best effort, since a command's sender can always ask again. */
export type ReplySender = (answers: readonly Answer[]) => void;

/** Of one record, so that it stays far below what an append may hold. */
const mostReplies = 500;

export const replySender = (options: {
  log: EventLog;
  topic: string;
  replies: Replies;
  nowMs: () => number;
  onLost: (error: unknown) => void;
}): ReplySender => {
  const { topic, replies, nowMs, onLost } = options;
  let appender: Appender | null = null;
  const send = (replyTo: string, partition: number, addressed: readonly AddressedReply[]): void => {
    appender ??= options.log.appender();
    for (let from = 0; from < addressed.length; from += mostReplies) {
      const some = addressed.slice(from, from + mostReplies);
      const record = replyRecord({ replyTo, replies: some, timestampMs: nowMs() });
      appender.append(topic, partition, [record]).catch(onLost);
    }
  };
  return (answers) => {
    const elsewhere = new Map<string, { readonly partition: number; readonly addressed: AddressedReply[] }>();
    for (const { command, outcome, position } of answers) {
      const replyTo = command.headers[commandHeaders.replyTo];
      const to = parseReplyTo(replyTo);
      if (!to) continue;
      const waiter = waiterOf(command);
      if (to.instance === replies.instanceId) {
        replies.deliver(waiter, { outcome, position });
        continue;
      }
      const others = elsewhere.get(replyTo!) ?? { partition: to.partition, addressed: [] };
      elsewhere.set(replyTo!, others);
      others.addressed.push({ waiter, outcome, position });
    }
    for (const [replyTo, { partition, addressed }] of elsewhere) send(replyTo, partition, addressed);
  };
};

/** Hands the replies on the log that are for this process to those who wait. */
export const deliverFrom =
  (replies: Replies) =>
  (batch: { readonly records: readonly LogRecord[] }): void => {
    for (const record of batch.records) {
      if (parseReplyTo(record.headers[commandHeaders.replyTo])?.instance !== replies.instanceId) continue;
      for (const { waiter, outcome, position } of parseReplies(record)) replies.deliver(waiter, { outcome, position });
    }
  };
