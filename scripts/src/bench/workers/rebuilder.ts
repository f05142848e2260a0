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

export type Rebuilt = {
  /** From the start to the new model's being live. */
  readonly elapsedMs: number;
  /** The most memory that this process has ever held, whatever it did. */
  readonly peakMb: number;
};

const calls = {
  /** Rebuilds the model of messages from this topic alone. */
  run: async ({ topic, brokers, registryUrl, postgresUrl }: ReplayOf): Promise<Rebuilt> => {
    const projection = { ...messagesProjection, topics: [topic] };
    const log = kafkaLog({ brokers, clientId: 'rebuilder' });
    const pool = modelPool({ connectionString: postgresUrl, max: 4 });
    try {
      await migrate(pool, projection);
      const codec = await avroCodec({ registryUrl, schemas: benchSchemas(topic.split('.')[0]!).events });
      const startedMs = performance.now();
      await rebuild({ log, projection, codec, pool });
      const elapsedMs = performance.now() - startedMs;
      return { elapsedMs, peakMb: process.resourceUsage().maxRSS / 1_024 };
    } finally {
      await pool.end();
      await log.close();
    }
  },
};
export type RebuilderCalls = typeof calls;

serveCalls(calls);
