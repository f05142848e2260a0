import { type Command, UsageError } from './command.ts';
import { importIrc } from './commands/import-irc.ts';
import { parkedCommands } from './commands/parked.ts';
import { rebuild } from './commands/rebuild.ts';
import { rotateKeys } from './commands/rotate-keys.ts';
import { start } from './commands/start.ts';
import { sweep } from './commands/sweep.ts';
import { verify } from './commands/verify.ts';

const commands: readonly Command[] = [start, importIrc, rebuild, verify, ...parkedCommands, sweep, rotateKeys];

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

/** `parseArgs` says with such codes that an option is unknown or lacks its value. */
const isUsageError = (error: unknown): boolean =>
  error instanceof UsageError || String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');

/** Most often there is no house; what the clients of Kafka, Postgres and the registry say then names only an address. */
const hint = (message: string): string =>
  /ECONNREFUSED/.test(message) ? '; is Palaver running? npm start starts it' : '';

/** A fault of the program is told with its stack; everything else by its one line. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (isUsageError(error)) return error.message.split('\n')[0]!.replace(/\.? To specify a positional.*/, '');
  const ours = [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind);
  return ours ? (error.stack ?? error.message) : `${error.message}${hint(error.message)}`;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const usage = isUsageError(error);
  console.error(`palaver: ${describe(error)}${usage ? ' (see palaver help)' : ''}`);
  process.exitCode = usage ? 2 : 1;
}
