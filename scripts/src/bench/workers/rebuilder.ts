import { avroCodec, kafkaLog } from '@palaver/event-log';
import { messagesProjection } from '@palaver/projection-messages';
import { migrate, modelPool, rebuild } from '@palaver/projector';
import { benchSchemas } from '../messages.ts';
import { serveCalls } from '../worker.ts';

export type ReplayOf = {
  readonly topic: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly postgresUrl: string;
};

const calls = {
  /** Rebuilds the model of messages from this topic alone; ms from the start to the new model's being live. */
  run: async ({ topic, brokers, registryUrl, postgresUrl }: ReplayOf): Promise<number> => {
    const projection = { ...messagesProjection, topics: [topic] };
    const log = kafkaLog({ brokers, clientId: 'rebuilder' });
    const pool = modelPool({ connectionString: postgresUrl, max: 4 });
    try {
      await migrate(pool, projection);
      const codec = await avroCodec({ registryUrl, schemas: benchSchemas(topic.split('.')[0]!).events });
      const startedMs = performance.now();
      await rebuild({ log, projection, codec, pool });
      return performance.now() - startedMs;
    } finally {
      await pool.end();
      await log.close();
    }
  },
};
export type RebuilderCalls = typeof calls;

serveCalls(calls);
