/** For `*.e2e.test.ts`: the whole house as the test runner has started it, reached through its gateway. */

/** The gateway's address. Throws one clear line when the test runs outside `npm test`. */
export const gatewayUrl = (): string => {
  const url = process.env.PALAVER_TEST_GATEWAY;
  if (!url)
    throw new Error('PALAVER_TEST_GATEWAY is not set: run this test with `npm test`, which starts the house first');
  return url;
};

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests say with `expect` what an answer is
  readonly body: any;
};

export type Ask = {
  readonly token?: string;
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** An answer that this request is to see the effects of, when it was somebody else's: its `Palaver-Position` is sent back. */
  readonly after?: Answer;
};

/** Asks the API: `api('POST /servers', { token, body })`. */
export const api = async (operation: `${string} /${string}`, ask: Ask = {}): Promise<Answer> => {
  const { token, body, headers = {}, after } = ask;
  const [method, path] = operation.split(' ') as [string, string];
  const response = await fetch(`${gatewayUrl()}/api${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(after === undefined ? {} : { 'palaver-position': after.headers.get('palaver-position')! }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
};

export type Account = { readonly id: string; readonly email: string; readonly token: string };

/** Of every account that `signUp` makes. */
export const password = 'correct horse battery';

let accounts = 0;

/** A new account with an address of its own. */
export const signUp = async (name = 'Ada'): Promise<Account> => {
  accounts += 1;
  const email = `${Date.now()}-${process.pid}-${accounts}@example.com`;
  const { status, body } = await api('POST /auth/signup', { body: { name, email, password } });
  if (status !== 201) throw new Error(`sign-up answered ${status}: ${JSON.stringify(body)}`);
  return { id: body.profile.id, email, token: body.accessToken };
};

/** Of commands on one partition, the answer whose effects lie furthest on the log. */
export const latest = (answers: readonly Answer[]): Answer => {
  const offset = (answer: Answer): number => Number(answer.headers.get('palaver-position')?.split('@')[1] ?? -1);
  return answers.reduce((a, b) => (offset(a) > offset(b) ? a : b));
};
