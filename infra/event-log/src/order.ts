import type { Headers, LogRecord } from './log.ts';

/**
 * Who wrote a record of an event topic: the command it came from (its offset on the command topic), the record's index among
 * that command's, and the epoch of the owner that decided it (design rule 3). One such triple per partition, kept with the
 * checkpoint, tells every reader which records count (rule 4).
 */
export type Taken = { readonly commandOffset: number; readonly epoch: string; readonly index: number };

/** Header names of event records, markers included. */
export const eventHeaders = {
  command: 'command',
  commandOffset: 'command-offset',
  index: 'index',
  epoch: 'epoch',
  actor: 'actor',
  /** Why, in the words of who gave the command; absent when nothing was said. */
  reason: 'reason',
  traceparent: 'traceparent',
  /** On a command's last record alone: what the sender is told, as JSON (`Outcome`), and the fingerprint of what it sent. */
  outcome: 'outcome',
  fingerprint: 'fingerprint',
} as const;

/**
 * The triple of a record, or null for one that no command wrote: a tombstone of the erasure sweep, a record to roll a segment, a stranger's.
 * One malformed number taken would end the partition for all readers, since nothing rises above it.
 */
export const originOf = (headers: Headers): Taken | null => {
  const offset = headers[eventHeaders.commandOffset];
  const epoch = headers[eventHeaders.epoch];
  const index = headers[eventHeaders.index];
  if (!offset || !epoch || !index) return null;
  const origin = { commandOffset: Number(offset), epoch, index: Number(index) };
  return isPlace(origin.commandOffset) && isPlace(origin.index) ? origin : null;
};

const isPlace = (number: number): boolean => Number.isSafeInteger(number) && number >= 0;

/** Whether a record is a stranger's: it says something, and no owner said it. Nobody takes it, and somebody should be told. */
export const isForeign = ({ value, headers }: Pick<LogRecord, 'value' | 'headers'>): boolean =>
  value !== null && originOf(headers) === null;

/** Rule 4: a record counts when its command offset is above the last taken one, or equal with the same epoch and a higher index. */
export const rises = (origin: Taken, last: Taken | null): boolean =>
  last === null ||
  origin.commandOffset > last.commandOffset ||
  (origin.commandOffset === last.commandOffset && origin.epoch === last.epoch && origin.index > last.index);

/** Walks records in log order and gives those that count. The one place where a reader of events decides that. */
export class TakenRecords {
  last: Taken | null;

  constructor(last: Taken | null) {
    this.last = last;
  }

  take(record: Pick<LogRecord, 'headers'>): boolean {
    const origin = originOf(record.headers);
    if (origin === null || !rises(origin, this.last)) return false;
    this.last = origin;
    return true;
  }
}

/** Key of an event record: unique to its append, so that compaction never drops what is still true. */
export const eventKey = (stream: string, version: number, epoch: string): string => `${stream}/${version}/${epoch}`;

/** Key of a marker: the record of a command that was refused or changed nothing. */
export const markerKey = (commandId: string, epoch: string): string => `command/${commandId}/${epoch}`;

/** The stream and version of an event's key; null for a marker or a foreign key. */
export const parseEventKey = (key: string): { stream: string; version: number } | null => {
  const streamEnd = key.indexOf('/');
  const versionEnd = key.indexOf('/', streamEnd + 1);
  if (streamEnd < 1 || versionEnd < 0 || key.includes('/', versionEnd + 1)) return null;
  const stream = key.slice(0, streamEnd);
  const version = key.slice(streamEnd + 1, versionEnd);
  return stream !== 'command' && /^\d+$/.test(version) ? { stream, version: Number(version) } : null;
};
