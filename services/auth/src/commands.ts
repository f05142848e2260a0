import {
  type Command,
  type CommandClient,
  CommandTimeout,
  type Json,
  LogUnavailable,
  type Position,
} from '@palaver/decider';
import { Refusal } from '@palaver/http';
import type { AuthCommand } from '@palaver/schemas';

/** A command of this service on its way to the log. */
export type AuthCommandToGive = Command & AuthCommand;

export type Given<Result extends Json> = { readonly result: Result; readonly position: Position };

/** Gives a command and waits for what came of it. Throws `Refusal`, as a route's `submit` does. */
export type Give = <Result extends Json>(command: AuthCommandToGive) => Promise<Given<Result>>;

/**
 * A sender for commands whose id and fingerprint are not the request's own: sign-up's second command follows from its first, and a
 * fingerprint of the request would put a hash of the password, one quick to guess at, on the log.
 */
export const giver =
  (commands: Pick<CommandClient, 'submit'>, { timeoutMs }: { timeoutMs: number }): Give =>
  async <Result extends Json>(command: AuthCommandToGive) => {
    const { outcome, position } = await commands.submit(command, { timeoutMs }).catch((error: unknown) => {
      throw failure(error, command.id);
    });
    if (outcome.kind === 'refused') throw new Refusal(outcome.code, outcome.detail);
    return { result: outcome.result as Result, position };
  };

const failure = (error: unknown, commandId: string): unknown => {
  if (error instanceof CommandTimeout) {
    return new Refusal(
      'command_timeout',
      'The command has no answer yet and may still be done. To ask again is safe with the same Idempotency-Key.',
      { fields: { commandId }, cause: error },
    );
  }
  if (error instanceof LogUnavailable) {
    const headers = { 'Retry-After': '2' };
    return new Refusal('log_unavailable', 'The command could not be put on the log; nothing was done.', {
      headers,
      cause: error,
    });
  }
  return error;
};
