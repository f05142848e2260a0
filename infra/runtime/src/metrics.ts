import { collectDefaultMetrics, Registry } from 'prom-client';

export { Counter, Gauge, Histogram } from 'prom-client';

export type Metrics = Registry;

/** A registry of its own, not prom-client's global one, with the process's default metrics; all carry the process's name. */
export const createMetrics = (name: string): Metrics => {
  const registry = new Registry();
  registry.setDefaultLabels({ process: name });
  collectDefaultMetrics({ register: registry });
  return registry;
};
