import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type Client, createClient, done, headersOf, type Schemas } from './client/client.ts';

/** Palaver's public REST API, as the importer, the demo and the benchmarks use it: the typed client, with patience. */

export type Session = { readonly profileId: string; readonly accessToken: string; readonly refreshToken: string };

/** The API could not be reached, or did not do its work, for longer than is waited. */
export class ApiUnavailable extends Error {
  override readonly name = 'ApiUnavailable';
}

export type Api = {
  /** Throws `ApiUnavailable`; what is refused for good it answers. */
  readonly client: Client;
  /** Signs up, or signs in where the account is there already. */
  enter(account: { name: string; email: string; password: string }): Promise<Session>;
  signIn(account: { email: string; password: string }): Promise<Session>;
  /** Gives the session for its successor; throws `ApiError` (401) when it has ended. */
  refresh(session: Session): Promise<Session>;
  /** The channel's messages from the newest to the first, page by page. */
  history(token: string, channelId: string): AsyncGenerator<Schemas['Message']>;
};

export type ApiOptions = PatienceOptions & {
  /** `http://host:port`, without `/api`. */
  readonly gatewayUrl: string;
};

const pageSize = 100;

export const createApi = ({ gatewayUrl, ...patience }: ApiOptions): Api => {
  const client = createClient({ gatewayUrl, fetch: patientFetch(patience) });

  // A repeat of a request that got no answer must not count as another sign-in, or as the reuse of a token.
  const once = () => ({ headers: headersOf({ idempotencyKey: crypto.randomUUID() }) });

  const signIn: Api['signIn'] = async ({ email, password }) =>
    sessionOf((await done(client.POST('/auth/signin', { ...once(), body: { email, password } }))).body);

  return {
    client,
    signIn,
    async refresh({ profileId, refreshToken }) {
      const { body } = await done(client.POST('/auth/refresh', { ...once(), body: { refreshToken } }));
      return { profileId, accessToken: body.accessToken, refreshToken: body.refreshToken };
    },
    async enter({ name, email, password }) {
      try {
        const headers = headersOf({ idempotencyKey: `signup/${email}` });
        const { body } = await done(client.POST('/auth/signup', { headers, body: { name, email, password } }));
        // An account that was made by an earlier run: its answer is the one of then, whose session may have gone on since.
        return isOld(body) ? signIn({ email, password }) : sessionOf(body);
      } catch (error) {
        if (error instanceof ApiError && error.code === 'email_taken') return signIn({ email, password });
        throw error;
      }
    },
    async *history(token, channelId) {
      for (let before: string | undefined; ; ) {
        const query = { limit: pageSize, ...(before === undefined ? {} : { before }) };
        const params = { path: { channelId }, query };
        const { body } = await done(
          client.GET('/channels/{channelId}/messages', { params, headers: headersOf({ token }) }),
        );
        yield* body.items;
        before = body.items.at(-1)?.id;
        if (!body.hasMore || before === undefined) return;
      }
    },
  };
};

type SessionBody = Schemas['Tokens'] & { readonly profile: { readonly id: string } };

/** Less than this is left of a token when the answer is not of now, s. */
const freshSeconds = 14 * 60;

const isOld = ({ expiresInSeconds }: SessionBody): boolean => expiresInSeconds < freshSeconds;

const sessionOf = ({ profile, accessToken, refreshToken }: SessionBody): Session => ({
  profileId: profile.id,
  accessToken,
  refreshToken,
});

type PatienceOptions = {
  /** For how long a request is tried again while the API is not there, ms. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
  /** Told once each time that waiting begins. */
  readonly onWait?: (reason: string) => void;
};

const requestTimeoutMs = 30_000;
const firstPauseMs = 100;
const maxPauseMs = 2_000;

/**
 * Sends a request again, with the same Idempotency-Key, while the API is not reachable, busy (429) or answers 502, 503 or 504: none of
 * these says that it was not done. Throws `ApiUnavailable`.
 */
const patientFetch =
  ({ patienceMs = 120_000, signal, onWait = () => undefined }: PatienceOptions) =>
  async (request: Request): Promise<Response> => {
    const deadline = Date.now() + patienceMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
      signal?.throwIfAborted();
      const outcome = await attempt(request.clone(), signal);
      if (outcome instanceof Response) return outcome;
      if (Date.now() > deadline)
        throw new ApiUnavailable(`${request.method} ${new URL(request.url).pathname}: ${outcome.reason}`);
      if (pauseMs === firstPauseMs) onWait(outcome.reason);
      await delay(outcome.pauseMs ?? pauseMs, undefined, signal ? { signal } : {});
    }
  };

type NotYet = { readonly reason: string; readonly pauseMs?: number };

const attempt = async (request: Request, signal: AbortSignal | undefined): Promise<Response | NotYet> => {
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  try {
    const response = await fetch(request, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    if (![429, 502, 503, 504].includes(response.status)) return response;
    const text = await response.text();
    const { message: reason } = new ApiError(response, problemOf(text));
    const retryAfter = Number(response.headers.get('retry-after'));
    return { reason, ...(response.status === 429 && retryAfter > 0 ? { pauseMs: retryAfter * 1_000 } : {}) };
  } catch (error) {
    if (signal?.aborted) throw error;
    const { message, cause } = error as Error;
    return { reason: cause instanceof Error && cause.message ? cause.message : message };
  }
};

const problemOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(0, 200);
  }
};
