import {
  type Command,
  type CommandClient,
  CommandTimeout,
  derivedId,
  fingerprint,
  type Json,
  LogUnavailable,
  newId,
  type Reply,
} from '@palaver/decider';
import { formatPosition } from '@palaver/projector';
import type { Request, Response } from 'express';
import { exchangeOf } from './exchange.ts';
import { Refusal } from './problem.ts';
import type { GivenCommand, Route } from './route.ts';

/** What a request needs of the decider's command client. */
export type Submitter = Pick<CommandClient, 'submit'>;

/** What a request has to make ids and send commands. */
export type Sender = {
  readonly commandId: string;
  readonly id: (purpose: string) => string;
  readonly submit: <Result extends Json = Json>(command: GivenCommand) => Promise<Result>;
};

type Asked = {
  readonly route: Route;
  readonly req: Request;
  readonly res: Response;
  readonly actor: string;
  readonly given: unknown;
};

/**
 * Makes the senders of a service's requests. With an `Idempotency-Key` (or a `nonce`, where the route takes one) ids derive from the actor, the key, the operation
 * and the path, so that a retried request is the same command; the fingerprint tells whether it is the same request. The path is
 * part of it because a partition remembers its own commands only: one key for two channels must not make two messages of one id.
 */
export const commandSender =
  (options: { name: string; commands?: Submitter; commandTimeoutMs?: number }) =>
  (asked: Asked): Sender => {
    const { route, req, res, actor, given } = asked;
    const key = route.kind === 'command' ? (idempotencyKey(req) ?? nonceOf(route, given)) : null;
    const id = (purpose: string): string =>
      key === null ? newId() : derivedId(actor, key, route.operationId, req.path, purpose);
    const commandId = id('command');
    const reason = route.takesReason ? auditReason(req) : undefined;
    const positions: string[] = [];

    return {
      commandId,
      id,
      async submit<Result extends Json = Json>(command: GivenCommand): Promise<Result> {
        const count = positions.length + 1;
        if (options.commands === undefined) throw new Error('This app has no command client.');
        const whole: Command = {
          id: count === 1 ? commandId : id(`command:${count}`),
          type: command.type,
          data: command.data,
          actor: command.actor ?? actor,
          timeMs: exchangeOf(res).timeMs,
          // With its query, which may say what is to be done as a body does.
          fingerprint: fingerprint([req.method, req.originalUrl, given ?? null]),
          reason,
          traceparent: exchangeOf(res).traceparent,
        };
        const { result } = await giveCommand<Result>(options.commands, whole, {
          timeoutMs: options.commandTimeoutMs,
          onPosition: (position) => {
            positions.push(formatPosition({ service: options.name, ...position }));
            res.setHeader('Palaver-Position', positions.join(','));
          },
        });
        return result;
      },
    };
  };

/** Refused by an owner that could not decide: the same request may be decided when it is sent again. */
const decidedLater: ReadonlySet<string> = new Set(['partition_halted', 'unknown_command']);

export type Given<Result extends Json> = { readonly result: Result; readonly position: Reply['position'] };

/**
 * Gives a command and waits for what came of it. Throws `Refusal`: what the decision refused, `command_timeout` when there is no
 * answer in time, `log_unavailable` when the command was not put on the log.
 */
export const giveCommand = async <Result extends Json = Json>(
  commands: Submitter,
  command: Command,
  { timeoutMs = 10_000, onPosition }: GiveOptions = {},
): Promise<Given<Result>> => {
  let reply: Reply;
  try {
    reply = await commands.submit(command, { timeoutMs });
  } catch (error) {
    throw sendFailure(error, command.id) ?? error;
  }
  onPosition?.(reply.position);
  const { outcome } = reply;
  if (outcome.kind === 'refused') {
    const headers = decidedLater.has(outcome.code) ? { 'Retry-After': '2' } : {};
    throw new Refusal(outcome.code, outcome.detail, { headers });
  }
  return { result: outcome.result as Result, position: reply.position };
};

export type GiveOptions = {
  readonly timeoutMs?: number | undefined;
  /** Told where the command's records end, also when it is refused. */
  readonly onPosition?: (position: Reply['position']) => void;
};

const sendFailure = (error: unknown, commandId: string): Refusal | null => {
  if (error instanceof CommandTimeout) {
    return new Refusal(
      'command_timeout',
      'The command has no answer yet and may still be done. To ask again is safe with the same Idempotency-Key.',
      { fields: { commandId }, cause: error },
    );
  }
  if (error instanceof LogUnavailable) {
    return new Refusal('log_unavailable', 'The command could not be put on the log; nothing was done.', {
      headers: { 'Retry-After': '2' },
      cause: error,
    });
  }
  return null;
};

/** Throws `Refusal` `malformed_header` unless the key is 1-255 visible ASCII characters; null when there is none. */
const idempotencyKey = (req: Request): string | null => {
  const key = req.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new Refusal('malformed_header', 'Idempotency-Key must have 1 to 255 visible ASCII characters.');
};

const nonceOf = (route: Route, given: unknown): string | null =>
  route.takesNonce ? ((given as { readonly nonce?: string }).nonce ?? null) : null;

const REASON = /^[^\p{Cc}\p{Cs}]{1,512}$/u;

/**
 * Percent-encoded UTF-8, since a header holds ASCII. Throws `Refusal` `malformed_header` unless it is 1-512 characters of text;
 * undefined when there is none.
 */
const auditReason = (req: Request): string | undefined => {
  const header = req.headers['x-audit-log-reason'];
  if (header === undefined) return undefined;
  const reason = typeof header === 'string' ? decoded(header) : null;
  if (reason !== null && REASON.test(reason)) return reason;
  throw new Refusal('malformed_header', 'X-Audit-Log-Reason must have 1 to 512 characters, as percent-encoded UTF-8.');
};

const decoded = (text: string): string | null => {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
};
