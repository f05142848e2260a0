import { type Answer, api } from '@palaver/http/testing';
import { describe, expect, test, vi } from 'vitest';

const password = 'correct horse battery';
let addresses = 0;
/** An address that no other test and no earlier run has used. */
const newEmail = (): string => {
  addresses += 1;
  return `sessions-${Date.now()}-${process.pid}-${addresses}@example.com`;
};

type Session = { readonly sessionId: string; readonly accessToken: string; readonly refreshToken: string };

const signUp = async () => {
  const email = newEmail();
  const answer = await api('POST /auth/signup', { body: { name: 'Ada', email, password } });
  expect(answer.status).toBe(201);
  return { email, answer, session: answer.body as Session };
};
const signIn = (email: string, headers: Record<string, string> = {}, given = password) =>
  api('POST /auth/signin', { body: { email, password: given }, headers });
const refresh = (refreshToken: string, headers: Record<string, string> = {}) =>
  api('POST /auth/refresh', { body: { refreshToken }, headers });
const whoAmI = (token: string) => api('GET /profiles/me', { token });
const codeOf = ({ status, body }: Answer): unknown => (status < 400 ? status : body.code);

/** Revoked everywhere "within seconds"; this is what the tests hold it to. */
const seconds = { timeout: 5_000, interval: 20 };

describe('POST /auth/refresh', () => {
  test('gives a successor and an access token of the same session', async () => {
    const { session } = await signUp();
    const { status, headers, body } = await refresh(session.refreshToken);
    expect(status).toBe(200);
    expect(body).toEqual({
      sessionId: session.sessionId,
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresInSeconds: expect.any(Number),
      refreshToken: expect.any(String),
    });
    expect(headers.get('palaver-position')).toMatch(/^auth:\d+@\d+$/);
    expect(body.refreshToken).not.toBe(session.refreshToken);
    expect((await whoAmI(body.accessToken)).status).toBe(200);
    expect((await refresh(body.refreshToken)).status).toBe(200);
  });

  test('of 20 at once with one token exactly one gets a successor, and the others end the session', async () => {
    const { session } = await signUp();
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(session.refreshToken)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.map(({ status }) => status)).toEqual(Array<number>(19).fill(401));
    expect(refused.filter((answer) => codeOf(answer) === 'refresh_token_reused')).toHaveLength(1);
    expect(refused.filter((answer) => codeOf(answer) === 'session_ended')).toHaveLength(18);

    const winner = answers.find(({ status }) => status === 200)!;
    expect(codeOf(await refresh(winner.body.refreshToken))).toBe('session_ended');
    await vi.waitFor(async () => expect(codeOf(await whoAmI(winner.body.accessToken))).toBe('session_ended'), seconds);
  });

  test('20 at once with one Idempotency-Key are one request, with one answer', async () => {
    const { session } = await signUp();
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(session.refreshToken, headers)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.accessToken)).size).toBe(1);
    // Who lost the answer, too, gets the same one; another token under that key is another request.
    expect((await refresh(session.refreshToken, headers)).body.refreshToken).toBe(answers[0]!.body.refreshToken);
    expect(codeOf(await refresh(answers[0]!.body.refreshToken, headers))).toBe('idempotency_key_reused');
    expect((await refresh(answers[0]!.body.refreshToken)).status).toBe(200);
  });

  test('a spent token ends its session, however late it comes, and no other session', async () => {
    const { email, session } = await signUp();
    const other = (await signIn(email)).body as Session;
    const second = (await refresh(session.refreshToken)).body as Session;
    const third = (await refresh(second.refreshToken)).body as Session;
    expect(codeOf(await refresh(session.refreshToken))).toBe('refresh_token_reused');
    expect(codeOf(await refresh(third.refreshToken))).toBe('session_ended');
    expect((await refresh(other.refreshToken)).status).toBe(200);
  });

  test('refuses what is no token of this service, and ends nothing for it', async () => {
    const { session } = await signUp();
    const changed =
      session.refreshToken.slice(0, -5) + (session.refreshToken.at(-5) === 'A' ? 'B' : 'A').padEnd(5, 'A');
    for (const bad of ['x', changed, session.accessToken.slice(0, 100)]) {
      expect(await refresh(bad)).toMatchObject({ status: 401, body: { code: 'refresh_token_invalid' } });
    }
    expect(await refresh('')).toMatchObject({ status: 400 });
    expect((await refresh(session.refreshToken)).status).toBe(200);
  });
});

describe('POST /auth/signin', () => {
  test('with one Idempotency-Key starts one session', async () => {
    const { email, session } = await signUp();
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const answers = await Promise.all([1, 2, 3].map(() => signIn(email, headers)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    const { sessionId } = answers[0]!.body as Session;
    const { items } = (await api('GET /auth/sessions', { token: session.accessToken, after: answers[0]! })).body;
    expect(items.map(({ id }: { id: string }) => id)).toEqual([sessionId, session.sessionId]);
  });

  test('of another account under the same key is another session', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const [ada, bob] = [await signUp(), await signUp()];
    const sessions = [await signIn(ada.email, headers), await signIn(bob.email, headers)];
    expect(sessions.map(({ status }) => status)).toEqual([200, 200]);
    expect(sessions[0]!.body.sessionId).not.toBe(sessions[1]!.body.sessionId);
  });

  test.each(['that exists', 'that nobody has'])('slows down who guesses at an account %s', async (which) => {
    const email = which === 'that exists' ? (await signUp()).email : newEmail();
    const answers: Answer[] = [];
    for (let guess = 0; guess < 12; guess += 1) answers.push(await signIn(email, {}, `guess number ${guess}`));
    expect(answers.map(codeOf)).toEqual([
      ...Array<string>(10).fill('invalid_credentials'),
      'too_many_attempts',
      'too_many_attempts',
    ]);
    expect(answers.at(-1)!.status).toBe(429);
    expect(Number(answers.at(-1)!.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    // The right password makes no difference until then, or guesses would go on.
    expect(codeOf(await signIn(email))).toBe('too_many_attempts');
  });

  test('does not hear more guesses at once than one after the other', async () => {
    const { email } = await signUp();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, guess) => signIn(email, {}, `guess ${guess} of 30`)),
    );
    expect(answers.filter((answer) => codeOf(answer) === 'invalid_credentials')).toHaveLength(10);
    expect(answers.filter((answer) => codeOf(answer) === 'too_many_attempts')).toHaveLength(20);
  });
});

describe('sessions', () => {
  test('are listed with their device and times, the newest first', async () => {
    const { email, answer: before, session } = await signUp();
    const phone = await signIn(email, { 'user-agent': `Phone/${'9'.repeat(300)}` });
    const listed = await api('GET /auth/sessions', { token: session.accessToken, after: phone });
    expect(before.status).toBe(201);
    expect(listed.body.items).toEqual([
      {
        id: phone.body.sessionId,
        device: `Phone/${'9'.repeat(194)}`,
        createdAt: expect.any(String),
        lastRefreshedAt: expect.any(String),
        expiresAt: expect.any(String),
        current: false,
      },
      expect.objectContaining({ id: session.sessionId, current: true }),
    ]);
    const again = await refresh(phone.body.refreshToken);
    const { items } = (await api('GET /auth/sessions', { token: session.accessToken, after: again })).body;
    expect(Date.parse(items[0].lastRefreshedAt)).toBeGreaterThan(Date.parse(items[0].createdAt));
    expect(Date.parse(items[0].expiresAt)).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  });

  test('end one by one: the token of the ended one is refused, the other goes on', async () => {
    const { email, session } = await signUp();
    const phone = (await signIn(email)).body as Session;
    expect((await whoAmI(phone.accessToken)).status).toBe(200);
    const ended = await api(`DELETE /auth/sessions/${phone.sessionId}`, { token: session.accessToken });
    expect(ended.status).toBe(204);
    await vi.waitFor(async () => expect(codeOf(await whoAmI(phone.accessToken))).toBe('session_ended'), seconds);
    expect(codeOf(await refresh(phone.refreshToken))).toBe('session_ended');
    expect((await whoAmI(session.accessToken)).status).toBe(200);
    const { items } = (await api('GET /auth/sessions', { token: session.accessToken, after: ended })).body;
    expect(items.map(({ id }: { id: string }) => id)).toEqual([session.sessionId]);
    // Once more changes nothing; one that never was, or is another's, is not there.
    expect((await api(`DELETE /auth/sessions/${phone.sessionId}`, { token: session.accessToken })).status).toBe(204);
    const stranger = await signUp();
    const answer = await api(`DELETE /auth/sessions/${session.sessionId}`, { token: stranger.session.accessToken });
    expect(answer).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    expect((await whoAmI(session.accessToken)).status).toBe(200);
  });

  test('end all others, or all', async () => {
    const { email, session } = await signUp();
    const others = [(await signIn(email)).body as Session, (await signIn(email)).body as Session];
    const kept = await api('DELETE /auth/sessions?except=current', { token: session.accessToken });
    expect(kept).toMatchObject({ status: 200, body: { ended: others.map(({ sessionId }) => sessionId) } });
    for (const { accessToken } of others) {
      await vi.waitFor(async () => expect(codeOf(await whoAmI(accessToken))).toBe('session_ended'), seconds);
    }
    expect((await whoAmI(session.accessToken)).status).toBe(200);
    const all = await api('DELETE /auth/sessions', { token: session.accessToken });
    expect(all.body).toEqual({ ended: [session.sessionId] });
    await vi.waitFor(async () => expect(codeOf(await whoAmI(session.accessToken))).toBe('session_ended'), seconds);
    expect(await api('DELETE /auth/sessions?except=mine', { token: session.accessToken })).toMatchObject({
      status: 401,
    });
  });

  test('end by signing out', async () => {
    const { session } = await signUp();
    expect((await api('POST /auth/signout', { token: session.accessToken })).status).toBe(204);
    await vi.waitFor(async () => {
      const answer = await whoAmI(session.accessToken);
      expect(codeOf(answer)).toBe('session_ended');
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    }, seconds);
    const verify = () => api('POST /auth/verify', { body: { token: session.accessToken } });
    await vi.waitFor(async () => expect(codeOf(await verify())).toBe('session_ended'), seconds);
    expect(codeOf(await refresh(session.refreshToken))).toBe('session_ended');
  });

  test('are nothing to who has no token', async () => {
    for (const operation of ['GET /auth/sessions', 'DELETE /auth/sessions', 'POST /auth/signout'] as const) {
      expect(await api(operation)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    }
  });
});
