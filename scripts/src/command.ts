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
