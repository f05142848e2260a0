import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Child, killChild, type Launch, startChild, stopChild, stopOrphan, waitUntilReady } from './child.ts';
import { LocalError } from './error.ts';
import { checkJava } from './java.ts';
import { brokerAddresses, prepareKafka } from './kafka.ts';
import { claimFile } from './lock.ts';
import { type PartContext, type PartName, partNames } from './part.ts';
import { checkPortsFree, type LocalPorts, type PortName } from './ports.ts';
import { postgresUrl, preparePostgres, removePostgresData } from './postgres.ts';
import { prepareRegistry, registryUrl } from './registry.ts';
import { type ObjectStore, objectStore, prepareObjectStore } from './s3.ts';

export interface LocalOptions {
  /** Where everything is kept; one stack at a time. A second start goes on with what is there. */
  dataDir: string;
  ports: LocalPorts;
  log?: (line: string) => void;
  /** Kafka server settings that win over ours. */
  kafkaOverrides?: Record<string, string>;
  /** All of them by default. */
  parts?: PartName[];
  /** Ends a start that is under way: what has started is stopped, and `startLocal` rejects with the signal's reason. */
  signal?: AbortSignal;
  /** A part ended without being told to. */
  onExit?: (part: PartName, reason: string) => void;
}

export interface LocalStack {
  brokers: string[];
  /** The Confluent-compatible door. */
  registryUrl: string;
  postgresUrl(database: string): string;
  s3: ObjectStore;
  /** The pid of each part that runs now. */
  processes: Partial<Record<PartName, number>>;
  /** Ends one part at once with SIGKILL, as a power cut would. */
  kill(part: PartName): Promise<void>;
  /** Starts one part that isn't running; resolves when it serves. */
  start(part: PartName): Promise<void>;
  /** Stops every part in an orderly way. Never rejects; safe to repeat. */
  stop(): Promise<void>;
}

const portsOf: Record<PartName, PortName[]> = {
  kafka: ['kafka', 'kafkaController'],
  registry: ['registry'],
  postgres: ['postgres'],
  s3: ['s3'],
};

const stopSignals: Record<PartName, NodeJS.Signals> = {
  kafka: 'SIGTERM',
  registry: 'SIGTERM',
  // Postgres' fast shutdown; SIGTERM would wait for every client to leave.
  postgres: 'SIGINT',
  s3: 'SIGTERM',
};

/**
 * Starts the parts side by side and resolves when all of them serve. On any failure it stops what it has started.
 * @throws LocalError, one line that says what to do: a taken port, a missing JDK or Maven, a part that ended.
 */
export async function startLocal(options: LocalOptions): Promise<LocalStack> {
  const dataDir = resolve(options.dataDir);
  const parts = options.parts ?? [...partNames];
  await makeFolders(dataDir);
  await claimDataDir(dataDir);
  try {
    return await startParts({ ...options, dataDir, parts });
  } catch (error) {
    await releaseDataDir(dataDir);
    throw error;
  }
}

/**
 * Removes a data folder with all it holds, also the part of it that root had to put elsewhere.
 * @throws LocalError when a stack is running on it.
 */
export async function removeLocalData(folder: string): Promise<void> {
  const dataDir = resolve(folder);
  await makeFolders(dataDir);
  await claimDataDir(dataDir);
  await stopOrphans(dataDir, () => undefined);
  await removePostgresData(dataDir);
  await rm(dataDir, { recursive: true, force: true });
}

async function startParts(options: LocalOptions & { dataDir: string; parts: PartName[] }): Promise<LocalStack> {
  const { dataDir, ports, parts, log = () => undefined } = options;
  await stopOrphans(dataDir, log);
  await checkPortsFree(
    ports,
    parts.flatMap((part) => portsOf[part]),
  );
  if (parts.some((part) => part !== 'postgres')) await checkJava();

  const ending = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ending.signal]) : ending.signal;
  const temporary = join(dataDir, 'temporary');
  const context: PartContext = { dataDir, temporary, ports, log, signal };
  const running = new Map<PartName, Child>();
  const processes: Partial<Record<PartName, number>> = {};

  async function start(part: PartName): Promise<void> {
    if (running.has(part)) throw new LocalError(`${part} is running already`);
    signal.throwIfAborted();
    const startedAt = performance.now();
    const launch = await prepare(part, context, options.kafkaOverrides ?? {});
    signal.throwIfAborted();
    const files = filesOf(dataDir, part);
    const child = await startChild(launch, files, stopSignals[part]);
    running.set(part, child);
    processes[part] = child.pid;
    let serves = false;
    void child.exited.then((reason) => {
      if (running.get(part) !== child) return;
      forget(part);
      if (serves) options.onExit?.(part, reason);
    });
    try {
      await waitUntilReady(part, launch, child, files, signal);
    } catch (error) {
      await stopPart(part);
      throw error;
    }
    serves = true;
    log(`${part} is ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  }

  /** Before its end is asked for: an end that was asked for is no failure. */
  function forget(part: PartName): Child | undefined {
    const found = running.get(part);
    running.delete(part);
    delete processes[part];
    return found;
  }

  async function stopPart(part: PartName): Promise<void> {
    const found = forget(part);
    if (found) await stopChild(found, stopSignals[part]);
  }

  async function kill(part: PartName): Promise<void> {
    const found = forget(part);
    if (found) await killChild(found);
  }

  async function stop(): Promise<void> {
    if (!ending.signal.aborted) ending.abort(new LocalError('the stack has been stopped'));
    await Promise.all([...running.keys()].map(stopPart));
    await releaseDataDir(dataDir);
  }

  const starts = await Promise.allSettled(
    parts.map((part) =>
      start(part).catch((error) => {
        ending.abort(error);
        throw error;
      }),
    ),
  );
  if (starts.some(({ status }) => status === 'rejected')) {
    await stop();
    throw signal.reason;
  }
  return {
    brokers: brokerAddresses(ports),
    registryUrl: registryUrl(ports),
    postgresUrl: (database) => postgresUrl(ports, database),
    s3: objectStore(ports),
    processes,
    kill,
    start,
    stop,
  };
}

function prepare(part: PartName, context: PartContext, kafkaOverrides: Record<string, string>): Promise<Launch> {
  switch (part) {
    case 'kafka':
      return prepareKafka(context, kafkaOverrides);
    case 'registry':
      return prepareRegistry(context);
    case 'postgres':
      return preparePostgres(context);
    case 's3':
      return prepareObjectStore(context);
  }
}

function filesOf(dataDir: string, part: PartName): { log: string; pid: string } {
  return { log: join(dataDir, 'logs', `${part}.log`), pid: join(dataDir, 'run', `${part}.json`) };
}

async function makeFolders(dataDir: string): Promise<void> {
  for (const name of ['logs', 'run', 'temporary']) await mkdir(join(dataDir, name), { recursive: true });
}

async function claimDataDir(dataDir: string): Promise<void> {
  const holder = await claimFile(ownerFile(dataDir));
  if (holder)
    throw new LocalError(`process ${holder.pid} is running on ${dataDir}: stop it first, or use another data folder`);
}

async function releaseDataDir(dataDir: string): Promise<void> {
  await rm(ownerFile(dataDir), { force: true });
}

function ownerFile(dataDir: string): string {
  return join(dataDir, 'run', 'owner.json');
}

/** Ends what a killed parent left behind, and empties the folder of temporary files. */
async function stopOrphans(dataDir: string, log: (line: string) => void): Promise<void> {
  await Promise.all(
    partNames.map(async (part) => {
      const orphan = await stopOrphan(filesOf(dataDir, part).pid, stopSignals[part]);
      if (orphan) log(`stopped ${part}, process ${orphan.pid}, left behind by an earlier run`);
    }),
  );
  const temporary = join(dataDir, 'temporary');
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
}
