import { setTimeout as delay } from 'node:timers/promises';

/** Palaver's public REST API, as the importer, the demo and tests use it. Shapes are those of `/api/docs`. */

export type Session = { readonly profileId: string; readonly accessToken: string; readonly refreshToken: string };

export type Channel = { readonly id: string; readonly name: string };
export type Server = { readonly id: string; readonly name: string };
export type ServerWithChannels = Server & { readonly inviteCode: string; readonly channels: readonly Channel[] };
export type ChannelMessage = {
  readonly id: string;
  /** Null when the author's account is gone. */
  readonly authorId: string | null;
  readonly seq: number;
  readonly content: string;
  readonly importedAt: string | null;
};

/** The API said no. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** The problem's stable code. */
  readonly code: string;

  constructor(request: string, status: number, problem: { code?: string; detail?: string; title?: string }) {
    super(
      `${request} answered ${status} ${problem.code ?? ''}: ${problem.detail ?? problem.title ?? 'no reason given'}`,
    );
    this.status = status;
    this.code = problem.code ?? 'unknown';
  }
}

/** The API could not be reached, or did not do its work, for longer than is waited. */
export class ApiUnavailable extends Error {
  override readonly name = 'ApiUnavailable';
}

export type Answer<T> = {
  readonly body: T;
  /** Where the command's events are, to be sent back with a request that needs to see them. */
  readonly position: string | undefined;
};

export type RequestOptions = {
  readonly body?: unknown;
  readonly token?: string;
  /** Makes a repeat find the first result. */
  readonly idempotencyKey?: string;
  readonly position?: string | undefined;
};

export type Api = {
  request<T>(method: 'GET' | 'POST', path: string, options?: RequestOptions): Promise<Answer<T>>;
  /** Signs up, or signs in where the account is there already. */
  enter(account: { name: string; email: string; password: string }): Promise<Session>;
  signIn(account: { email: string; password: string }): Promise<Session>;
  /** Gives the session for its successor; throws `ApiError` (401) when it has ended. */
  refresh(session: Session): Promise<Session>;
  /** Follows the pages of a list of servers to its end. */
  servers(token: string): Promise<readonly Server[]>;
  server(token: string, serverId: string, position?: string): Promise<ServerWithChannels>;
  /** The channel's messages from the newest to the first, page by page. */
  history(token: string, channelId: string): AsyncGenerator<ChannelMessage>;
};

export type ApiOptions = {
  /** `http://host:port`, without `/api`. */
  readonly gatewayUrl: string;
  /** For how long a request is tried again while the API is not there, ms. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
  /** Told once each time that waiting begins. */
  readonly onWait?: (reason: string) => void;
};

const requestTimeoutMs = 30_000;
const firstPauseMs = 100;
const maxPauseMs = 2_000;
const pageSize = 100;

/**
 * Tries a request again, with the same Idempotency-Key, while the API is not reachable, busy (429) or answers 502, 503 or 504:
 * none of these says that the request was not done. Throws `ApiError` and `ApiUnavailable`.
 */
export const createApi = ({ gatewayUrl, patienceMs = 120_000, signal, onWait = () => undefined }: ApiOptions): Api => {
  const request: Api['request'] = async <T>(
    method: 'GET' | 'POST',
    path: string,
    options: RequestOptions = {},
  ): Promise<Answer<T>> => {
    const deadline = Date.now() + patienceMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
      signal?.throwIfAborted();
      const outcome = await attempt<T>(gatewayUrl, method, path, options, signal);
      if ('body' in outcome) return outcome;
      if (Date.now() > deadline) throw new ApiUnavailable(`${method} ${path}: ${outcome.reason}`);
      if (pauseMs === firstPauseMs) onWait(outcome.reason);
      await delay(outcome.pauseMs ?? pauseMs, undefined, signal ? { signal } : {});
    }
  };

  // A repeat of a request that got no answer must not count as another sign-in, or as the reuse of a token.
  const newKey = (): string => crypto.randomUUID();

  const signIn: Api['signIn'] = async ({ email, password }) => {
    const options = { body: { email, password }, idempotencyKey: newKey() };
    return sessionOf((await request<SessionBody>('POST', '/auth/signin', options)).body);
  };

  return {
    request,
    signIn,
    async refresh({ profileId, refreshToken }) {
      const options = { body: { refreshToken }, idempotencyKey: newKey() };
      const { body } = await request<TokensBody>('POST', '/auth/refresh', options);
      return { profileId, accessToken: body.accessToken, refreshToken: body.refreshToken };
    },
    async enter({ name, email, password }) {
      try {
        const options = { body: { name, email, password }, idempotencyKey: `signup/${email}` };
        const { body } = await request<SessionBody>('POST', '/auth/signup', options);
        // An account that was made by an earlier run: its answer is the one of then, whose session may have gone on since.
        return isOld(body) ? signIn({ email, password }) : sessionOf(body);
      } catch (error) {
        if (error instanceof ApiError && error.code === 'email_taken') return signIn({ email, password });
        throw error;
      }
    },
    async servers(token) {
      const { body } = await request<{ items: Server[] }>('GET', '/servers?limit=100', { token });
      return body.items;
    },
    async server(token, serverId, position) {
      return (await request<ServerWithChannels>('GET', `/servers/${serverId}`, { token, position })).body;
    },
    async *history(token, channelId) {
      for (let before = ''; ; ) {
        const path = `/channels/${channelId}/messages?limit=${pageSize}${before}`;
        const { body } = await request<{ items: ChannelMessage[]; hasMore: boolean }>('GET', path, { token });
        yield* body.items;
        const oldest = body.items.at(-1);
        if (!body.hasMore || !oldest) return;
        before = `&before=${oldest.id}`;
      }
    },
  };
};

type TokensBody = { readonly accessToken: string; readonly refreshToken: string };
type SessionBody = TokensBody & {
  readonly expiresInSeconds: number;
  readonly profile: { readonly id: string };
};

/** Less than this is left of a token when the answer is not of now, s. */
const freshSeconds = 14 * 60;

const isOld = ({ expiresInSeconds }: SessionBody): boolean => expiresInSeconds < freshSeconds;

const sessionOf = ({ profile, accessToken, refreshToken }: SessionBody): Session => ({
  profileId: profile.id,
  accessToken,
  refreshToken,
});

type NotYet = { readonly reason: string; readonly pauseMs?: number };

const attempt = async <T>(
  gatewayUrl: string,
  method: string,
  path: string,
  { body, token, idempotencyKey, position }: RequestOptions,
  signal: AbortSignal | undefined,
): Promise<Answer<T> | NotYet> => {
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  try {
    const response = await fetch(`${gatewayUrl}/api${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        ...(position === undefined ? {} : { 'palaver-position': position }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const text = await response.text();
    if (response.ok) {
      return { body: JSON.parse(text) as T, position: response.headers.get('palaver-position') ?? undefined };
    }
    const error = new ApiError(`${method} ${path}`, response.status, problemOf(text));
    if (![429, 502, 503, 504].includes(response.status)) throw error;
    const retryAfter = Number(response.headers.get('retry-after'));
    return {
      reason: error.message,
      ...(response.status === 429 && retryAfter > 0 ? { pauseMs: retryAfter * 1_000 } : {}),
    };
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    const { message, cause } = error as Error;
    return { reason: cause instanceof Error && cause.message ? cause.message : message };
  }
};

const problemOf = (text: string): { code?: string; detail?: string } => {
  try {
    return JSON.parse(text) as { code?: string; detail?: string };
  } catch {
    return { detail: text.slice(0, 200) };
  }
};
