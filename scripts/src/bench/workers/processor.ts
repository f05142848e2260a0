import {
  createReplies,
  type Decider,
  newId,
  type Processor,
  postgresStateStore,
  startProcessor,
} from '@palaver/decider';
import { avroCodec, type EventLog, kafkaLog, type LogEvent } from '@palaver/event-log';
import pg from 'pg';
import { benchDecider, benchSchemas } from '../messages.ts';
import { serveCalls } from '../worker.ts';

/** The command processor of messages, alone in its process as an instance of a service is. */

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

let processor: Processor;
let requests = 0;

/** Counts the requests of the processor's own appender, the first it opens; the later one carries replies. */
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
    const say = (fields: object, text: string) => console.error(text, fields);
    processor = await startProcessor({
      log: countingLog({ brokers, clientId: `${name}-processor` }),
      decider: benchDecider(name) as unknown as Decider,
      codecs: {
        commands: await avroCodec({ registryUrl, schemas: schemas.commands }),
        events: await avroCodec({ registryUrl, schemas: schemas.events }),
      },
      store,
      groupId: `${name}-group`,
      replies: createReplies(newId()),
      newEpoch: newId,
      logger: { info: () => undefined, warn: say, error: say },
      onCrash: (error) => {
        throw error;
      },
    });
  },
  totals: async (): Promise<AppendTotals> => {
    const { appends, appendedRecords, conflicts } = processor.stats;
    return { requests, runs: appends, records: appendedRecords, conflicts };
  },
  close: (): Promise<void> => processor.close(),
};
export type ProcessorCalls = typeof calls;

serveCalls(calls);
