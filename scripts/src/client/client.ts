import createFetchClient, { type Client as FetchClient } from 'openapi-fetch';
import type { components, paths } from './generated/paths.ts';

/**
 * The typed client of Palaver's public REST API: paths, parameters, bodies and answers are those of its OpenAPI document, and what
 * does not fit them does not compile. `client.POST('/servers', { body, headers })` resolves with `{ data, error, response }`.
 */
export type Client = FetchClient<paths>;

/** What the API answers with, by the names that the document gives it. */
export type Schemas = components['schemas'];

export type ClientOptions = {
  /** `http://host:port`, without `/api`. */
  readonly gatewayUrl: string;
  /** Node's own when it is not given. */
  readonly fetch?: (request: Request) => Promise<Response>;
};

export const createClient = ({ gatewayUrl, fetch }: ClientOptions): Client =>
  createFetchClient<paths>({ baseUrl: `${gatewayUrl}/api`, ...(fetch ? { fetch } : {}) });

/** What a request says besides its path and its body. */
export type Sent = {
  readonly token?: string | undefined;
  /** Makes a repeat find the first result. */
  readonly idempotencyKey?: string | undefined;
  /** Of an earlier answer, whose effects this one is to show. */
  readonly position?: string | undefined;
};

/** The `headers` of a request. */
export const headersOf = ({ token, idempotencyKey, position }: Sent): Record<string, string> => ({
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
  ...(position === undefined ? {} : { 'palaver-position': position }),
});

/** The API said no. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** The problem's stable code; `unknown` when the answer is no problem document. */
  readonly code: string;

  constructor({ url, status }: Response, problem: unknown) {
    const { code = 'unknown', detail = String(problem) } = Object(problem) as Partial<Schemas['Problem']>;
    super(`${new URL(url).pathname} answered ${status} ${code}: ${detail}`);
    this.status = status;
    this.code = code;
  }
}

export type Done<Body> = {
  readonly body: Body;
  /** Where the command's events are, to be sent back with a request that needs to see them. */
  readonly position: string | undefined;
};

/** The answer of a request that is to be done; throws `ApiError` when it is refused. */
export const done = async <Body>(
  asked: Promise<{ data?: Body; error?: unknown; response: Response }>,
): Promise<Done<Body>> => {
  const { data, error, response } = await asked;
  if (!response.ok) throw new ApiError(response, error);
  return { body: data as Body, position: response.headers.get('palaver-position') ?? undefined };
};
