import type { Check } from '@palaver/http';
import { countParked, type ParkedCount, type Projection } from '@palaver/projector';
import { Gauge, type Metrics } from '@palaver/runtime';
import type pg from 'pg';

/** Shows how many events the model has parked: those of all partitions, whichever instance holds them. */
export const exposeParked = (
  metrics: Metrics,
  { pool, projection }: { pool: pg.Pool; projection: Projection },
): void => {
  new Gauge({
    name: 'projection_parked_events',
    help: 'Events parked now, in the whole model.',
    labelNames: ['topic'],
    registers: [metrics],
    async collect() {
      // Without Postgres the other metrics still tell what is wrong.
      const parked = await countParked(pool).catch(() => null);
      this.reset();
      if (parked) for (const topic of projection.topics) this.set({ topic }, parked.topics.get(topic) ?? 0);
    },
  });
};

/** Optional: a worker with parked events does all the rest of its work, and taking it out would mend nothing. */
export const parkedCheck = async (pool: pg.Pool): Promise<Check> => {
  const about = { name: 'parked', optional: true };
  try {
    const parked = await countParked(pool);
    return { ...about, ok: parked.events === 0, detail: describeParked(parked) };
  } catch (error) {
    return { ...about, ok: false, detail: (error as Error).message };
  }
};

const describeParked = ({ events, streams }: ParkedCount): string =>
  events === 0 ? 'none' : `${events} events in ${streams} streams: palaver parked list`;
