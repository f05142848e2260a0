import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  accept,
  type Command,
  type CommandClient,
  commandClient,
  commandRule,
  createReplies,
  type Decider,
  type DeciderStats,
  defineDecider,
  event,
  fingerprint,
  newId,
  postgresStateStore,
  type Reply,
  startProcessor,
  streamKind,
} from '@palaver/decider';
import { avroCodec, type Codec, type EventLog, kafkaLog, type RecordSchema, registerSchemas } from '@palaver/event-log';
import { createTopics } from '@palaver/local';
import { defineProjection, type ProjectorHealth, startProjector } from '@palaver/projector';
import { createLogger, createMetrics, type Metrics } from '@palaver/runtime';
import pg from 'pg';
import { measureCommands, measureDecisions } from '../command-metrics.ts';
import { logOptions } from '../log-options.ts';

/**
 * A service in two versions, for tests with real parts: counters that are added to. The second one notes who counted in each event, and can
 * name a counter, which the first does not know of.
 */

const required = (name: string): string => {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set: integration tests are run by "npm test", which starts what they need`);
  return value;
};

export const partitionCount = 4;

type Added = { readonly counter: string; readonly by: number; readonly total: number; readonly note?: string | null };
type Named = { readonly counter: string; readonly name: string };
export type CounterEvent =
  | { readonly type: 'Added'; readonly data: Added }
  | { readonly type: 'Named'; readonly data: Named };
export type CounterCommand =
  | { readonly type: 'Add'; readonly data: { readonly counter: string; readonly by: number } }
  | { readonly type: 'Name'; readonly data: Named };
export type Version = 1 | 2;

type State = { readonly total: number; readonly name?: string };

const deciderOf = (name: string, version: Version): Decider<CounterCommand, CounterEvent> => {
  const evolve = {
    Added: (state: State, { total }: Added): State => ({ ...state, total }),
    ...(version === 2 ? { Named: (state: State, { name }: Named): State => ({ ...state, name }) } : {}),
  };
  const counter = streamKind<State, CounterEvent>({ kind: 'counter', initial: { total: 0 }, evolve: evolve as never });
  const Add = commandRule<{ counter: string; by: number }, CounterEvent>()({
    root: (data) => data.counter,
    reads: (data) => ({ counter: counter.of(data.counter) }),
    decide: (states, data) => {
      const added = { ...data, total: states.counter.total + data.by, ...(version === 2 ? { note: 'by two' } : {}) };
      return accept([event(counter.of(data.counter), { type: 'Added', data: added })], { total: added.total });
    },
  });
  const Name = commandRule<Named, CounterEvent>()({
    root: (data) => data.counter,
    reads: (data) => ({ counter: counter.of(data.counter) }),
    decide: (_states, data) => accept([event(counter.of(data.counter), { type: 'Named', data })], null),
  });
  return defineDecider<CounterCommand, CounterEvent>({
    name,
    version,
    kinds: [counter],
    rules: (version === 2 ? { Add, Name } : { Add }) as never,
  });
};

type Field = { readonly name: string; readonly type: unknown; readonly default?: unknown };
const string = (name: string): Field => ({ name, type: 'string' });
const long = (name: string): Field => ({ name, type: 'long' });

const schemasOf = (name: string, version: Version) => {
  const schema = (kind: 'commands' | 'events', record: string, ...fields: Field[]): RecordSchema => ({
    topic: `${name}.${kind}`,
    fullName: `palaver.counters.${record}`,
    schema: { type: 'record', name: record, namespace: 'palaver.counters', fields },
  });
  const note: Field = { name: 'note', type: ['null', 'string'], default: null };
  const added = [string('counter'), long('by'), long('total')];
  const named = [string('counter'), string('name')];
  return version === 1
    ? {
        commands: [schema('commands', 'Add', string('counter'), long('by'))],
        events: [schema('events', 'Added', ...added)],
      }
    : {
        commands: [schema('commands', 'Add', string('counter'), long('by')), schema('commands', 'Name', ...named)],
        events: [schema('events', 'Added', ...added, note), schema('events', 'Named', ...named)],
      };
};

/** One row for each event: which, of which counter, and what it came to. */
const projectionOf = (name: string) =>
  defineProjection<CounterEvent>({
    name,
    version: 1,
    topics: [`${name}.events`],
    tables: [
      {
        name: 'added',
        columns: { counter: 'text not null', version: 'bigint not null', total: 'bigint not null' },
        primaryKey: ['counter', 'version'],
      },
    ],
    handlers: {
      Added: ({ counter, total }, { version }) => [{ kind: 'put', table: 'added', row: { counter, version, total } }],
      Named: () => [],
    },
  });

/** What happened inside a service that somebody should be told of. */
export type Line = {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Record<string, unknown>;
  readonly message: string;
};

export type CounterService = {
  readonly client: CommandClient;
  readonly stats: DeciderStats;
  readonly held: () => readonly number[];
  readonly lines: readonly Line[];
  close(): Promise<void>;
};

export type CounterWorker = {
  readonly health: () => ProjectorHealth;
  /** Places of parked events and of records that nobody wrote. */
  readonly parked: readonly string[];
  readonly foreign: readonly string[];
  close(): Promise<void>;
};

export const placeOf = (at: { topic: string; partition: number; offset: number }): string =>
  `${at.topic}:${at.partition}@${at.offset}`;

export type Counters = {
  readonly name: string;
  readonly log: EventLog;
  readonly pool: pg.Pool;
  /** What crashed; a test expects none. */
  readonly crashes: readonly Error[];
  codec(version: Version, kind: 'commands' | 'events', registryUrl?: string): Promise<Codec>;
  startService(version: Version, registryUrl?: string, metrics?: Metrics): Promise<CounterService>;
  startWorker(version: Version, registryUrl?: string): Promise<CounterWorker>;
  close(): Promise<void>;
};

export const openCounters = async (): Promise<Counters> => {
  const broker = required('PALAVER_TEST_KAFKA');
  const server = required('PALAVER_TEST_POSTGRES');
  const registryUrl = required('PALAVER_TEST_REGISTRY');
  const name = `counters-${randomUUID()}`;
  const database = name.replaceAll('-', '_');
  const topics = ['commands', 'events', 'replies'].map((kind) => `${name}.${kind}`);
  await createTopics(
    [broker],
    topics.map((topic) => ({ name: topic, partitions: partitionCount })),
  );
  for (const version of [1, 2] as const) {
    const { commands, events } = schemasOf(name, version);
    await registerSchemas({ registryUrl, schemas: [...commands, ...events] });
  }
  const admin = new pg.Pool({ connectionString: `${server}/postgres`, max: 1 });
  await admin.query(`create database ${database}`);
  const url = `${server}/${database}`;
  const poolOf = (options: string): pg.Pool => {
    const made = new pg.Pool({ connectionString: url, max: 4, options });
    made.on('error', () => undefined);
    closing.push(() => made.end());
    return made;
  };
  const closing: (() => Promise<void>)[] = [];
  const crashes: Error[] = [];
  const store = postgresStateStore(poolOf(''));
  await store.migrate();
  const pool = poolOf('-c search_path=model');
  const silent = createLogger({ name, level: 'silent' });
  const newLog = (metrics = createMetrics(name)): EventLog =>
    kafkaLog(logOptions({ brokers: [broker], name, logger: silent, metrics }));
  const log = newLog();
  closing.push(() => log.close());
  const onCrash = (error: Error): void => void crashes.push(error);
  const codec: Counters['codec'] = (version, kind, from = registryUrl) =>
    avroCodec({ registryUrl: from, schemas: schemasOf(name, version)[kind] });

  const startService: Counters['startService'] = async (version, from, metrics = createMetrics(name)) => {
    const lines: Line[] = [];
    const say = (level: Line['level']) => (fields: object, message: string) =>
      void lines.push({ level, fields: fields as Record<string, unknown>, message });
    const own = newLog(metrics);
    const replies = createReplies(newId());
    const codecs = { commands: await codec(version, 'commands', from), events: await codec(version, 'events', from) };
    const decider = deciderOf(name, version) as unknown as Decider;
    const processor = await startProcessor({
      log: own,
      decider,
      codecs,
      store,
      groupId: `${name}-group`,
      replies,
      newEpoch: newId,
      logger: { info: say('info'), warn: say('warn'), error: say('error') },
      onCrash,
      onDecided: measureDecisions(metrics),
      limits: { maxRetryMs: 200 },
    });
    const client = measureCommands(
      await commandClient({ log: own, decider, codec: codecs.commands, replies }),
      metrics,
    );
    return {
      client,
      stats: processor.stats,
      held: () => processor.held,
      lines,
      close: async () => {
        await processor.close();
        await client.close();
        await own.close();
      },
    };
  };

  const startWorker: Counters['startWorker'] = async (version, from) => {
    const parked: string[] = [];
    const foreign: string[] = [];
    const own = newLog();
    const projector = startProjector({
      log: own,
      projection: projectionOf(name),
      codec: await codec(version, 'events', from),
      pool,
      groupId: `${name}-projection`,
      onCrash,
      hooks: {
        onParked: (event) => void parked.push(placeOf(event)),
        onForeign: (record) => void foreign.push(placeOf(record)),
      },
    });
    await projector.started;
    return {
      health: () => projector.health(),
      parked,
      foreign,
      close: async () => {
        await projector.close();
        await own.close();
      },
    };
  };

  return {
    name,
    log,
    pool,
    crashes,
    codec,
    startService,
    startWorker,
    close: async () => {
      for (const close of closing.reverse()) await close();
      await admin.query(`drop database ${database} with (force)`);
      await admin.end();
    },
  };
};

export const commandOf = (given: CounterCommand): Command => ({
  id: newId(),
  ...given,
  actor: 'ann',
  timeMs: Date.now(),
  fingerprint: fingerprint(given),
});

/** Sends a command, under its id, until it is accepted: what a client does that is told to ask again. */
export const insist = async (clients: () => readonly CommandClient[], command: Command): Promise<Reply> => {
  for (let attempt = 0; ; attempt += 1) {
    const among = clients();
    const reply = await among[attempt % among.length]!.submit(command, { timeoutMs: 2_000 }).catch(() => null);
    if (reply?.outcome.kind === 'accepted') return reply;
    await delay(50);
  }
};
