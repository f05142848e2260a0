import { type LogRecord, type NewRecord, UndecodableRecord } from '@palaver/event-log';
import type { Decision, Json } from './decider.ts';

/** What the sender of a command is told. It lies on the command's last record as JSON, so that every owner tells the same. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly result: Json }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string };

/** Where a reader of the service's events stands once it has seen the command's records: the next offset to read. */
export type Position = { readonly partition: number; readonly offset: number };

export type Reply = { readonly outcome: Outcome; readonly position: Position };

/** Header names of command records. The record's key is the command's id, its timestamp the command's time. */
export const commandHeaders = {
  actor: 'actor',
  /** Tells whether a repeated id stands for the same request. */
  fingerprint: 'fingerprint',
  /** `<instance>/<partition of the replies topic>`; absent when nobody waits. */
  replyTo: 'reply-to',
  /** Why, in the words of who gave it; absent when nothing was said. */
  reason: 'reason',
  traceparent: 'traceparent',
} as const;

/** A command to give: complete by design rule 1, so time and ids are the sender's. */
export type Command = {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  /** The profile that gives it, or `system`. */
  readonly actor: string;
  /** When it was given, ms since the epoch. */
  readonly timeMs: number;
  /** `fingerprint()` of the request: a repeated id with another fingerprint is refused. */
  readonly fingerprint: string;
  /** Why, in the sender's words; it travels on with the events. */
  readonly reason?: string | undefined;
  readonly traceparent?: string | undefined;
};

/** The record of a command, given its encoded value and where the reply goes. */
export const commandRecord = (command: Command, value: Uint8Array, replyTo?: string): NewRecord => {
  const headers: Record<string, string> = {
    [commandHeaders.actor]: command.actor,
    [commandHeaders.fingerprint]: command.fingerprint,
  };
  if (replyTo !== undefined) headers[commandHeaders.replyTo] = replyTo;
  if (command.reason !== undefined) headers[commandHeaders.reason] = command.reason;
  if (command.traceparent !== undefined) headers[commandHeaders.traceparent] = command.traceparent;
  return { key: command.id, value, headers, timestampMs: command.timeMs };
};

export const refused = (code: string, detail: string): Outcome => ({ kind: 'refused', code, detail });

export const outcomeOf = (decision: Decision): Outcome =>
  decision.kind === 'accepted'
    ? { kind: 'accepted', result: decision.result }
    : refused(decision.code, decision.detail);

/** Throws `UndecodableRecord` on text that is no outcome. */
export const parseOutcome = (text: string): Outcome => {
  const parsed = JSON.parse(text) as Outcome;
  if (parsed?.kind === 'accepted' || parsed?.kind === 'refused') return parsed;
  throw new UndecodableRecord(`no outcome: ${text.slice(0, 100)}`);
};

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** The waiting request that a reply is for: one id may have been sent with different contents. */
export const waiterKey = (commandId: string, fingerprint: string): string => `${commandId}/${fingerprint}`;

export const waiterOf = ({ key, headers }: Pick<LogRecord, 'key' | 'headers'>): string =>
  waiterKey(key, headers[commandHeaders.fingerprint] ?? '');

/** A reply, and the `waiterKey` of who waits for it. */
export type AddressedReply = Reply & { readonly waiter: string };

/** Replies to one process share a record: a record costs all who touch it more than the few words that a reply has. */
export const replyRecord = (given: {
  replyTo: string;
  replies: readonly AddressedReply[];
  timestampMs: number;
}): NewRecord => ({
  key: given.replyTo,
  value: utf8.encode(JSON.stringify(given.replies)),
  headers: { [commandHeaders.replyTo]: given.replyTo },
  timestampMs: given.timestampMs,
});

/** None of them from a record that holds something else. */
export const parseReplies = ({ value }: Pick<LogRecord, 'value'>): readonly AddressedReply[] => {
  if (value === null) return [];
  try {
    const parsed: unknown = JSON.parse(text.decode(value));
    return Array.isArray(parsed) ? parsed.filter(isAddressedReply) : [];
  } catch {
    return [];
  }
};

const isAddressedReply = (value: Partial<AddressedReply> | null): value is AddressedReply =>
  typeof value?.waiter === 'string' &&
  (value.outcome?.kind === 'accepted' || value.outcome?.kind === 'refused') &&
  Number.isSafeInteger(value.position?.partition) &&
  Number.isSafeInteger(value.position?.offset);

/** `<instance>/<partition>` taken apart; null for anything else. */
export const parseReplyTo = (value: string | undefined): { instance: string; partition: number } | null => {
  const slash = value?.lastIndexOf('/') ?? -1;
  if (value === undefined || slash < 1) return null;
  const partition = Number(value.slice(slash + 1));
  return Number.isInteger(partition) && partition >= 0 ? { instance: value.slice(0, slash), partition } : null;
};
