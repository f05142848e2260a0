import { createServer } from 'node:net';
import { LocalError } from './error.ts';

export const host = '127.0.0.1';

export interface LocalPorts {
  kafka: number;
  kafkaController: number;
  registry: number;
  postgres: number;
  s3: number;
}

export type PortName = keyof LocalPorts;

const table: Record<PortName, { port: number; variable: string; owner: string }> = {
  kafka: { port: 9092, variable: 'PALAVER_KAFKA_PORT', owner: 'Kafka' },
  kafkaController: { port: 9093, variable: 'PALAVER_KAFKA_CONTROLLER_PORT', owner: "Kafka's controller" },
  registry: { port: 8081, variable: 'PALAVER_REGISTRY_PORT', owner: 'the schema registry' },
  postgres: { port: 5433, variable: 'PALAVER_POSTGRES_PORT', owner: 'Postgres' },
  s3: { port: 9000, variable: 'PALAVER_S3_PORT', owner: 'the object store' },
};

/**
 * The default ports, each moved by `offset` unless its environment variable gives it outright.
 * @throws LocalError naming the variable whose value is no port.
 */
export function localPorts(environment: Record<string, string | undefined> = {}, offset = 0): LocalPorts {
  const entries = Object.entries(table).map(([name, { port, variable }]) => {
    const text = environment[variable];
    return [name, text ? parsePort(variable, text) : port + offset];
  });
  return Object.fromEntries(entries) as LocalPorts;
}

function parsePort(variable: string, text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new LocalError(`${variable} is "${text}"; set it to a port between 1 and 65535`);
  }
  return port;
}

/** @throws LocalError naming the first port that something else holds, who wants it and the variable that moves it. */
export async function checkPortsFree(ports: LocalPorts, names: PortName[]): Promise<void> {
  for (const name of names) {
    if (await isFree(ports[name])) continue;
    const { owner, variable } = table[name];
    throw new LocalError(
      `port ${ports[name]} is taken and ${owner} needs it: stop what holds it, or set ${variable} to another port`,
    );
  }
}

/** Whether nothing listens on the port of the loopback interface. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
