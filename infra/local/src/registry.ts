import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Launch } from './child.ts';
import { LocalError } from './error.ts';
import { fetchJars } from './jars.ts';
import { javaCommand } from './java.ts';
import type { PartContext } from './part.ts';
import { host, type LocalPorts } from './ports.ts';

/** Apicurio Registry with its embedded database (H2) in a file. */
export async function prepareRegistry(context: PartContext): Promise<Launch> {
  const jars = await fetchJars('registry', context.log, context.signal);
  const runner = (await readdir(jars)).find((file) => file.endsWith('-runner.jar'));
  if (!runner) throw new LocalError(`no runner jar in ${jars}: remove that folder and start again`);
  const folder = join(context.dataDir, 'registry');
  await mkdir(folder, { recursive: true });
  // WRITE_DELAY=0: a schema id that was given out is on the log for ever, so it must be on disk first.
  const database = `jdbc:h2:file:${join(folder, 'registry')};WRITE_DELAY=0`;
  const url = registryUrl(context.ports);
  return {
    command: javaCommand(),
    arguments: [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'],
      `-Djava.io.tmpdir=${context.temporary}`,
      `-Dquarkus.http.host=${host}`,
      `-Dquarkus.http.port=${context.ports.registry}`,
      '-Dquarkus.datasource.jdbc.initial-size=1',
      '-Dquarkus.datasource.jdbc.min-size=1',
      '-Dquarkus.datasource.jdbc.max-size=8',
      '-Dquarkus.log.level=WARN',
      `-DREGISTRY_DATASOURCE_URL=${database}`,
      '-jar',
      join(jars, runner),
    ],
    async ready() {
      const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5_000) });
      if (!response.ok) throw new Error(`GET ${url}/subjects answered ${response.status}`);
    },
  };
}

/** The door that speaks Confluent's REST API. */
export function registryUrl(ports: LocalPorts): string {
  return `http://${host}:${ports.registry}/apis/ccompat/v7`;
}
