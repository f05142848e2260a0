import type { Command, Json } from '@palaver/decider';
import type { Given } from '@palaver/http';
import type { AuthCommand } from '@palaver/schemas';

/** A command of this service on its way to the log. */
export type AuthCommandToGive = Command & AuthCommand;

/**
 * Gives a command whose id and fingerprint are not the request's own: sign-up's second command follows from its first, and a
 * fingerprint of the request would put a hash of the password, one quick to guess at, on the log.
 */
export type Give = <Result extends Json>(command: AuthCommandToGive) => Promise<Given<Result>>;
