import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Json } from '@palaver/decider';
import type { z } from 'zod';
import type { PositionWaiter } from './positions.ts';
import type { Claims } from './token.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
export type Auth = 'bearer' | 'none';

/** A command on its way from a route: which one it is, and its fields. `actor` is the request's unless it is given. */
export type GivenCommand = { readonly type: string; readonly data: unknown; readonly actor?: string };

/** What a handler is given. */
export type Context<Params = unknown, Query = unknown, Body = unknown, A extends Auth = Auth> = {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The id of the profile that asks; `anonymous` on routes without a token. */
  readonly actor: string;
  readonly claims: A extends 'bearer' ? Claims : null;
  readonly requestId: string;
  /** Where the request came from: the peer's IP address, or what a proxy that is trusted says of it. */
  readonly clientAddress: string;
  /** `User-Agent`, at most 200 characters of it; null when there is none. */
  readonly userAgent: string | null;
  readonly traceparent: string;
  /** When the request came in, ms since the epoch. */
  readonly timeMs: number;
  readonly commandId: string;
  /** The request itself, for what no schema says: ranges, and the body of a route that takes an upload. */
  readonly request: IncomingMessage;
  /** The entity tags of `If-Match`, `*` for any; null when the header is absent. */
  readonly ifMatch: readonly string[] | '*' | null;
  /** An id for what the command creates: the same for a retried request with the same `Idempotency-Key`, else new. */
  id(purpose: string): string;
  /**
   * Sends a command and answers with its result; the answer's `Palaver-Position` header says where its events end.
   * Throws `Refusal` when it is refused, when there is no answer in time, and when the log can't be reached.
   * `Result` is what the command's decision gives to `accept`.
   */
  submit<Result extends Json = Json>(command: GivenCommand): Promise<Result>;
};

const REPLY = Symbol('reply');

export type Reply<Body = unknown> = {
  readonly [REPLY]: true;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Without its quotes; a query whose `If-None-Match` names it is answered with 304. */
  readonly etag?: string;
  readonly body?: Body;
  /** The body as JSON already, such as Postgres made it; instead of `body`. */
  readonly json?: string;
  /** The body as it flows; instead of `body`. It is closed when whoever asks goes away. */
  readonly stream?: Readable;
};

/** For answers that are more than their value: another status, headers, an entity tag, a ready JSON text. */
export const reply = <Body = never>(parts: Omit<Reply<Body>, typeof REPLY>): Reply<Body> => ({
  [REPLY]: true,
  ...parts,
});

export const isReply = (value: unknown): value is Reply =>
  typeof value === 'object' && value !== null && REPLY in value;

/** A route as it is written. `P`, `Q`, `B` and `R` are zod schemas; the handler's types are taken from them. */
export type RouteOptions<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
  A extends Auth,
> = {
  readonly method: Method;
  /** As Express writes it: `/servers/:serverId`. */
  readonly path: string;
  /** Unique among all services; retried requests derive their ids from it, so it never changes. */
  readonly operationId: string;
  /** A few words, imperative. */
  readonly summary: string;
  /** What the summary does not say and nobody would guess: a sentence or two. */
  readonly description?: string;
  readonly tags: readonly string[];
  readonly auth: A;
  /** Commands take an `Idempotency-Key` and may submit; queries only read. */
  readonly kind: 'command' | 'query';
  readonly params?: P;
  readonly query?: Q;
  /** Objects in it must be strict (`z.strictObject`), so that unknown fields are refused. */
  readonly body?: B;
  /** What the answer looks like; for the handler's type and the OpenAPI document, not checked at run time. */
  readonly response: R;
  /** Of the answer when all is well; a 204 has no body. */
  readonly status: number;
  /** The media type of a body that the handler reads for itself from `request`, as it flows; instead of `body`. */
  readonly upload?: string;
  /** The media type of the answer, where it is not JSON. */
  readonly produces?: string;
  /** Whether it answers with an entity tag; a query with the one that `If-None-Match` names is a 304. */
  readonly isTagged?: boolean;
  /** Whether it answers with a part where `Range` asks for one. */
  readonly takesRanges?: boolean;
  /** Whether its commands carry the reason of `X-Audit-Log-Reason`, which lies on the log with their events. */
  readonly takesReason?: boolean;
  /** Whether its body's field `nonce` stands for an `Idempotency-Key` where there is none. */
  readonly takesNonce?: boolean;
  /** Knows how far a read model is that it reads beside the service's own. */
  readonly positions?: PositionWaiter;
  /** Codes of the domain that the route may answer with; each stands in the service's problem table. */
  readonly problems: readonly string[];
  readonly handler: (
    context: Context<z.output<P>, z.output<Q>, z.output<B>, A>,
  ) => Promise<z.input<R> | Reply<z.input<R>>> | z.input<R> | Reply<z.input<R>>;
};

/** A route as the app takes it, its schemas' types forgotten. */
export type Route = Omit<RouteOptions<z.ZodType, z.ZodType, z.ZodType, z.ZodType, Auth>, 'handler'> & {
  readonly handler: (context: Context<never, never, never, never>) => unknown;
};

/** Ties a route's handler to the types of its schemas. */
export const defineRoute = <
  R extends z.ZodType,
  A extends Auth,
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(
  route: RouteOptions<P, Q, B, R, A>,
): Route => route as Route;
