import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  claimFile,
  LocalError,
  type LocalStack,
  type PartName,
  partNames,
  removeLocalData,
  startLocal,
} from '@palaver/local';
import type { Console } from '../progress.ts';
import { deployBuckets, deployDatabases, deploySchemas, deployTopics } from './deploy.ts';
import { type Addresses, type ProcessName, processNames, runnable } from './processes.ts';
import { keepSecrets } from './secrets.ts';
import { checkPortsFree, runDir, type Settings, traceDir } from './settings.ts';
import { createSupervisor, type Supervisor, stopOrphans } from './supervisor.ts';

/** All of Palaver on this machine: the local stack, what is deployed to it, and every process. */
export type House = {
  readonly settings: Settings;
  readonly addresses: Addresses;
  readonly stack: LocalStack;
  readonly processes: Supervisor;
  /** `http://127.0.0.1:<port>`, the public door. */
  readonly gatewayUrl: string;
  /** Starts the n-th instance (from 2) of a process. */
  startInstance(name: ProcessName, instance: number): Promise<void>;
  /** Stops the processes and then what they stand on. Never rejects; safe to repeat. */
  close(): Promise<void>;
};

export type HouseOptions = {
  readonly settings: Settings;
  /** Begins with no data. */
  readonly fresh: boolean;
  readonly console: Console;
  /** Ends an opening that is under way; what has started is stopped. */
  readonly signal: AbortSignal;
};

const partBackOffMs = 1_000;
/** Each child has a listener that ends it with this process. */
const maxChildren = 40;

/**
 * Opens the house; resolves when every process is ready. On any failure, and when the signal is aborted, it stops what it has
 * started and rejects. Throws `LocalError`, one line that says what to do.
 */
export const openHouse = async (options: HouseOptions): Promise<House> => {
  const { settings, console } = options;
  process.setMaxListeners(maxChildren);
  const release = await claim(settings.dataDir);
  const cleanups: (() => Promise<void>)[] = [release];
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      for (const cleanup of cleanups.reverse()) await cleanup().catch((error: Error) => console.line(error.message));
    })();
    return closing;
  };
  try {
    await stopOrphans(settings.dataDir, orphanNames, console.line);
    await checkPortsFree(settings.ports);
    if (options.fresh) {
      await console.step('remove the old data', () => removeLocalData(settings.dataDir));
      // The claim went with the data.
      await claim(settings.dataDir);
    }
    const stack = await startStack(options, cleanups);
    const addresses = await deploy(stack, options);
    const processes = createSupervisor({
      dataDir: settings.dataDir,
      say: console.line,
      signal: options.signal,
    });
    cleanups.push(processes.stopAll);
    await console.step(`start ${processNames.length} processes`, () => startAll(processes, addresses));
    return {
      settings,
      addresses,
      stack,
      processes,
      gatewayUrl: `http://127.0.0.1:${settings.ports.gateway}`,
      startInstance: (name, instance) => processes.start(runnable(name, addresses, instance)),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/** Two instances of a process are as many as are ever started here. */
const orphanNames = processNames.flatMap((name) => [name, `${name}-2`]);

/** One house a data folder. Returns what frees the folder again. */
const claim = async (dataDir: string): Promise<() => Promise<void>> => {
  const file = join(runDir(dataDir), 'palaver.json');
  await mkdir(runDir(dataDir), { recursive: true });
  const holder = await claimFile(file);
  if (holder) {
    throw new LocalError(
      `Palaver is running on ${dataDir} already, as process ${holder.pid}: stop it first (Ctrl-C where it runs, or kill ${holder.pid}), or set PALAVER_DATA to another folder`,
    );
  }
  return () => rm(file, { force: true });
};

const startStack = (
  { settings, console, signal }: HouseOptions,
  cleanups: (() => Promise<void>)[],
): Promise<LocalStack> =>
  console.step('start Kafka, registry, Postgres and object store', async (note) => {
    let closing = false;
    const started = await startLocal({
      dataDir: settings.dataDir,
      parts: partNames.filter((part) => part !== 's3' || settings.objectStore === undefined),
      ports: settings.local,
      log: note,
      signal,
      onExit: (part, reason) => void revive(part, reason),
    });
    const stack: LocalStack = { ...started, s3: settings.objectStore ?? started.s3 };
    const revive = async (part: PartName, reason: string): Promise<void> => {
      console.line(`${part} ${reason}; starting it again (${join(settings.dataDir, 'logs', `${part}.log`)})`);
      while (!closing) {
        await delay(partBackOffMs);
        if (closing) return;
        try {
          await stack.start(part);
          return console.line(`${part} serves again`);
        } catch (error) {
          if (!closing) console.line((error as Error).message);
        }
      }
    };
    cleanups.push(() => {
      closing = true;
      return stack.stop();
    });
    return stack;
  });

const deploy = async (stack: LocalStack, { settings, console, signal }: HouseOptions): Promise<Addresses> => {
  const steps: readonly (readonly [string, (stack: LocalStack) => Promise<void>])[] = [
    ['create databases', deployDatabases],
    ['create topics', deployTopics],
    ['register schemas', deploySchemas],
    ['create buckets', deployBuckets],
  ];
  for (const [name, run] of steps) {
    signal.throwIfAborted();
    await console.step(name, () => run(stack));
  }
  signal.throwIfAborted();
  return {
    brokers: stack.brokers,
    registryUrl: stack.registryUrl,
    postgresUrl: stack.postgresUrl,
    s3: stack.s3,
    secrets: await keepSecrets(settings.dataDir),
    mailOutbox: join(settings.dataDir, 'outbox'),
    traces: traceDir(settings.dataDir),
    ports: settings.ports,
  };
};

/** Side by side: each waits by itself for what it needs. The first failure is the one to tell. */
const startAll = async (supervisor: Supervisor, addresses: Addresses): Promise<void> => {
  await Promise.all(processNames.map((name) => supervisor.start(runnable(name, addresses))));
};
