import { type Batch, type LogRecord, TakenRecords } from '@palaver/event-log';
import { Footprint } from './commute.ts';
import { type FoldedEvent, type FoldOptions, foldRecord, type ParkedEvent } from './fold.ts';

/**
 * Folds parked events out of their turn, and says whether they may be. The live model has since taken in events that stand behind them on
 * the log; the outcome is that of the log's order only when their changes commute with those. So it goes once over the records from the
 * first parked event to the model's checkpoint, folds the parked ones, and compares with them what each later event changed.
 *
 *   offset     4         5       6         7         8
 *   log        parked    live    parked    live      live
 *   compared   (4)       4|5     (4, 6)    4,6|7     4,6|8
 *
 * A stream one of whose changes does not commute is `blocked`: none of its events may be folded, and all must be by a rebuild. Touches no
 * database; holds the changes of the parked events, and of the others one batch.
 */
export class RetryFold {
  /** In the order of the log. Those of blocked streams are not to be written. */
  readonly folded: FoldedEvent[] = [];
  /** The first event of a stream that cannot be folded; what follows in the stream is not tried. */
  readonly failed = new Map<string, ParkedEvent>();
  /** Why a stream's events cannot be folded now. */
  readonly blocked = new Map<string, string>();
  private readonly options: FoldOptions;
  private readonly footprint: Footprint;
  /** Streams of which events were folded. */
  private readonly streams = new Set<string>();
  private taken: TakenRecords | null = null;

  constructor(options: FoldOptions) {
    this.options = options;
    this.footprint = new Footprint(options.shapes);
  }

  /**
   * Batches come in order. `retried`: offset -> stream of the events to fold. `left`: offsets that the live model has not taken in, since
   * they stay parked or are skipped.
   */
  async take(
    batch: Batch,
    { retried, left }: { readonly retried: ReadonlyMap<number, string>; readonly left: ReadonlySet<number> },
  ): Promise<void> {
    await this.options.codec.prepare(batch.records.map((record) => record.value));
    for (const record of batch.records) {
      const stream = retried.get(record.offset);
      if (stream !== undefined) this.retry(record, stream);
      else if (this.taken?.take(record) && !left.has(record.offset)) this.compare(record);
    }
  }

  private retry(record: LogRecord, stream: string): void {
    // It counted when it was parked. So which later records count is known from the first of these on, without the triple before it.
    this.taken ??= new TakenRecords(null);
    this.taken.take(record);
    if (this.failed.has(stream)) return;
    const result = foldRecord(this.options, record);
    if (result === null) return;
    if (!('changes' in result)) {
      this.failed.set(stream, { ...result, stream });
      return;
    }
    this.folded.push({ ...result, stream });
    this.streams.add(stream);
    for (const change of result.changes) this.footprint.add(stream, change);
  }

  private compare(record: LogRecord): void {
    if (this.streams.size === this.blocked.size) return;
    const result = foldRecord(this.options, record);
    if (result === null) return;
    if (!('changes' in result)) {
      for (const stream of this.streams) this.block(stream, `${nameOf(result)} cannot be folded any more`);
      return;
    }
    for (const change of result.changes)
      for (const stream of this.footprint.conflicts(change))
        this.block(stream, `${nameOf(result)} has changed what it changes in ${change.table}`);
  }

  private block(stream: string, reason: string): void {
    if (!this.blocked.has(stream)) this.blocked.set(stream, reason);
  }
}

const nameOf = ({ type, offset }: { readonly type: string | null; readonly offset: number }): string =>
  `${type ?? 'a record'} at offset ${offset}`;
