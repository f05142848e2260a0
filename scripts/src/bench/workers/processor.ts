import {
  type CommandClient,
  commandClient,
  createReplies,
  type Decider,
  newId,
  type Processor,
  postgresStateStore,
  startProcessor,
} from '@palaver/decider';
import { avroCodec, type EventLog, kafkaLog, type LogEvent } from '@palaver/event-log';
import pg from 'pg';
import { benchDecider, benchSchemas, newChannels, postCommand, realContents } from '../messages.ts';
import { serveCalls } from '../worker.ts';

/** The command client and the processor of messages in one process, as in an instance of the service, but without HTTP. */

export type ProcessorStart = {
  readonly name: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly postgresUrl: string;
};

/** Of the processor's appends of events since its start. A request holds the runs of one or several partitions. */
export type AppendTotals = {
  readonly requests: number;
  readonly runs: number;
  readonly records: number;
  readonly conflicts: number;
};

export type ProcessorRun = { readonly inFlight: number; readonly seconds: number };
export type ProcessorResult = {
  readonly accepted: number;
  readonly refused: number;
  readonly elapsedMs: number;
  readonly latenciesMs: Float64Array;
};

const timeoutMs = 30_000;
const channels = newChannels(64);
const nextContent = realContents();
let processor: Processor;
let client: CommandClient;
let requests = 0;

/** Counts the requests of the processor's own appender, the first that is opened; the later one carries commands. */
const countingLog = (options: { brokers: readonly string[]; clientId: string }): EventLog => {
  const onEvent = ({ kind }: LogEvent): void => {
    if (kind === 'appended') requests += 1;
  };
  const counted = kafkaLog({ ...options, onEvent });
  const other = kafkaLog(options);
  let opened = 0;
  return { ...other, appender: () => (opened++ === 0 ? counted.appender() : other.appender()) };
};

const calls = {
  start: async ({ name, brokers, registryUrl, postgresUrl }: ProcessorStart): Promise<void> => {
    const schemas = benchSchemas(name);
    const store = postgresStateStore(new pg.Pool({ connectionString: postgresUrl, max: 4 }));
    await store.migrate();
    const log = countingLog({ brokers, clientId: name });
    const codecs = {
      commands: await avroCodec({ registryUrl, schemas: schemas.commands }),
      events: await avroCodec({ registryUrl, schemas: schemas.events }),
    };
    const decider = benchDecider(name) as unknown as Decider;
    const replies = createReplies(newId());
    const say = (fields: object, text: string) => console.error(text, fields);
    processor = await startProcessor({
      log,
      decider,
      codecs,
      store,
      groupId: `${name}-group`,
      replies,
      newEpoch: newId,
      logger: { info: () => undefined, warn: say, error: say },
      onCrash: (error) => {
        throw error;
      },
    });
    client = await commandClient({ log, decider, codec: codecs.commands, replies });
  },
  run: async ({ inFlight, seconds }: ProcessorRun): Promise<ProcessorResult> => {
    const latenciesMs: number[] = [];
    let refused = 0;
    let given = 0;
    const startedMs = performance.now();
    const endMs = startedMs + seconds * 1_000;
    const keepOneInFlight = async (): Promise<void> => {
      for (let now = performance.now(); now < endMs; now = performance.now()) {
        const command = postCommand(channels[given++ % channels.length]!, nextContent());
        const { outcome } = await client.submit(command, { timeoutMs });
        if (outcome.kind === 'refused') refused += 1;
        else latenciesMs.push(performance.now() - now);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, keepOneInFlight));
    return {
      accepted: latenciesMs.length,
      refused,
      elapsedMs: performance.now() - startedMs,
      latenciesMs: Float64Array.from(latenciesMs),
    };
  },
  totals: async (): Promise<AppendTotals> => {
    const { appends, appendedRecords, conflicts } = processor.stats;
    return { requests, runs: appends, records: appendedRecords, conflicts };
  },
  close: async (): Promise<void> => {
    await client.close();
    await processor.close();
  },
};
export type ProcessorCalls = typeof calls;

serveCalls(calls);
