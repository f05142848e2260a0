/** One fault of the input: where it is, as a JSON pointer (RFC 6901) into the body or as a parameter's name, and what it is. */
export type InputFault = {
  readonly pointer?: string;
  readonly parameter?: string;
  readonly detail: string;
  readonly code: string;
};

/** Code -> what it is over HTTP. A service has one such table for its domain's codes; those of the edge are below. */
export type ProblemTable = Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export const EDGE_PROBLEMS = {
  malformed_json: { status: 400, title: 'The body is not JSON' },
  malformed_path: { status: 400, title: 'The path is not properly encoded' },
  malformed_request: { status: 400, title: 'The request is not HTTP' },
  malformed_header: { status: 400, title: 'A header is malformed' },
  invalid_input: { status: 400, title: 'The input is not valid' },
  unauthenticated: { status: 401, title: 'A bearer token is needed' },
  token_expired: { status: 401, title: 'The token has expired' },
  token_invalid: { status: 401, title: 'The token is not valid' },
  session_ended: { status: 401, title: 'The session has ended' },
  route_not_found: { status: 404, title: 'There is no such route' },
  method_not_allowed: { status: 405, title: 'The route has no such method' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  precondition_failed: { status: 412, title: 'The resource has changed' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body is of a type that is not taken here' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for another request' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The headers and the address are too large' },
  undecodable_command: { status: 500, title: 'The command could not be read' },
  internal: { status: 500, title: 'Something went wrong here' },
  service_broke_off: { status: 502, title: 'The service broke off; the outcome is unknown' },
  not_yet_visible: { status: 503, title: 'Accepted, but not yet visible here' },
  database_unavailable: { status: 503, title: 'The database is not available' },
  log_unavailable: { status: 503, title: 'The log is not available' },
  partition_halted: { status: 503, title: 'Nothing can be decided here at the moment' },
  unknown_command: { status: 503, title: 'The command is not known yet to who decides it' },
  service_unavailable: { status: 503, title: 'The service is not available' },
  command_timeout: { status: 504, title: 'No answer in time; the outcome is unknown' },
  service_timeout: { status: 504, title: 'The service gave no answer in time' },
} as const satisfies ProblemTable;

export type RefusalExtras = {
  readonly errors?: readonly InputFault[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the problem document. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
};

/** A request is not done, for a named reason: `code` is stable and in snake case, `detail` a sentence for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly extras: RefusalExtras;

  constructor(code: string, detail: string, extras: RefusalExtras = {}) {
    super(detail, { cause: extras.cause });
    this.code = code;
    this.extras = extras;
  }
}

/** `application/problem+json` of RFC 9457. */
export type ProblemDocument = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors?: readonly InputFault[];
};

/** Makes the answer of a refusal. A code that the table does not know is a conflict: an older edge may meet a newer decider. */
export const toProblem = (
  refusal: Refusal,
  table: ProblemTable,
  requestId: string,
): { readonly document: ProblemDocument; readonly headers: Readonly<Record<string, string>> } => {
  const { status, title } = table[refusal.code] ?? { status: 409, title: 'The request conflicts with what is there' };
  const { errors, fields, headers = {} } = refusal.extras;
  return {
    document: {
      type: `urn:palaver:problem:${refusal.code}`,
      title,
      status,
      detail: refusal.message,
      code: refusal.code,
      requestId,
      ...(errors ? { errors } : {}),
      ...fields,
    },
    headers,
  };
};

/** Turns whatever a route or a parser threw into a refusal; what is not known is `internal`, with the error as its cause. */
export const toRefusal = (error: unknown): Refusal => {
  if (error instanceof Refusal) return error;
  return fromBodyParser(error) ?? fromDatabase(error) ?? fromRouter(error) ?? internal(error);
};

const internal = (error: unknown): Refusal =>
  new Refusal('internal', 'The request could not be done. Its requestId finds it in the logs.', { cause: error });

const fieldOf = (error: unknown, name: string): unknown =>
  typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined;

/** `type` of the errors of body-parser 2, from its README. */
const fromBodyParser = (error: unknown): Refusal | null => {
  switch (fieldOf(error, 'type')) {
    case 'entity.parse.failed':
      return new Refusal('malformed_json', (error as Error).message);
    case 'entity.verify.failed':
      return new Refusal('malformed_json', 'The body is not UTF-8.');
    case 'request.aborted':
    case 'request.size.invalid':
      return new Refusal('malformed_json', 'The body did not arrive whole.');
    case 'entity.too.large':
      return new Refusal('body_too_large', `The body may have at most ${fieldOf(error, 'limit')} bytes.`);
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new Refusal('unsupported_media_type', (error as Error).message);
    default:
      return null;
  }
};

const fromRouter = (error: unknown): Refusal | null =>
  error instanceof URIError || (fieldOf(error, 'status') === 400 && error instanceof Error)
    ? new Refusal('malformed_path', 'The path holds a malformed percent-encoding.')
    : null;

/** Classes of SQLSTATE that mean that the server is not there for us: connection, resources, operator intervention. */
const UNAVAILABLE_SQLSTATE = /^(08...|53...|57P..)$/;
const UNAVAILABLE_SYSTEM = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN']);
/** What `pg` says in plain errors, without a code. */
const UNAVAILABLE_MESSAGE = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered)/;

const fromDatabase = (error: unknown): Refusal | null => {
  const code = fieldOf(error, 'code');
  const gone =
    (typeof code === 'string' && (UNAVAILABLE_SQLSTATE.test(code) || UNAVAILABLE_SYSTEM.has(code))) ||
    (error instanceof Error && UNAVAILABLE_MESSAGE.test(error.message)) ||
    (error instanceof AggregateError && error.errors.some((one) => fromDatabase(one) !== null));
  return gone
    ? new Refusal('database_unavailable', 'The database cannot be reached; nothing was done.', {
        headers: { 'Retry-After': '2' },
        cause: error,
      })
    : null;
};
