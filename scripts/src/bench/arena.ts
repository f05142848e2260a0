import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { registerSchemas } from '@palaver/event-log';
import { createDatabases, createTopics, type LocalStack, removeLocalData, startLocal } from '@palaver/local';
import { topics } from '@palaver/schemas';
import { deployDatabases, deploySchemas, deployTopics } from '../house/deploy.ts';
import { type ProcessName, processNames, runnable } from '../house/processes.ts';
import { keepSecrets } from '../house/secrets.ts';
import { checkPortsFree, logDir, type Settings } from '../house/settings.ts';
import { createSupervisor, type Supervisor } from '../house/supervisor.ts';
import type { Durability } from './figures.ts';
import { benchSchemas } from './messages.ts';
import { descendants, type Pids } from './usage.ts';
import { startWorker, type Worker } from './worker.ts';

/** Where benchmarks run: a local stack of their own, with nothing on it but what a part of the benchmark puts there. */
export type Arena = {
  readonly settings: Settings;
  readonly stack: LocalStack;
  readonly say: (line: string) => void;
  readonly processes: Supervisor;
  /** Creates a database and gives its URL. */
  database(name: string): Promise<string>;
  /** Starts a worker that ends with the arena. */
  // biome-ignore lint/suspicious/noExplicitAny: as in `Worker`
  worker<C extends { readonly [call: string]: (given: any) => Promise<unknown> }>(name: string): Worker<C>;
  /** Deploys topics and schemas of Palaver, then starts those of these processes that do not run yet. */
  startProcesses(names: readonly ProcessName[], environment?: Readonly<Record<string, string>>): Promise<void>;
  /** Stops everything. Never rejects; safe to repeat. */
  close(): Promise<void>;
};

/** All but files, which need an object store, and which no figure is about. */
export const benchedProcesses = processNames.filter((name) => !name.startsWith('files'));

/** Rate limits that are counted, and never reached. */
export const countedLimits = {
  PALAVER_RATE_LIMIT_EXEMPT: '',
  PALAVER_RATE_LIMITS: ['posts', 'queries', 'commands', 'anonymous', 'accounts']
    .map((kind) => `${kind}=1000000/60`)
    .join(),
};

export type ArenaOptions = {
  readonly settings: Settings;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** Where workers write CPU profiles. */
  readonly profileDir?: string | undefined;
};

/** Wipes the data folder and starts Kafka, the registry and Postgres. On a failure it stops what it has started. */
export const openArena = async (options: ArenaOptions): Promise<Arena> => {
  const { settings, say, signal, profileDir } = options;
  await removeLocalData(settings.dataDir);
  await checkPortsFree(settings.ports);
  const stack = await startLocal({
    dataDir: settings.dataDir,
    ports: settings.local,
    parts: ['kafka', 'registry', 'postgres'],
    log: say,
    signal,
  });
  if (profileDir) mkdirSync(profileDir, { recursive: true });
  const processes = createSupervisor({ dataDir: settings.dataDir, say, signal });
  const workers: { stop(): Promise<void> }[] = [];
  let closing: Promise<void> | undefined;

  return {
    settings,
    stack,
    say,
    processes,
    async database(name) {
      await createDatabases(stack.postgresUrl('postgres'), [name]);
      return stack.postgresUrl(name);
    },
    worker(name) {
      const worker = startWorker<never>({
        name,
        profileDir,
        logFile: join(logDir(settings.dataDir), `bench-${name}.log`),
      });
      workers.push(worker);
      return worker;
    },
    async startProcesses(names, environment = {}) {
      await deployDatabases(stack);
      await deployTopics(stack);
      await deploySchemas(stack);
      const { brokers, registryUrl, postgresUrl, s3 } = stack;
      const secrets = await keepSecrets(settings.dataDir);
      const mailOutbox = join(settings.dataDir, 'outbox');
      const addresses = { brokers, registryUrl, postgresUrl, s3, secrets, mailOutbox, ports: settings.ports };
      const running = new Set(processes.list().map(({ name }) => name));
      await Promise.all(
        names
          .filter((name) => !running.has(name))
          .map((name) => {
            const one = runnable(name, addresses);
            return processes.start({ ...one, environment: { ...one.environment, ...environment } });
          }),
      );
    },
    close: () => {
      closing ??= (async () => {
        await Promise.allSettled([processes.stopAll(), ...workers.map((worker) => worker.stop())]);
        await stack.stop();
      })();
      return closing;
    },
  };
};

/** Commands and events hold what was acknowledged; replies are nobody's after a crash. */
const flushed = (topic: string): boolean => !topic.endsWith('.replies');

const settingsOf = (topic: string, config: Readonly<Record<string, string>>, durability: Durability) =>
  durability === 'flush.messages=1' && flushed(topic) ? { ...config, 'flush.messages': '1' } : { ...config };

/** Gives the topics of messages this durability; may be repeated while processes run. */
export const setDurability = (stack: LocalStack, durability: Durability): Promise<void> =>
  createTopics(
    stack.brokers,
    messagesTopics.map(({ name, partitions, config }) => ({
      name,
      partitions,
      config: settingsOf(name, config, durability),
    })),
  );

const messagesTopics = topics.filter(({ name }) => name.startsWith('messages.'));

/** Creates topics like those of messages under another name, and registers the schemas for them. */
export const deployBenchTopics = async (stack: LocalStack, name: string, durability: Durability): Promise<void> => {
  await createTopics(
    stack.brokers,
    messagesTopics.map((topic) => {
      const renamed = topic.name.replace('messages', name);
      return { name: renamed, partitions: topic.partitions, config: settingsOf(renamed, topic.config, durability) };
    }),
  );
  const { commands, events } = benchSchemas(name);
  await registerSchemas({ registryUrl: stack.registryUrl, schemas: [...commands, ...events] });
};

/** Every process of the arena, and these workers, with the processes that they have started. */
export const pidsOf = ({ processes, stack }: Arena, workers: Readonly<Record<string, number>>): Pids => {
  const single = [
    ...processes.list().map(({ name, pid }) => [name, pid] as const),
    ...Object.entries(stack.processes),
    ...Object.entries(workers),
  ];
  return Object.fromEntries(
    single
      .filter((one): one is [string, number] => one[1] !== undefined)
      .map(([name, pid]) => [name, [pid, ...descendants(pid)]]),
  );
};
