import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { LocalError } from '@palaver/local';
import type { Command } from '../command.ts';
import { demoAccounts, loadDemo } from '../house/demo.ts';
import { type House, openHouse } from '../house/house.ts';
import { processes } from '../house/processes.ts';
import { readSettings } from '../house/settings.ts';
import { createConsole, formatSeconds } from '../progress.ts';

export const start: Command = {
  name: 'start',
  summary: 'run everything here: Kafka, registry, Postgres, object store, every service',
  usage: `[options]

Sets up what is missing, starts everything, loads a small demo and stays in front until Ctrl-C. Data stays in .palaver.

  --fresh              begin with no data

Environment: PALAVER_DATA (.palaver); ports by PALAVER_KAFKA_PORT, PALAVER_KAFKA_CONTROLLER_PORT, PALAVER_REGISTRY_PORT,
PALAVER_POSTGRES_PORT, PALAVER_S3_PORT, ${processes.map(({ portVariable }) => portVariable).join(', ')}`,
  async run(args) {
    const { values } = parseArgs({ args: [...args], options: { fresh: { type: 'boolean', default: false } } });
    const startedMs = performance.now();
    const console = createConsole();
    const stop = onSignals((signal) => console.line(`${signal}: stopping`));
    try {
      const house = await openHouse({
        settings: readSettings(process.env),
        fresh: values.fresh,
        console,
        signal: stop,
      });
      try {
        await console.step('load the demo', () => loadDemo(house.gatewayUrl, stop));
        console.line(`\nPalaver is ready after ${formatSeconds(performance.now() - startedMs)}; Ctrl-C stops it.\n`);
        console.line(welcome(house));
        if (!stop.aborted) await once(stop, 'abort');
      } finally {
        await console.step('stop everything', () => house.close());
      }
      return 0;
    } catch (error) {
      if (stop.aborted) return 0;
      throw error;
    }
  },
};

/** Aborted by the first signal that asks to end. The following ones are swallowed: the end is under way. */
const onSignals = (onFirst: (signal: string) => void): AbortSignal => {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (ending.signal.aborted) return;
      onFirst(signal);
      ending.abort(new LocalError(`ended by ${signal}`));
    });
  }
  return ending.signal;
};

const welcome = ({ gatewayUrl, addresses, stack, settings }: House): string => {
  const api = `${gatewayUrl}/api`.replace('127.0.0.1', 'localhost');
  const [login] = demoAccounts;
  const rows: readonly (readonly [string, string])[] = [
    ['API', api],
    ['API documents', `${api}/docs`],
    ...processes
      .filter(({ name }) => name !== 'gateway')
      .map(({ name }) => [name, `http://127.0.0.1:${settings.ports[name]}/health/ready`] as const),
    ['Kafka', addresses.brokers.join(',')],
    ['schema registry', addresses.registryUrl],
    ['Postgres', addresses.postgresUrl('palaver_messages')],
    ['object store (S3)', `${stack.s3.endpoint}  key ${stack.s3.accessKey}, secret ${stack.s3.secretKey}`],
    ['data, logs', settings.dataDir],
    ['mails', addresses.mailOutbox],
    ['demo login', `${login.email} / ${login.password}`],
  ];
  return [
    ...rows.map(([name, value]) => `  ${name.padEnd(20)} ${value}`),
    '',
    `  curl -s ${api}/auth/signin -H 'content-type: application/json' \\`,
    `    -d '${JSON.stringify({ email: login.email, password: login.password })}'`,
    '',
  ].join('\n');
};
