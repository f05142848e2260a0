import { type Command, describeError, isUsageError, UsageError } from './command.ts';
import { events } from './commands/events.ts';
import { importIrc } from './commands/import-irc.ts';
import { parkedCommands } from './commands/parked.ts';
import { rebuild } from './commands/rebuild.ts';
import { rotateKeys } from './commands/rotate-keys.ts';
import { schemasCommands } from './commands/schemas.ts';
import { start } from './commands/start.ts';
import { state } from './commands/state.ts';
import { status } from './commands/status.ts';
import { sweep } from './commands/sweep.ts';
import { trace } from './commands/trace.ts';
import { verify } from './commands/verify.ts';

const commands: readonly Command[] = [
  start,
  importIrc,
  status,
  rebuild,
  verify,
  ...parkedCommands,
  events,
  state,
  trace,
  sweep,
  ...schemasCommands,
  rotateKeys,
];

const overview = (): string =>
  [
    'palaver <command>',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`),
    `  ${'help'.padEnd(12)} this text; \`palaver <command> --help\` says more`,
  ].join('\n');

const find = (args: readonly string[]): Command => {
  const found = commands.find(({ name }) => name.split(' ').every((word, index) => args[index] === word));
  if (!found) {
    const names = [...commands.map(({ name }) => name), 'help'].join(', ');
    throw new UsageError(`there is no command "${args.slice(0, 2).join(' ')}"; there are ${names}`);
  }
  return found;
};

const main = async (args: readonly string[]): Promise<number> => {
  const [first] = args;
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    console.log(overview());
    return first === undefined ? 2 : 0;
  }
  const command = find(args);
  const rest = args.slice(command.name.split(' ').length);
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(`palaver ${command.name} ${command.usage}`);
    return 0;
  }
  return command.run(rest);
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const usage = isUsageError(error);
  console.error(`palaver: ${describeError(error)}${usage ? ' (see palaver help)' : ''}`);
  process.exitCode = usage ? 2 : 1;
}
