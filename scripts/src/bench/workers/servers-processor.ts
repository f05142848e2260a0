import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createReplies, newId, type Processor, postgresStateStore, startProcessor } from '@palaver/decider';
import { avroCodec, kafkaLog } from '@palaver/event-log';
import { commandSchemas, eventSchemas } from '@palaver/schemas';
import { serversDecider } from '@palaver/service-servers';
import pg from 'pg';
import { serveCalls } from '../worker.ts';

/** The command processor of servers, alone in its process as an instance of the service is, but for HTTP. */

export type ServersProcessorStart = {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly postgresUrl: string;
};

let processor: Processor;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const calls = {
  start: async ({ brokers, registryUrl, postgresUrl }: ServersProcessorStart): Promise<void> => {
    const store = postgresStateStore(new pg.Pool({ connectionString: postgresUrl, max: 4 }));
    await store.migrate();
    const say = (fields: object, text: string) => console.error(text, fields);
    processor = await startProcessor({
      log: kafkaLog({ brokers, clientId: 'bench-servers-processor' }),
      decider: serversDecider,
      codecs: {
        commands: await avroCodec({ registryUrl, schemas: commandSchemas.servers }),
        events: await avroCodec({ registryUrl, schemas: eventSchemas.servers }),
      },
      store,
      groupId: 'bench-servers-group',
      replies: createReplies(newId()),
      newEpoch: newId,
      logger: { info: () => undefined, warn: say, error: say },
      onCrash: (error) => {
        throw error;
      },
    });
  },
  /** What is in use after a collection, MB. */
  heapMb: async (): Promise<number> => {
    collectGarbage();
    return process.memoryUsage().heapUsed / 2 ** 20;
  },
  conflicts: async (): Promise<number> => processor.stats.conflicts,
  close: (): Promise<void> => processor.close(),
};
export type ServersProcessorCalls = typeof calls;

serveCalls(calls);
