// Before kafkajs, which holds on to what it loads first.
import './kafkajs-encoder.ts';
import './kafkajs-decoder.ts';
import { createRequire } from 'node:module';
import type { Admin, Kafka, KafkaConfig, LogEntry, RetryOptions, SASLOptions } from 'kafkajs';
import kafkajs from 'kafkajs';
import type { FetchedMessage } from './kafkajs-decoder.ts';
import type { LogRecord } from './log.ts';

export type LogLine = { readonly level: 'error' | 'warn' | 'info' | 'debug'; readonly message: string } & Readonly<
  Record<string, unknown>
>;

/** What the log tells whoever measures it. Times in ms, sizes in bytes. */
export type LogEvent =
  | { readonly kind: 'appended'; readonly records: number; readonly bytes: number; readonly durationMs: number }
  | { readonly kind: 'append-failed'; readonly records: number; readonly outcome: 'rejected' | 'unknown' }
  | { readonly kind: 'rebalanced'; readonly groupId: string; readonly held: readonly number[] };

export type KafkaLogOptions = {
  /** `host:port` of some of the brokers. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: SASLOptions;
  /** Gets kafkajs's log lines, and ours, as objects. */
  readonly logger?: (line: LogLine) => void;
  readonly onEvent?: (event: LogEvent) => void;
  /** A request to a broker has no answer after this long: the connection is given up. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /** An append has no answer after this long: its outcome is unknown. Default 10,000. */
  readonly appendTimeoutMs?: number;
  /** Bytes that may wait in an appender; above that appends are rejected at once. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
  /** Reads, and questions about topics, go on trying for this long while no broker can be reached. Default 120,000. */
  readonly unavailableMs?: number;
};

/** How long a fetch waits at the broker for something new; one that has data returns at once. */
export const maxWaitMs = 150;

/** kafkajs's own retries: quick and few. What must outlast an outage is repeated by us, on a new connection. */
export const briefRetry: RetryOptions = {
  initialRetryTime: 30,
  maxRetryTime: 500,
  retries: 3,
  restartOnFailure: async () => false,
};

type RequestQueue = { pending: unknown[]; throttledUntil: number; scheduleCheckPendingRequests(): void };

/**
 * kafkajs 2.2.4 re-arms a timer after every response although nothing waits and no broker throttles; its delay is then negative
 * (`TimeoutNegativeWarning` on current Node), which makes it 1 ms, for ever, on every connection. Nothing to check, no timer.
 */
const { prototype: requestQueue } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
  prototype: RequestQueue;
};
const schedule = requestQueue.scheduleCheckPendingRequests;
requestQueue.scheduleCheckPendingRequests = function (this: RequestQueue): void {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
};

// Its advice does not hold here: few retries are meant, and a failed send costs the producer (see kafka-appender.ts).
const expectedWarning = 'Limiting retries for the idempotent producer may invalidate EoS guarantees';

const levels = new Map<number, LogLine['level']>([
  [kafkajs.logLevel.ERROR, 'error'],
  [kafkajs.logLevel.WARN, 'warn'],
  [kafkajs.logLevel.INFO, 'info'],
  [kafkajs.logLevel.DEBUG, 'debug'],
]);

const toLine = ({ level, namespace, log }: LogEntry): LogLine => {
  const { message, timestamp: _timestamp, logger: _logger, ...fields } = log;
  return { ...fields, level: levels.get(level) ?? 'info', message, namespace };
};

/** Shared by everything that one `kafkaLog` opens. */
export type Client = {
  readonly options: KafkaLogOptions;
  readonly kafka: Kafka;
  readonly log: (line: LogLine) => void;
  readonly event: (event: LogEvent) => void;
  /** Calls the admin client; a broker that cannot be reached is asked again until `unavailableMs` have passed. */
  readonly admin: <T>(what: string, call: (admin: Admin) => Promise<T>) => Promise<T>;
  /** Waits before the next try of something; returns at once, false, when the log is closed. */
  readonly pause: (ms: number) => Promise<boolean>;
  /** Work that nobody waits for but `close`; its failure is of no matter. */
  readonly background: (work: Promise<unknown>) => void;
  readonly close: () => Promise<void>;
};

export const createClient = (options: KafkaLogOptions): Client => {
  const log = options.logger ?? (() => undefined);
  const kafka = new kafkajs.Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    connectionTimeout: 2000,
    requestTimeout: options.requestTimeoutMs ?? 5000,
    enforceRequestTimeout: true,
    retry: briefRetry,
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => {
      if (entry.log.message !== expectedWarning) log(toLine(entry));
    },
  });
  const closing = new AbortController();
  const pause = (ms: number): Promise<boolean> =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        closing.signal.removeEventListener('abort', end);
        resolve(!closing.signal.aborted);
      };
      const timer = setTimeout(end, closing.signal.aborted ? 0 : ms);
      closing.signal.addEventListener('abort', end);
    });

  const inBackground = new Set<Promise<unknown>>();
  let connected: Promise<Admin> | null = null;
  const connect = async (): Promise<Admin> => {
    const admin = kafka.admin();
    await admin.connect();
    return admin;
  };
  const drop = (): void => {
    connected?.then((admin) => admin.disconnect()).catch(() => undefined);
    connected = null;
  };
  const client: Client = {
    options,
    kafka,
    log,
    event: options.onEvent ?? (() => undefined),
    pause,
    background: (work) => {
      const done: Promise<unknown> = work.catch(() => undefined).finally(() => inBackground.delete(done));
      inBackground.add(done);
    },
    admin: async (what, call) => {
      const giveUpAt = Date.now() + (options.unavailableMs ?? 120_000);
      for (let delayMs = 100; ; delayMs = Math.min(delayMs * 2, 2000)) {
        if (closing.signal.aborted) throw new Error(`the log is closed: ${what}`);
        try {
          connected ??= connect();
          return await call(await connected);
        } catch (error) {
          if (isPermanent(error) || Date.now() + delayMs > giveUpAt) throw error;
          drop();
          log({ level: 'warn', message: `waiting for Kafka: ${what}`, error: messageOf(error) });
          await pause(delayMs);
        }
      }
    },
    close: async () => {
      await Promise.all(inBackground);
      closing.abort();
      const admin = await connected?.catch(() => null);
      connected = null;
      await admin?.disconnect();
    },
  };
  return client;
};

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** The error at the bottom: kafkajs wraps what its retries end with. */
export const rootOf = (error: unknown): { name?: string; type?: string; retriable?: boolean; message?: string } => {
  let root = error as { cause?: unknown };
  while (root?.cause instanceof Error) root = root.cause as { cause?: unknown };
  return root as ReturnType<typeof rootOf>;
};

/** Refusals that no waiting changes. Everything else kafkajs may report is an outage, or a rebalance, and is tried again. */
const permanentTypes = new Set([
  'CLUSTER_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'INVALID_TOPIC_EXCEPTION',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNSUPPORTED_VERSION',
]);

export const isPermanent = (error: unknown): boolean => {
  const root = rootOf(error);
  return root.name === 'KafkaJSSASLAuthenticationError' || (root.type !== undefined && permanentTypes.has(root.type));
};

export const toRecord = (topic: string, partition: number, message: FetchedMessage): LogRecord => ({
  topic,
  partition,
  offset: Number(message.offset),
  timestampMs: Number(message.timestamp),
  key: message.key === null ? '' : message.key.toString(),
  value: message.value,
  headers: message.headers,
});
