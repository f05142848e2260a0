import { join, resolve } from 'node:path';
import { isFree, LocalError, type LocalPorts, localPorts, type ObjectStore } from '@palaver/local';
import { type ProcessPorts, processes } from './processes.ts';

/** Where a house keeps its data and listens. */
export type Settings = {
  /** Absolute. */
  readonly dataDir: string;
  readonly local: LocalPorts;
  readonly ports: ProcessPorts;
  /** One that runs already, in the place of the stack's own. */
  readonly objectStore?: ObjectStore;
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The usual places, unless the environment says otherwise. Throws `LocalError` that names the variable whose value is no port, or
 * the two that were given the same one.
 */
export const readSettings = (environment: Environment): Settings => {
  const local = localPorts(environment);
  const ports = Object.fromEntries(
    processes.map(({ name, port, portVariable }) => [name, readPort(environment, portVariable, port)]),
  ) as ProcessPorts;
  checkPortsDiffer({ ...local, ...ports });
  return { dataDir: resolve(environment.PALAVER_DATA || '.palaver'), local, ports };
};

/** A house of its own, all of whose ports follow `firstPort`: what tests run on. Takes fewer than 90 ports. */
export const settingsAt = (firstPort: number, dataDir: string): Settings => ({
  dataDir: resolve(dataDir),
  local: {
    kafka: firstPort + 80,
    kafkaController: firstPort + 81,
    registry: firstPort + 82,
    postgres: firstPort + 83,
    s3: firstPort + 84,
  },
  ports: Object.fromEntries(processes.map(({ name }, index) => [name, firstPort + index])) as ProcessPorts,
});

const checkPortsDiffer = (ports: Readonly<Record<string, number>>): void => {
  const owners = new Map<number, string>();
  for (const [name, port] of Object.entries(ports)) {
    const other = owners.get(port);
    if (other) throw new LocalError(`${other} and ${name} were both given port ${port}: give one of them another`);
    owners.set(port, name);
  }
};

/** Throws `LocalError` that names the first port that something else holds and the variable that moves it. */
export const checkPortsFree = async (ports: ProcessPorts): Promise<void> => {
  for (const { name, portVariable } of processes) {
    if (await isFree(ports[name])) continue;
    throw new LocalError(
      `port ${ports[name]} is taken and ${name} needs it: stop what holds it, or set ${portVariable} to another port`,
    );
  }
};

export const runDir = (dataDir: string): string => join(dataDir, 'run');
export const logDir = (dataDir: string): string => join(dataDir, 'logs');
export const traceDir = (dataDir: string): string => join(dataDir, 'traces');

const readPort = (environment: Environment, variable: string, usual: number): number => {
  const text = environment[variable];
  if (!text) return usual;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new LocalError(`${variable} is "${text}"; set it to a port between 1 and 65535`);
  }
  return port;
};
