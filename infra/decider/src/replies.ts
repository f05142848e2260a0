import type { Appender, EventLog, LogRecord } from '@palaver/event-log';
import {
  commandHeaders,
  type Outcome,
  type Position,
  parseReply,
  parseReplyTo,
  type Reply,
  replyRecord,
  waiterKey,
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

/** Sends replies to where their commands say; best effort, since a command's sender can always ask again. */
export type ReplySender = (command: LogRecord, outcome: Outcome, position: Position) => void;

export const replySender = (options: {
  log: EventLog;
  topic: string;
  replies: Replies;
  nowMs: () => number;
  onLost: (error: unknown) => void;
}): ReplySender => {
  const { topic, replies, nowMs, onLost } = options;
  let appender: Appender | null = null;
  return (command, outcome, position) => {
    const to = parseReplyTo(command.headers[commandHeaders.replyTo]);
    if (!to) return;
    const reply: Reply = { outcome, position };
    if (to.instance === replies.instanceId)
      return replies.deliver(waiterKey(command.key, command.headers[commandHeaders.fingerprint] ?? ''), reply);
    appender ??= options.log.appender();
    const record = replyRecord({ commandId: command.key, headers: command.headers, reply, timestampMs: nowMs() });
    appender.append(topic, to.partition, [record]).catch(onLost);
  };
};

/** Hands the replies on the log that are for this process to those who wait. */
export const deliverFrom =
  (replies: Replies) =>
  (batch: { readonly records: readonly LogRecord[] }): void => {
    for (const record of batch.records) {
      if (parseReplyTo(record.headers[commandHeaders.replyTo])?.instance !== replies.instanceId) continue;
      const reply = parseReply(record);
      if (reply) replies.deliver(record.key, reply);
    }
  };
