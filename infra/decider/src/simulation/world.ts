import {
  type AppendFate,
  eventHeaders,
  type LogRecord,
  memoryBroker,
  parseEventKey,
  TakenRecords,
} from '@palaver/event-log';
import { canonicalJson } from '../ids.ts';
import { type AddressedReply, commandRecord, type Outcome, parseReplies } from '../outcome.ts';
import type { Rule } from '../owner.ts';
import { type Processor, startProcessor } from '../processor.ts';
import { createReplies } from '../replies.ts';
import { memoryStateStore, type StateStore, type StreamState } from '../state-store.ts';
import { type SweepOptions, sweepPartition } from '../sweep.ts';
import { type BankCommand, bankDecider, jsonCodec } from './bank.ts';
import { checkCommands, checkDecisions, foldOf, PlainReader, Violation } from './model.ts';

/** What happens to the world from outside, besides the commands that clients give. */
export type Fault =
  | { readonly kind: 'crash'; readonly process: number }
  | { readonly kind: 'hand'; readonly process: number; readonly tellOld: boolean }
  /** A process stands still for a while, then goes on as if nothing had been. */
  | { readonly kind: 'pause'; readonly process: number }
  /** The owner stands still, another takes its partition, and it wakes up believing that it owns it. */
  | { readonly kind: 'overtake'; readonly process: number }
  | { readonly kind: 'rebalance' | 'redeliver' | 'compact' | 'sweep' | 'lose store' | 'break store' | 'weeks pass' };

/** What clients do: give a command, or give an earlier one again (`again` counts back), perhaps with other contents. */
export type Request =
  | { readonly kind: 'new'; readonly command: BankCommand }
  | { readonly kind: 'retry'; readonly again: number; readonly changed: boolean };

export type Scenario = {
  readonly seed: number;
  readonly requests: readonly Request[];
  readonly faults: readonly Fault[];
  /** The third process decides by another version of the rules, as during a rolling deploy. */
  readonly rolling: boolean;
  /** Of 100 appends, how many meet another fate than being written and acknowledged. */
  readonly badAppends: number;
};

/** What the simulation of the simulation leaves out. */
export type Mutation = Rule | 'epoch';

const EVENTS = 'bank.events';
const COMMANDS = 'bank.commands';
const REPLIES = 'bank.replies';
const GROUP = 'bank-group';
const PROCESSES = 3;
const WEEKS_MS = 21 * 24 * 3_600_000;
const MAX_STEPS = 6_000;

/** A small generator of numbers, so that a run is a function of its scenario. (mulberry32) */
const randomOf = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never = new Promise<never>(() => {});

type Step = { readonly label: string; readonly go: () => void };
type Life = { readonly name: string; alive: boolean; processor: Processor | null };
type Told = { readonly outcome: Outcome; readonly offset: number };

/**
 * One broker, three processes that decide, clients, a sweep and readers.
 * Nothing happens but one step at a time, and chance, from the seed, says which: so a crash can fall between any two.
 */
export class World {
  private readonly random: () => number;
  private readonly scenario: Scenario;
  private readonly without: ReadonlySet<Mutation>;
  private readonly decider = bankDecider();
  private steps: Step[] = [];
  private calm = false;
  private paused: string | null = null;
  private nowMs = Date.UTC(2026, 0, 1);
  private epochs = 0;
  private store: StateStore = memoryStateStore();
  private storeFailures = 0;
  private lives: Life[] = [];
  private failure: unknown = null;
  private sweeping = 0;
  /** All that was ever written, compaction or not. */
  private readonly written: LogRecord[] = [];
  private readonly counted: boolean[] = [];
  private readonly countedBy = new PlainReader();
  private readonly commands: LogRecord[] = [];
  private readonly told = new Map<string, Told>();
  private repliesSeen = 0;
  /** Commands before this one were given weeks ago: their senders have given up. */
  private retriableFrom = 0;
  /** A reader that keeps its position and triple, as a projection does. */
  private readonly follower = { offset: 0, taken: new TakenRecords(null) };
  private readonly broker;
  readonly trace: string[] = [];

  constructor(scenario: Scenario, without: ReadonlySet<Mutation> = new Set()) {
    this.scenario = scenario;
    this.random = randomOf(scenario.seed);
    this.without = without;
    this.broker = memoryBroker({
      partitions: 1,
      step: (label) => this.step(label),
      fate: () => this.fate(),
      batchSize: () => 1 + this.below(4),
    });
  }

  /** Plays the scenario to its end, lets the world come to rest, and checks it. Throws `Violation`. */
  async run(): Promise<void> {
    for (let i = 0; i < PROCESSES; i++) this.start(i);
    const requests = [...this.scenario.requests];
    const faults = [...this.scenario.faults];
    while (requests.length + faults.length > 0) {
      const chance = this.below(10);
      if (chance === 0 && requests.length > 0) this.request(requests.shift()!);
      else if (chance === 1 && faults.length > 0) await this.fault(faults.shift()!);
      else await this.advance();
    }
    await this.rest();
    this.checkEnd();
    await this.checkStore();
  }

  // ── Chance and steps ──

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private step(label: string): Promise<void> {
    return new Promise((resolve) => this.steps.push({ label, go: resolve }));
  }

  private fate(): AppendFate {
    if (this.calm || this.below(100) >= this.scenario.badAppends) return 'written';
    return (['lost-ack', 'late', 'late', 'never', 'rejected'] as const)[this.below(5)]!;
  }

  /** Lets one waiting step happen, and everything that follows from it up to the next steps. */
  private async advance(): Promise<void> {
    if (this.below(30) === 0) this.paused = null;
    const awake = this.steps.filter(({ label }) => !this.paused || !label.startsWith(`${this.paused}: `));
    const step = awake[this.below(awake.length)];
    if (step) {
      this.steps.splice(this.steps.indexOf(step), 1);
      this.trace.push(step.label);
      step.go();
    }
    this.nowMs += this.below(50);
    await settled();
    if (this.failure) throw this.failure;
    this.observe();
  }

  // ── Processes ──

  private start(index: number): void {
    const life: Life = { name: `p${index}`, alive: true, processor: null };
    this.lives[index] = life;
    const codec = jsonCodec();
    const without = this.without;
    startProcessor(
      {
        log: this.broker.log(life.name),
        decider: this.scenario.rolling && index === PROCESSES - 1 ? bankDecider({ fee: 1 }) : this.decider,
        codecs: { commands: codec, events: codec },
        store: this.storeOf(life),
        groupId: GROUP,
        replies: createReplies(life.name),
        newEpoch: () => (without.has('epoch') ? 'one' : `e${++this.epochs}`),
        logger: { info: () => {}, warn: () => {}, error: () => {} },
        onCrash: (error) => {
          this.failure ??= error;
        },
        limits: { maxBatchCommands: 3, maxInMemory: 2, keepAfterChanges: 3, firstRetryMs: 1 },
      },
      {
        sleep: () => this.stepOf(life, 'sleep'),
        nowMs: () => this.nowMs,
        without: new Set([...without].filter((rule) => rule !== 'epoch')),
      },
    ).then(
      (processor) => {
        life.processor = processor;
      },
      (error) => {
        this.failure ??= error;
      },
    );
  }

  private async stepOf(life: Life, label: string): Promise<void> {
    await this.step(`${life.name}: ${label}`);
    if (!life.alive) await never;
  }

  /** The one store, as a process reaches it: calls take time, may fail, and end with the process. */
  private storeOf(life: Life): StateStore {
    const call = async <T>(label: string, run: (store: StateStore) => Promise<T>): Promise<T> => {
      await this.stepOf(life, `store ${label}`);
      const fails = !this.calm && this.storeFailures > 0;
      if (fails) this.storeFailures -= 1;
      if (fails && this.below(2) === 0) throw new Error('the database is away');
      const result = await run(this.store);
      await this.stepOf(life, `store ${label} done`);
      if (fails) throw new Error('the database went away');
      return result;
    };
    return {
      claim: (...given) => call('claim', (store) => store.claim(...given)),
      reset: (...given) => call('reset', (store) => store.reset(...given)),
      streams: (...given) => call('streams', (store) => store.streams(...given)),
      commands: (...given) => call('commands', (store) => store.commands(...given)),
      keep: (...given) => call('keep', (store) => store.keep(...given)),
    };
  }

  // ── What happens ──

  private request(request: Request): void {
    const { commands, retriableFrom } = this;
    if (request.kind === 'new') {
      const id = `c${commands.length}`;
      this.give(id, request.command, 'same');
      return;
    }
    const among = commands.length - retriableFrom;
    if (among === 0) return;
    const earlier = commands[commands.length - 1 - (request.again % among)]!;
    const message = JSON.parse(Buffer.from(earlier.value!).toString()) as BankCommand;
    this.give(earlier.key, message, request.changed ? 'changed' : earlier.headers.fingerprint!);
  }

  private give(id: string, command: BankCommand, fingerprint: string): void {
    this.trace.push(`client: ${id} ${JSON.stringify(command)} ${fingerprint}`);
    const given = { id, ...command, actor: 'ann', timeMs: this.nowMs, fingerprint };
    const record = commandRecord(given, jsonCodec().encode(COMMANDS, command), 'edge/0');
    const offset = this.broker.write(COMMANDS, 0, [record]);
    this.commands[offset] = { ...record, topic: COMMANDS, partition: 0, offset };
  }

  private async fault(fault: Fault): Promise<void> {
    this.trace.push(`fault: ${JSON.stringify(fault)}`);
    switch (fault.kind) {
      case 'crash':
        return this.crash(fault.process);
      case 'hand': {
        const life = this.lives[fault.process]!;
        if (life.alive && life.processor) this.broker.hand(GROUP, 0, life.name, { tellOld: fault.tellOld });
        return;
      }
      case 'pause':
        this.paused = this.lives[fault.process]!.name;
        return;
      case 'overtake': {
        const life = this.lives[fault.process]!;
        if (!life.alive || !life.processor) return;
        this.paused = this.broker.ownerOf(GROUP, 0);
        this.broker.hand(GROUP, 0, life.name, { tellOld: false });
        return;
      }
      case 'rebalance':
        return this.broker.rebalance(GROUP);
      case 'redeliver':
        return this.broker.redeliver(GROUP, 0);
      case 'compact':
        return this.compact();
      case 'sweep':
        void this.sweep();
        return;
      case 'lose store':
        this.store = memoryStateStore();
        return;
      case 'break store':
        this.storeFailures += 3;
        return;
      case 'weeks pass':
        return this.weeksPass();
    }
  }

  private crash(index: number): void {
    const life = this.lives[index]!;
    if (!life.alive) return;
    life.alive = false;
    this.broker.crash(life.name);
    void this.step(`restart of ${life.name}`).then(() => {
      if (this.lives[index] === life) this.start(index);
    });
  }

  private compact(dropTombstones = false): void {
    this.broker.compact(EVENTS, { dropTombstones });
    this.checkReaders();
    this.checkFolds();
  }

  /** The erasure sweep, a job of its own; it may fail as any process. */
  private async sweep(): Promise<void> {
    this.sweeping += 1;
    const log = this.broker.log('sweep');
    const appender = log.appender();
    const ends = bankDecider().ends as SweepOptions['ends'];
    const nowMs = (): number => this.nowMs;
    const options = { log, appender, topic: EVENTS, partition: 0, codec: jsonCodec(), ends, nowMs };
    await sweepPartition(options).catch(() => undefined);
    this.sweeping -= 1;
  }

  /** So long a time that no request is still under way, the sweep has run, and tombstones and markers go. */
  private async weeksPass(): Promise<void> {
    await this.rest();
    const swept = this.sweep();
    await this.until(() => this.sweeping === 0);
    await swept;
    this.nowMs += WEEKS_MS;
    this.broker.trim(COMMANDS, 0, this.broker.end(COMMANDS, 0));
    this.compact(true);
    this.retriableFrom = this.commands.length;
    this.calm = false;
  }

  private async until(reached: () => boolean): Promise<void> {
    for (let i = 0; !reached(); i++) {
      if (i > MAX_STEPS) throw new Violation('the world does not come to rest');
      await this.advance();
    }
  }

  /** No more faults: everybody is told who owns what, late writers have written, every command is decided. */
  private async rest(): Promise<void> {
    this.calm = true;
    this.paused = null;
    for (const [index, life] of this.lives.entries()) if (!life.alive) this.start(index);
    await this.until(() => this.lives.every(({ processor }) => processor !== null));
    this.broker.rebalance(GROUP);
    const idle = ({ label }: Step): boolean => label.endsWith(': sleep') || /^p\d: store keep/.test(label);
    await this.until(
      () => this.broker.committed(GROUP, COMMANDS, 0) === this.broker.end(COMMANDS, 0) && this.steps.every(idle),
    );
  }

  // ── What must hold ──

  /** After each step: notes what was written and said, and checks it while it is new. */
  private observe(): void {
    for (const record of this.broker.records(EVENTS, 0)) {
      if (record.offset < this.written.length) continue;
      this.written.push(record);
      this.counted.push(this.countedBy.counts(record));
    }
    const replies = this.broker.records(REPLIES, 0);
    for (; this.repliesSeen < replies.length; this.repliesSeen++)
      for (const reply of parseReplies(replies[this.repliesSeen]!)) this.checkReply(reply);
    if (this.below(20) === 0) this.follow();
  }

  /** No command is answered in two ways, and an answer is true: what it says lies on the log, and counts, when it goes out. */
  private checkReply({ waiter, outcome, position }: AddressedReply): void {
    const before = this.told.get(waiter);
    if (before && canonicalJson(before.outcome) !== canonicalJson(outcome))
      throw new Violation(`${waiter} was told ${JSON.stringify(before.outcome)} and ${JSON.stringify(outcome)}`);
    this.told.set(waiter, { outcome, offset: position.offset });
    const [id, fingerprint] = waiter.split('/') as [string, string];
    const first = this.written.find(
      ({ headers }, i) => this.counted[i] && headers[eventHeaders.command] === id && headers[eventHeaders.outcome],
    );
    // A refusal without a trace changes nothing by itself; it does its harm when the command is decided again.
    if (!first && outcome.kind === 'refused') return;
    if (!first) throw new Violation(`${waiter} was told ${JSON.stringify(outcome)}, of which the log knows nothing`);
    if (first.offset >= position.offset)
      throw new Violation(`${waiter} was told position ${position.offset}, but lies at ${first.offset}`);
    const same = first.headers[eventHeaders.fingerprint] === fingerprint;
    const told = same ? JSON.parse(first.headers[eventHeaders.outcome]!) : null;
    const right = same
      ? canonicalJson(told) === canonicalJson(outcome)
      : outcome.kind === 'refused' && outcome.code === 'idempotency_key_reused';
    if (!right)
      throw new Violation(`${waiter} was told ${JSON.stringify(outcome)}, the log says ${JSON.stringify(told)}`);
  }

  /** The reader that keeps its place reads on. */
  private follow(): void {
    const { follower } = this;
    for (const record of this.broker.records(EVENTS, 0))
      if (record.offset >= follower.offset) this.checkCounts(record, follower.taken.take(record), 'the follower');
    follower.offset = this.broker.end(EVENTS, 0);
  }

  /** A reader that begins now, on what compaction has left, agrees with one that was there all along. */
  private checkReaders(): void {
    this.observe();
    const fresh = new TakenRecords(null);
    for (const record of this.broker.records(EVENTS, 0)) this.checkCounts(record, fresh.take(record), 'a new reader');
  }

  private checkCounts(record: LogRecord, counts: boolean, who: string): void {
    if (counts !== this.counted[record.offset])
      throw new Violation(`${who} takes ${record.key} at ${record.offset}: ${counts}; others: ${!counts}`);
  }

  /** fold(compacted) = fold(full), but for what was forgotten in time. */
  private checkFolds(): void {
    const full = foldOf(this.decider, this.written);
    const compacted = foldOf(this.decider, this.broker.records(EVENTS, 0));
    if (canonicalJson(sorted(full.streams)) !== canonicalJson(sorted(compacted.streams)))
      throw new Violation('a fold of the compacted log differs from a fold of all that was written');
  }

  private checkEnd(): void {
    this.observe();
    this.follow();
    this.checkReaders();
    this.checkFolds();
    const decided = checkCommands(this.written);
    if (!this.scenario.rolling) checkDecisions(this.decider, this.written, this.commands);
    for (const { offset, key, headers } of this.commands)
      if (!decided.has(offset) && this.told.get(`${key}/${headers.fingerprint}`)?.outcome.kind !== 'refused')
        throw new Violation(`command ${offset} (${key}) was lost`);
  }

  /** Streams that are ended, or changed by an end, behind this offset: before it, what was erased of them may be missing. */
  private endsLater(offset: number): ReadonlySet<string> {
    const streams = new Set<string>();
    for (const { key, value } of this.written.slice(offset)) {
      if (value === null || JSON.parse(Buffer.from(value).toString()).type !== 'Closed') continue;
      streams.add(parseEventKey(key)!.stream).add('statement:bank');
    }
    return streams;
  }

  /** What the owners have kept is what a plain fold gives. */
  private async checkStore(): Promise<void> {
    let closed = 0;
    for (const { processor } of this.lives)
      void processor!.close().then(() => {
        closed += 1;
      });
    await this.until(() => closed === this.lives.length);
    const claim = { partition: 0, epoch: 'inspector' };
    const kept = await this.store.claim(claim, { version: 1, warm: 1_000_000 });
    if (!kept.checkpoint) return;
    const { offset } = kept.checkpoint;
    const fold = foldOf(
      this.decider,
      this.written.filter((record) => record.offset < offset),
    );
    const open = (streams: ReadonlyMap<string, StreamState>): string =>
      canonicalJson(sorted(new Map([...streams].filter(([name]) => !this.endsLater(offset).has(name)))));
    if (open(kept.streams) !== open(fold.streams))
      throw new Violation('an owner has kept other states than a plain fold gives');
    for (const [id, { outcome }] of kept.commands)
      if (outcome.kind === 'accepted' && canonicalJson(outcome) !== canonicalJson(fold.commands.get(id)?.outcome))
        throw new Violation(`an owner remembers ${id} otherwise than a plain fold`);
  }
}

const sorted = <V>(map: ReadonlyMap<string, V>): Record<string, V> => Object.fromEntries([...map].sort());
