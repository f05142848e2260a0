/**
 * The stack alone, in the foreground until Ctrl-C:
 *   node infra/local/src/main.ts --data .palaver-x [--offset 100] [--parts kafka,postgres] [--kafka name=value ...]
 * Progress goes to stderr; one line of JSON with the addresses goes to stdout when all parts serve.
 */
import { parseArgs } from 'node:util';
import { messageOf } from './error.ts';
import { type PartName, partNames } from './part.ts';
import { localPorts } from './ports.ts';
import { startLocal } from './stack.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '.palaver' },
    offset: { type: 'string', default: '0' },
    parts: { type: 'string', default: partNames.join(',') },
    kafka: { type: 'string', multiple: true, default: [] },
  },
});

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => ending.abort(new Error(signal)));

try {
  const stack = await startLocal({
    dataDir: values.data,
    ports: localPorts(process.env, parseOffset(values.offset)),
    parts: values.parts.split(',').map(parsePart),
    kafkaOverrides: Object.fromEntries(values.kafka.map((setting) => setting.split(/=(.*)/s).slice(0, 2))),
    log: (line) => console.error(line),
    signal: ending.signal,
    onExit: (part, reason) => ending.abort(new Error(`${part} ${reason}`)),
  });
  const { brokers, registryUrl, s3, processes } = stack;
  console.log(JSON.stringify({ brokers, registryUrl, postgresUrl: stack.postgresUrl('postgres'), s3, processes }));
  await new Promise<void>((resolve) => {
    // A listener keeps no process alive; the children's handles do.
    if (ending.signal.aborted) resolve();
    ending.signal.addEventListener('abort', () => resolve());
  });
  console.error(`stopping: ${messageOf(ending.signal.reason)}`);
  await stack.stop();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}

function parsePart(text: string): PartName {
  const part = partNames.find((name) => name === text);
  if (!part) throw new Error(`no part "${text}"; there are ${partNames.join(', ')}`);
  return part;
}

function parseOffset(text: string): number {
  const offset = Number(text);
  if (!Number.isInteger(offset)) throw new Error(`--offset is "${text}"; give a whole number`);
  return offset;
}
