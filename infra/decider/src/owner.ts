import {
  type Appender,
  AppendRejected,
  AppendUnknown,
  type Batch,
  type Codec,
  type EventLog,
  type Lease,
  type LogRecord,
  isForeign,
  type NewRecord,
  originOf,
  type PartitionOwner,
  SchemasUnavailable,
  type Taken,
  TakenRecords,
} from '@palaver/event-log';
import {
  type DecideContext,
  type Decided,
  decideOne,
  NotLoaded,
  onHaltedPartition,
  type Received,
  receive,
  toldBefore,
} from './decide.ts';
import { PartitionFold, type PoisonRecord, type Reader } from './fold.ts';
import { KeptState, type KeptStateOptions, type Work } from './kept-state.ts';
import { judgeLanding } from './landing.ts';
import { commandHeaders } from './outcome.ts';
import type { Answer, ReplySender } from './replies.ts';
import { type Checkpoint, type Claimed, ClaimLost, type StateStore, StoreFailure } from './state-store.ts';

/**
 * One acquisition of one partition, which goes round like this:
 *
 *            ┌────────── lost an answer, a conflict, the claim ──────────┐
 *            ▼                                                           │
 *   away ─▶ fold the events to the end (rule 5) ─▶ decide a batch ─▶ append (one in flight) ─▶ judge where it landed (rule 6)
 *   (new epoch)                                        ▲                                              │ agreed
 *                                                      └────────── answer, keep the changes ◀─────────┘
 *
 * `held` is null while it is away. Behind an event that it cannot read it decides nothing: commands that somebody waits for are refused, the
 * first that nobody waits for is waited with, and the partition is folded again until that works. `stop` ends it between any two steps; a batch that was not finished is not committed.
 */
export type OwnerContext = DecideContext & {
  readonly log: EventLog;
  readonly appender: Appender;
  readonly commands: Codec;
  readonly store: StateStore;
  readonly commandsTopic: string;
  readonly newEpoch: () => string;
  readonly answer: ReplySender;
  readonly onDecided?: ((batch: DecidedBatch) => void) | undefined;
  readonly stats: DeciderStats;
  readonly logger: DeciderLogger;
  readonly limits: OwnerLimits;
  readonly sleep: (delayMs: number) => Promise<void>;
  readonly nowMs: () => number;
  readonly without: ReadonlySet<Rule>;
};

/** Rules that the simulation leaves out to show that it would notice; nothing else sets them. */
export type Rule = 'marker' | 'skip' | 'order' | 'gap check' | 'single flight';

export type OwnerLimits = KeptStateOptions & {
  /** Commands decided at once, and bytes of events after which no further command joins an append. */
  readonly maxBatchCommands: number;
  readonly maxBatchBytes: number;
  /** Between two writes to the store; and that many changes bring the next one forward. */
  readonly keepEveryMs: number;
  readonly keepAfterChanges: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
};

/** Counters since the start of the process; times in ms. */
export type DeciderStats = {
  accepted: number;
  refused: number;
  repeated: number;
  faulty: number;
  skipped: number;
  /** Times that somebody else had decided differently. Any at all should page someone. */
  conflicts: number;
  folds: number;
  foldedRecords: number;
  appends: number;
  appendedRecords: number;
  appendMs: number;
  appendsUnknown: number;
  appendsRejected: number;
  lostRecords: number;
  storeFailures: number;
  /** Records of the events topic that no owner wrote, and nobody takes. */
  foreignRecords: number;
  /** Partitions on which nothing is decided, with the event that cannot be read. Any at all should page someone. */
  readonly halted: Map<number, string>;
  /** Partitions whose owner tries something again at the moment, with what went wrong. */
  readonly retrying: Map<number, string>;
  /** Next offset of the commands topic, per partition held. */
  readonly positions: Map<number, number>;
};

/** Commands that were decided together, and answered. `durationMs` covers loading, deciding and appending. */
export type DecidedBatch = { readonly decided: readonly Answer[]; readonly durationMs: number };

type LogLine = (fields: object, message: string) => void;
export type DeciderLogger = { readonly info: LogLine; readonly warn: LogLine; readonly error: LogLine };

/** What the owner holds between two folds. `next` is where its next append must land. */
type Held = {
  readonly epoch: string;
  readonly state: KeptState;
  readonly foldedMs: number;
  /** What `state` could not be folded beyond; what was told before it is known all the same. */
  readonly poison: PoisonRecord | null;
  next: number;
  taken: Taken | null;
  lost: Set<string>;
};

type Told = Omit<Answer, 'position'> & { readonly offsetInAppend: number };
type Chunk = {
  readonly records: readonly NewRecord[];
  readonly told: readonly Told[];
  readonly count: number;
};

/** The lease is over or the owner was stopped: whatever it was doing is for its successor to do. */
class Stopped extends Error {}

const sizeOf = (record: NewRecord): number => (record.value?.byteLength ?? 0) + record.key.length + 250;

export class Owner implements PartitionOwner {
  private readonly context: OwnerContext;
  private readonly partition: number;
  private readonly lease: Lease;
  private held: Held | null = null;
  private stopped = false;
  private begun = false;
  /** The batch in hand. The log gives the next one after it, so that one append is in flight. */
  private turn: Promise<void> = Promise.resolve();
  private retryMs = 0;

  constructor(context: OwnerContext, partition: number, lease: Lease) {
    this.context = context;
    this.partition = partition;
    this.lease = lease;
  }

  /** Folds to the end before the first batch comes. Reading goes on at the group's offset; `skip` does the rest of rule 5. */
  async start(): Promise<Readonly<Record<string, number>>> {
    await this.untilDone(() => this.hold());
    void this.keepNowAndThen();
    return {};
  }

  async handle(_topic: string, batch: Batch): Promise<void> {
    this.turn = this.decideBatch(batch);
    return this.turn;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.turn.catch(() => undefined);
    for (const figure of ['positions', 'halted', 'retrying'] as const)
      this.context.stats[figure].delete(this.partition);
    const { held } = this;
    this.held = null;
    if (held && mayKeep(held)) await held.state.keep(checkpointOf(held)).catch((error) => this.storeFailed(error));
  }

  private async decideBatch(batch: Batch): Promise<void> {
    const { context } = this;
    await this.untilDone(() => context.commands.prepare(batch.records.map(({ value }) => value)));
    this.distrustLeap(batch);
    const received = batch.records.map((record) => receive(context, context.commands, record));
    const flights = context.without.has('single flight') ? received.map((one) => [one]) : [received];
    await Promise.all(flights.map((flight) => this.decideAll(flight)));
    if (!this.stopped) context.stats.positions.set(this.partition, batch.nextOffset);
  }

  /**
   * The owner before may have decided and committed after this one had folded. Then the first batch leaps over commands whose
   * records this one has not seen; they are on the log by now, for commits come after them, so it folds again.
   */
  private distrustLeap({ records }: Batch): void {
    const [first] = records;
    const next = (this.held?.taken?.commandOffset ?? -1) + 1;
    if (this.begun || !first) return;
    this.begun = true;
    if (first.offset > next) this.held = null;
  }

  private async decideAll(received: readonly Received[]): Promise<void> {
    const most = this.context.limits.maxBatchCommands;
    for (let done = 0; done < received.length && !this.stopped; )
      await this.untilDone(async () => {
        done += await this.decideSome(await this.hold(), received.slice(done, done + most));
      });
  }

  /** Decides as many of these as fit one append. Returns how many are done for good. */
  private async decideSome(held: Held, received: readonly Received[]): Promise<number> {
    const { context } = this;
    const startedMs = performance.now();
    if (held.state.full && mayKeep(held)) await held.state.keep(checkpointOf(held));
    const streams = new Set<string>();
    for (const { reads, touched } of received) {
      for (const name in reads) streams.add(reads[name]!.stream);
      for (const name of touched) streams.add(name);
    }
    const work = await held.state.load(
      streams,
      received.map(({ id }) => id),
    );
    const chunk = this.decideChunk(held, received, work);
    if (held.poison && chunk.count === 0) throw held.poison;
    if (chunk.records.length > 0) {
      const landed = await this.append(held, chunk.records, work);
      if (!landed) return 0;
      for (const { seen } of chunk.told) if (seen !== 'skipped') context.stats[seen] += 1;
    }
    const baseOffset = held.next - chunk.records.length;
    const { partition } = this;
    const decided = chunk.told.map(({ command, type, seen, outcome, offsetInAppend }) => ({
      command,
      type,
      seen,
      outcome,
      position: { partition, offset: baseOffset + offsetInAppend },
    }));
    context.answer(decided);
    context.onDecided?.({ decided, durationMs: performance.now() - startedMs });
    await this.tombstoneLost(held);
    this.keepSoon(held);
    if (held.poison && context.nowMs() - held.foldedMs >= context.limits.maxRetryMs) this.drop(held);
    return chunk.count;
  }

  /** The part that runs without a pause: no other batch can change the states meanwhile. */
  private decideChunk(held: Held, received: readonly Received[], work: Work): Chunk {
    const { context } = this;
    const records: NewRecord[] = [];
    const told: Told[] = [];
    let bytes = 0;
    let count = 0;
    for (const command of received) {
      if (bytes >= context.limits.maxBatchBytes) break;
      count += 1;
      if (this.isSettled(held, command)) {
        context.stats.skipped += 1;
        const outcome = toldBefore(command, work);
        if (outcome) told.push(toldOf(command, { seen: 'skipped', outcome }, 0));
        continue;
      }
      const waits = held.poison !== null && !isAwaited(command);
      const one = waits
        ? null
        : decideIfLoaded(context, held.poison ? onHaltedPartition(command) : command, work, held.epoch);
      if (!one) {
        count -= 1;
        break;
      }
      const { records: own, outcome } = one;
      if (!(context.without.has('marker') && outcome.kind === 'refused'))
        for (const record of own) {
          records.push(record);
          bytes += sizeOf(record);
        }
      told.push(toldOf(command, one, records.length));
    }
    return { records, told, count };
  }

  /** Rule 5: a command at or below the highest offset that the events show was decided, by this owner or another. */
  private isSettled(held: Held, { record }: Received): boolean {
    return !this.context.without.has('skip') && held.taken !== null && record.offset <= held.taken.commandOffset;
  }

  /** Appends and judges the landing. False: the owner has dropped its state, and everything is to be decided again. */
  private async append(held: Held, records: readonly NewRecord[], work: Work): Promise<boolean> {
    const { context, partition } = this;
    this.checkLease(held);
    const startedMs = context.nowMs();
    const { baseOffset } = await context.appender.append(context.eventsTopic, partition, records);
    context.stats.appends += 1;
    context.stats.appendedRecords += records.length;
    context.stats.appendMs += context.nowMs() - startedMs;
    const gap: LogRecord[] = [];
    if (baseOffset !== held.next && !context.without.has('gap check'))
      await context.log.read(context.eventsTopic, [{ partition, from: held.next, to: baseOffset }], (batch) => {
        gap.push(...batch.records);
      });
    for (const record of gap) if (isForeign(record)) this.tellForeign(record);
    const landing = context.without.has('gap check')
      ? judgeLanding([], records, null)
      : baseOffset < held.next
        ? ({ kind: 'conflict', about: records[0]! } as const)
        : judgeLanding(gap, records, held.taken);
    if (landing.kind === 'conflict') {
      context.stats.conflicts += 1;
      const { key } = landing.about;
      const fields = { topic: context.eventsTopic, partition, expected: held.next, baseOffset, key };
      context.logger.error(fields, 'another owner has decided otherwise; folding again');
      this.drop(held);
      return false;
    }
    // Position and states change in one go, for the store keeps them together.
    held.next = baseOffset + records.length;
    held.taken = landing.taken;
    held.state.change(work);
    for (const key of landing.lost) held.lost.add(key);
    return true;
  }

  /**
   * Erases records that no reader takes, or compaction might one day leave them alone on the log and so bring them to life.
   * Their keys carry their writer's epoch, so nothing that counts is hit. The checkpoint waits for it.
   */
  private async tombstoneLost(held: Pick<Held, 'lost'> & { next?: number }): Promise<void> {
    if (held.lost.size === 0) return;
    const { context, partition } = this;
    const keys = [...held.lost];
    const records = keys.map((key) => ({ key, value: null, headers: {}, timestampMs: context.nowMs() }));
    if (!this.lease.valid) throw new Stopped();
    const { baseOffset } = await context.appender.append(context.eventsTopic, partition, records);
    for (const key of keys) held.lost.delete(key);
    context.stats.lostRecords += keys.length;
    if (held.next === baseOffset) held.next += records.length;
  }

  /** A lease that was lost for a moment may come back; what happened meanwhile is unknown, so the owner folds again. */
  private checkLease(held: Held): void {
    if (this.stopped) throw new Stopped();
    if (this.lease.valid) return;
    this.drop(held);
    throw new Stopped('the lease is not valid');
  }

  private tellForeign({ topic, partition, offset, key }: LogRecord): void {
    this.context.stats.foreignRecords += 1;
    this.context.logger.warn({ topic, partition, offset, key }, 'a record that no owner wrote is passed over');
  }

  private drop(held: Held): void {
    if (this.held === held) this.held = null;
  }

  /** Runs one step until it succeeds or the owner is stopped; what went wrong decides what it still believes. */
  private async untilDone(step: () => Promise<unknown>): Promise<void> {
    while (!this.stopped) {
      try {
        await step();
        this.retryMs = 0;
        this.context.stats.retrying.delete(this.partition);
        return;
      } catch (error) {
        if (this.stopped) return;
        this.failed(error);
        this.retryMs = Math.min(
          Math.max(this.retryMs * 2, this.context.limits.firstRetryMs),
          this.context.limits.maxRetryMs,
        );
        await this.context.sleep(this.retryMs);
      }
    }
  }

  private failed(error: unknown): void {
    const { stats, logger } = this.context;
    if (!(error instanceof Stopped)) stats.retrying.set(this.partition, String(error));
    if (error instanceof StoreFailure) {
      this.storeFailed(error);
      return;
    }
    if (error instanceof AppendRejected) stats.appendsRejected += 1;
    else if (!(error instanceof SchemasUnavailable)) this.held = null;
    if (error instanceof AppendUnknown) stats.appendsUnknown += 1;
    if (!(error instanceof Stopped)) logger.warn({ err: error, partition: this.partition }, 'trying again');
  }

  private storeFailed(error: unknown): void {
    this.context.stats.storeFailures += 1;
    if (error instanceof StoreFailure && error.cause instanceof ClaimLost) this.held = null;
    this.context.logger.warn({ err: error, partition: this.partition }, 'the state store failed');
  }

  private async hold(): Promise<Held> {
    if (this.stopped || !this.lease.valid) throw new Stopped('the lease is not valid');
    this.held ??= await this.fold();
    return this.held;
  }

  /** Rule 5: a new epoch, the kept states, and the rest of the event partition on top. */
  private async fold(): Promise<Held> {
    const { context, partition } = this;
    const claim = { partition, epoch: context.newEpoch() };
    const limits = { version: context.decider.version, warm: context.limits.maxInMemory };
    let claimed: Claimed = await context.store.claim(claim, limits);
    const [at] = (await context.log.offsets(context.eventsTopic)).filter((one) => one.partition === partition);
    if (!at) throw new RangeError(`${context.eventsTopic} has no partition ${partition}`);
    const kept = claimed.checkpoint;
    if (kept && (kept.offset > at.end || kept.offset < at.start)) {
      const fields = { topic: context.eventsTopic, partition, kept: kept.offset, start: at.start, end: at.end };
      context.logger.error(fields, 'the log does not go on from the kept states; folding from its start');
      await context.store.reset(claim);
      claimed = await context.store.claim(claim, limits);
    }
    const state = new KeptState({ claim, store: context.store, claimed, limits: context.limits });
    const taken = claimed.checkpoint?.taken ?? null;
    const fold = new PartitionFold({
      folding: context.folding,
      codec: context.events,
      reader: context.without.has('order') ? takesAll(taken) : new TakenRecords(taken),
      onForeign: (record) => this.tellForeign(record),
    });
    const from = claimed.checkpoint?.offset ?? at.start;
    if (from < at.end) await this.foldRange(state, fold, { from, to: at.end });
    const { poison, taken: last, lost } = fold;
    const held = { epoch: claim.epoch, state, foldedMs: context.nowMs(), poison, next: at.end, taken: last, lost };
    await this.tombstoneLost(held);
    context.stats.folds += 1;
    this.tellHalted(poison);
    return held;
  }

  private tellHalted(poison: PoisonRecord | null): void {
    const { partition } = this;
    const { stats, logger } = this.context;
    const before = stats.halted.get(partition);
    if (poison) stats.halted.set(partition, poison.message);
    else stats.halted.delete(partition);
    if (poison && before !== poison.message)
      logger.error({ err: poison, partition }, 'an event cannot be read: nothing is decided on its partition');
    if (!poison && before !== undefined) logger.info({ partition }, 'all events can be read again');
  }

  private async foldRange(state: KeptState, fold: PartitionFold, range: { from: number; to: number }): Promise<void> {
    const { context, partition } = this;
    await context.log.read(context.eventsTopic, [{ partition, ...range }], async ({ records, nextOffset }) => {
      if (this.stopped) throw new Stopped();
      await context.events.prepare(records.map(({ value }) => value));
      const read = fold.read(records);
      const work = await state.load(read.streams, read.commandIds);
      fold.fold(read, work);
      state.change(work);
      context.stats.foldedRecords += records.length;
      if (fold.poison || state.unkept < context.limits.keepAfterChanges) return;
      await this.tombstoneLost(fold);
      await state.keep({ offset: nextOffset, taken: fold.taken });
    });
  }

  private keepSoon(held: Held): void {
    if (held.state.unkept >= this.context.limits.keepAfterChanges) void this.keep(held);
  }

  private async keep(held: Held): Promise<void> {
    if (!mayKeep(held) || this.held !== held) return;
    await held.state.keep(checkpointOf(held)).catch((error) => this.storeFailed(error));
  }

  private async keepNowAndThen(): Promise<void> {
    while (!this.stopped) {
      await this.context.sleep(this.context.limits.keepEveryMs);
      if (this.held && !this.stopped) await this.keep(this.held);
    }
  }
}

/** Null: the command needs more streams, now named in it, and comes first in the next batch. */
const decideIfLoaded = (...args: Parameters<typeof decideOne>): Decided | null => {
  try {
    return decideOne(...args);
  } catch (error) {
    if (error instanceof NotLoaded) return null;
    throw error;
  }
};

/** For the simulation alone: a reader without the order of rule 4. */
const takesAll = (last: Taken | null): Reader => {
  const reader = {
    last,
    take: (record: Pick<LogRecord, 'headers'>): boolean => {
      reader.last = originOf(record.headers);
      return true;
    },
  };
  return reader;
};

/** The store gets states and where they stand together: not behind what could not be folded, nor before lost records are erased. */
const mayKeep = ({ poison, lost, state }: Held): boolean => poison === null && lost.size === 0 && state.unkept > 0;

/** A refusal is heard by whoever waits for it. What nobody waits for, such as what follows from an event, would be lost with one. */
const isAwaited = ({ record }: Received): boolean => record.headers[commandHeaders.replyTo] !== undefined;

const toldOf = (
  { record, rule, message }: Received,
  { seen, outcome }: Pick<Answer, 'seen' | 'outcome'>,
  offsetInAppend: number,
): Told => ({ command: record, type: rule ? message!.type : null, seen, outcome, offsetInAppend });

const checkpointOf = (held: Held): Checkpoint => ({ offset: held.next, taken: held.taken });
