import { type Batch, type Codec, isForeign, type LogRecord, parseEventKey, TakenRecords } from '@palaver/event-log';
import { checkChange, Merge, type Shapes } from './merge.ts';
import type { Checkpoint, PartitionRef } from './model.ts';
import type { Projection, RecordMeta, RowChange } from './projection.ts';

/** What one event does to the model. */
export type FoldedEvent = PartitionRef & {
  readonly offset: number;
  readonly stream: string;
  readonly type: string;
  readonly changes: readonly RowChange[];
};

/** An event that could not be folded, or that stands behind such a one in its stream. */
export type ParkedEvent = PartitionRef & {
  readonly offset: number;
  readonly stream: string;
  /** Null when the record could not be decoded. */
  readonly type: string | null;
  readonly error: string;
};

/** `foreign`: records that no owner wrote, which are passed over. */
export type Folded = {
  readonly events: readonly FoldedEvent[];
  readonly parked: readonly ParkedEvent[];
  readonly foreign: readonly LogRecord[];
};

/** What earlier folds say of a partition: streams that stand still, and offsets of events that are left out for good. */
export type Parking = { readonly streams: Set<string>; readonly skipped: ReadonlySet<number> };

type Handler = (data: unknown, meta: RecordMeta) => readonly RowChange[];

export type FoldOptions = {
  readonly projection: Projection;
  readonly codec: Codec;
  readonly shapes: Shapes;
};

/** One partition's fold: where it stands, which records count, which streams are parked. Touches no database. */
export class PartitionFold {
  readonly at: PartitionRef;
  nextOffset: number;
  private readonly taken: TakenRecords;
  private readonly options: FoldOptions;
  private readonly parking: Parking;

  constructor(options: FoldOptions, checkpoint: Checkpoint, parking: Parking) {
    this.options = options;
    this.at = { topic: checkpoint.topic, partition: checkpoint.partition };
    this.nextOffset = checkpoint.nextOffset;
    this.taken = new TakenRecords(checkpoint.taken);
    this.parking = parking;
  }

  get checkpoint(): Checkpoint {
    return { ...this.at, nextOffset: this.nextOffset, taken: this.taken.last };
  }

  get parkedStreams(): Set<string> {
    return this.parking.streams;
  }

  /** Folds what of a batch lies at or beyond the checkpoint, and moves the checkpoint behind it. */
  async fold(batch: Batch): Promise<Folded> {
    // First, since it may fail and be called again: from here on the fold's own state changes.
    await this.options.codec.prepare(batch.records.map((record) => record.value));
    const events: FoldedEvent[] = [];
    const parked: ParkedEvent[] = [];
    const foreign: LogRecord[] = [];
    for (const record of batch.records) {
      if (record.offset < this.nextOffset) continue;
      if (this.taken.take(record)) {
        const result = this.foldOrPark(record);
        if (result === null) continue;
        if ('changes' in result) events.push(result);
        else parked.push(result);
      } else if (isForeign(record)) foreign.push(record);
    }
    this.nextOffset = Math.max(this.nextOffset, batch.nextOffset);
    return { events, parked, foreign };
  }

  private foldOrPark(record: LogRecord): FoldedEvent | ParkedEvent | null {
    if (this.parking.skipped.has(record.offset)) return null;
    const result = foldRecord(this.options, record);
    if (result === null || ('changes' in result && !this.parkedStreams.has(result.stream))) return result;
    this.parkedStreams.add(result.stream);
    return 'changes' in result ? parkedBecause(result, BEHIND) : result;
  }
}

/** What one record that counts does to the model, whatever is parked; null when the model does not read it. */
export const foldRecord = (options: FoldOptions, record: LogRecord): FoldedEvent | ParkedEvent | null => {
  const { topic, partition, offset, timestampMs, headers, value } = record;
  if (value === null) return null;
  const handlers = options.projection.handlers as Readonly<Record<string, Handler | undefined>>;
  const key = parseEventKey(record.key);
  const stream = key?.stream ?? record.key;
  let type: string | null = null;
  try {
    const message = options.codec.decode(value);
    type = message.type;
    const handler = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
    if (!handler) return null;
    if (key === null) throw new Error(`the record's key is no event key: ${record.key}`);
    const meta = { topic, partition, offset, timestampMs, headers, stream, version: key.version };
    const changes = handler(message.data, meta);
    for (const change of changes) checkChange(options.shapes, change);
    return { topic, partition, offset, stream, type, changes };
  } catch (error) {
    return { topic, partition, offset, stream, type, error: errorText(error) };
  }
};

export const parkedBecause = ({ topic, partition, offset, stream, type }: FoldedEvent, error: string): ParkedEvent => ({
  topic,
  partition,
  offset,
  stream,
  type,
  error,
});

/** Error of an event that is sound itself, but follows a parked one. */
export const BEHIND = 'an earlier event of this stream is parked';

export const errorText = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).replaceAll('\u0000', '').slice(0, 2000);

export const mergeEvents = (shapes: Shapes, events: readonly FoldedEvent[]): Merge => {
  const merge = new Merge(shapes);
  for (const event of events) for (const change of event.changes) merge.add(change);
  return merge;
};
