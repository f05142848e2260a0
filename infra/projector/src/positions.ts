import type { Closable } from '@palaver/event-log';
import pg from 'pg';
import { CHANNEL, checkpointKey, LIVE, type PartitionRef, readCheckpoints, versionOf } from './model.ts';
import type { Position } from './projection.ts';

/**
 * Read your writes: a query waits here until the live model has folded the positions that its caller has seen acknowledged.
 * One LISTEN connection a process hears of every commit of the workers, so that waiting costs no queries.
 */
export interface PositionWaiter extends Closable {
  /**
   * True as soon as the model has passed all positions, false when it has not within `timeoutMs`. Positions of services whose
   * events the projection does not read are passed by nature. Throws `UnknownPartition` for one that its topic does not have.
   */
  waitFor(positions: readonly Position[], timeoutMs: number): Promise<boolean>;
  /** Whether the connection that hears of commits is up; while it is down, waiting ends in false at worst. */
  readonly connected: boolean;
}

/** A position that no log can hold: waiting for it would never end. */
export class UnknownPartition extends Error {
  override readonly name = 'UnknownPartition';
}

/** Topic of a service's events: what a position's service names. */
export const eventTopic = (service: string): string => `${service}.events`;
export const serviceOfTopic = (topic: string): string => topic.slice(0, topic.lastIndexOf('.'));

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** While someone waits, the checkpoints are also read this often, should a notification have been lost. */
const SAFETY_POLL_MS = 1_000;

type Waiting = { readonly positions: readonly Position[]; readonly wake: () => void };

/** `config` is that of the database which holds the model; `topics` are the projection's, each with its number of partitions. */
export const positionWaiter = (config: pg.ClientConfig, topics: ReadonlyMap<string, number>): PositionWaiter =>
  new Listener(config, topics);

class Listener implements PositionWaiter {
  private readonly config: pg.ClientConfig;
  private readonly topics: ReadonlyMap<string, number>;
  private readonly passed = new Map<string, number>();
  private readonly waiting = new Set<Waiting>();
  private client: pg.Client | null = null;
  private listening = false;
  private closed = false;
  private timer: NodeJS.Timeout | null = null;
  private connecting: Promise<void>;
  private poll: NodeJS.Timeout | null = null;

  constructor(config: pg.ClientConfig, topics: ReadonlyMap<string, number>) {
    this.config = config;
    this.topics = topics;
    this.connecting = this.connect(FIRST_PAUSE_MS);
  }

  get connected(): boolean {
    return this.listening;
  }

  async waitFor(positions: readonly Position[], timeoutMs: number): Promise<boolean> {
    const relevant = positions.filter((position) => this.isRead(position));
    if (this.hasPassed(relevant)) return true;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timeout);
        this.waiting.delete(waiting);
        resolve();
      };
      const timeout = setTimeout(end, timeoutMs);
      const waiting = { positions: relevant, wake: end };
      this.waiting.add(waiting);
      this.pollWhileNeeded();
    });
    return this.hasPassed(relevant);
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    if (this.poll) clearTimeout(this.poll);
    for (const { wake } of [...this.waiting]) wake();
    await this.connecting;
    await this.client?.end().catch(() => {});
  }

  private isRead({ service, partition }: Position): boolean {
    const partitions = this.topics.get(eventTopic(service));
    if (partitions === undefined) return false;
    if (partition < partitions) return true;
    throw new UnknownPartition(`${service} has no partition ${partition}: they go from 0 to ${partitions - 1}`);
  }

  private hasPassed(positions: readonly Position[]): boolean {
    return positions.every(
      ({ service, partition, offset }) =>
        (this.passed.get(checkpointKey({ topic: eventTopic(service), partition })) ?? 0) >= offset,
    );
  }

  private async connect(pauseMs: number): Promise<void> {
    const client = new pg.Client(this.config);
    // Both come when a connection breaks; the first one counts.
    const lost = (): void => {
      if (this.client !== client) return;
      this.client = null;
      this.listening = false;
      // A Postgres that crashed may have forgotten the last commits, and answers queries before this listens again.
      this.passed.clear();
      client.end().catch(() => {});
      this.reconnect(FIRST_PAUSE_MS);
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ payload }) => this.heard(payload));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      // After LISTEN, so that no commit falls between the two.
      this.advance(await this.readPassed(client));
      this.client = client;
      this.listening = true;
      if (this.closed) await client.end();
    } catch {
      client.end().catch(() => {});
      this.reconnect(Math.min(pauseMs * 2, LONGEST_PAUSE_MS));
    }
  }

  private reconnect(pauseMs: number): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      this.connecting = this.connect(pauseMs);
    }, pauseMs);
  }

  private heard(payload: string | undefined): void {
    this.advance(JSON.parse(payload ?? '[]') as readonly Passed[]);
  }

  private async readPassed(client: pg.Client): Promise<readonly Passed[]> {
    // Before the projection's worker has started for the first time there is no model.
    if ((await versionOf(client, LIVE)) === null) return [];
    return [...(await readCheckpoints(client, LIVE)).values()];
  }

  private advance(passed: readonly Passed[]): void {
    for (const { topic, partition, nextOffset } of passed) {
      const key = checkpointKey({ topic, partition });
      if (nextOffset > (this.passed.get(key) ?? 0)) this.passed.set(key, nextOffset);
    }
    for (const waiting of [...this.waiting]) if (this.hasPassed(waiting.positions)) waiting.wake();
  }

  private pollWhileNeeded(): void {
    if (this.poll || this.closed) return;
    this.poll = setTimeout(async () => {
      if (this.waiting.size > 0 && this.client) {
        await this.readPassed(this.client).then(
          (passed) => this.advance(passed),
          () => {},
        );
      }
      this.poll = null;
      if (this.waiting.size > 0) this.pollWhileNeeded();
    }, SAFETY_POLL_MS);
  }
}

type Passed = PartitionRef & { readonly nextOffset: number };
