/** What the `palaver` command is made of: one of these a subcommand, each in a file of its own. */
export type Command = {
  /** As it is typed, such as `import irc`. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What stands behind the name, and what each option does. */
  readonly usage: string;
  /** Takes the arguments behind the name; resolves with the exit code. */
  readonly run: (args: readonly string[]) => Promise<number>;
};

/** The command line is not one that can be run; the message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `parseArgs` says with such codes that an option is unknown or lacks its value. */
export const isUsageError = (error: unknown): boolean =>
  error instanceof UsageError || String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');

/** Most often there is no house; what the clients of Kafka, Postgres and the registry say then names only an address. */
const hint = (message: string): string =>
  /ECONNREFUSED/.test(message) ? '; is Palaver running? npm start starts it' : '';

/** A fault of the program is told with its stack; everything else by its one line. */
export const describeError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (isUsageError(error)) return error.message.split('\n')[0]!.replace(/\.? To specify a positional.*/, '');
  const ours = [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind);
  return ours ? (error.stack ?? error.message) : `${error.message}${hint(error.message)}`;
};

/** Throws `UsageError` when an option's value is no whole number of a range. */
export const parseCount = (
  option: string,
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
): number => {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= from && count <= to) return count;
  throw new UsageError(`${option} is "${text}"; it takes a number from ${from} to ${to}`);
};

/** Aborted by the first signal that asks to end; a second one ends the process as usual. */
export const onInterrupt = (reason: string): AbortSignal => {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Error(reason)));
  return stop.signal;
};
