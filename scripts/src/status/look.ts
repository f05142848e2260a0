import { kafkaLog } from '@palaver/event-log';
import { modelPool, type PartitionLag, type ProjectionStatus, projectionStatus } from '@palaver/projector';
import { addresses, type Environment, models } from '../models.ts';

/** A projection as it is shown: what was found, and what of it needs a person. */
export type ProjectionView = {
  readonly name: string;
  /** Null when its database or the log did not answer; `needs` says which. */
  readonly found: ProjectionStatus | null;
  readonly state: ProjectionStatus['state'] | 'behind' | 'unreachable';
  /** Log positions folded a second since the look before; null while there was none. */
  readonly ratePerSecond: number | null;
  /** Sentences; empty when all is well. */
  readonly needs: readonly string[];
};

/** Who looks waits no longer for what is away. */
const patienceMs = 3_000;

export type StatusOptions = { readonly environment: Environment; readonly maxLagSeconds: number };

/** Opens the log and the models' databases, to look at them once or again and again. */
export const openStatus = (names: readonly string[], { environment, maxLagSeconds }: StatusOptions) => {
  const { kafkaBrokers, databaseUrl } = addresses(environment);
  const log = kafkaLog({ brokers: kafkaBrokers, clientId: 'palaver', unavailableMs: patienceMs });
  const opened = names.map((name) => {
    const { projection, database } = models[name]!;
    const connectionString = databaseUrl(database);
    const pool = modelPool({
      connectionString,
      max: 1,
      connectionTimeoutMillis: patienceMs,
      query_timeout: patienceMs,
    });
    return { name, projection, pool };
  });
  const before = new Map<string, Folded>();
  const lookAt = async ({ name, projection, pool }: (typeof opened)[number]): Promise<ProjectionView> => {
    try {
      const found = await projectionStatus({ log, projection, pool });
      const now = { events: foldedOf(found.partitions), atMs: performance.now() };
      const ratePerSecond = rateBetween(before.get(name), now);
      before.set(name, now);
      return viewOf(name, found, { ratePerSecond, maxLagSeconds });
    } catch (error) {
      const needs = [`its database or the log does not answer: ${(error as Error).message || String(error)}`];
      return { name, found: null, state: 'unreachable', ratePerSecond: null, needs };
    }
  };
  return {
    look: () => Promise.all(opened.map(lookAt)),
    close: async () => {
      await Promise.all(opened.map(({ pool }) => pool.end()));
      await log.close();
    },
  };
};

type Folded = { readonly events: number; readonly atMs: number };

const foldedOf = (partitions: readonly PartitionLag[]): number =>
  partitions.reduce((sum, { checkpoint }) => sum + checkpoint, 0);

/** A model that was swapped may stand behind where the one before it stood. */
const rateBetween = (before: Folded | undefined, now: Folded): number | null =>
  before === undefined
    ? null
    : Math.max(0, Math.round(((now.events - before.events) * 1_000) / Math.max(1, now.atMs - before.atMs)));

export const worstSeconds = (partitions: readonly PartitionLag[]): number =>
  Math.max(0, ...partitions.map(({ seconds }) => seconds));

type Judging = { readonly ratePerSecond: number | null; readonly maxLagSeconds: number };

/** Says what an operator should know: a model that is being rebuilt may be outdated and behind, and nobody needs to act. */
export const viewOf = (
  name: string,
  found: ProjectionStatus,
  { ratePerSecond, maxLagSeconds }: Judging,
): ProjectionView => {
  const { version, parked, partitions } = found;
  const seconds = worstSeconds(partitions);
  const state = found.state === 'live' && seconds > maxLagSeconds ? 'behind' : found.state;
  const ofState: Partial<Record<ProjectionView['state'], string>> = {
    absent: 'there is no model; its worker makes one when it starts',
    outdated: `the model has version ${version.model}, the code ${version.code}; its worker rebuilds it when it starts`,
    mismatch: found.reason ?? 'the model does not fit the code',
    behind: `it is ${seconds} s behind; does its worker run?`,
  };
  const needs = [
    ofState[state],
    parked.events > 0
      ? `${parked.events} event(s) of ${parked.streams} stream(s) are parked; see palaver parked list`
      : undefined,
  ].filter((need) => need !== undefined);
  return { name, found, state, ratePerSecond, needs };
};
