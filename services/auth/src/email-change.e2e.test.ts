import { type Account, api, password, signUp } from '@palaver/http/testing';
import { describe, expect, test } from 'vitest';
import { mailsTo, tokenFor } from './outbox.fixture.ts';

/** The change of an address, from who asks for it to who is told. */

const soon = { timeout: 20_000, interval: 100 };

let addresses = 0;
const newAddress = (): string => `email-${Date.now()}-${process.pid}-${addresses++}@example.com`;

const signIn = (email: string) => api('POST /auth/signin', { body: { email, password } });
const ask = ({ token }: Account, email: string, given = password) =>
  api('POST /profiles/me/email', { token, body: { email, password: given } });
const tokenOf = async (email: string): Promise<string> => {
  await expect.poll(() => tokenFor(email, 'Confirm your address'), soon).not.toBeNull();
  return (await tokenFor(email, 'Confirm your address'))!;
};
const confirm = (token: string) => api('POST /auth/email/confirm', { body: { token } });
const signUpWith = (email: string) => api('POST /auth/signup', { body: { name: 'Another', email, password } });

describe('the change of an address', () => {
  test('is asked for, confirmed from the new one, and frees the old one', async () => {
    const [ada, email] = [await signUp(), newAddress()];
    const asked = await ask(ada, email.toUpperCase());
    expect(asked.status).toBe(202);
    expect(Date.parse(asked.body.expiresAt)).toBeGreaterThan(Date.now());
    // Until it is confirmed, nothing has changed, but that nobody else can have it.
    expect((await signIn(ada.email)).status).toBe(200);
    expect((await signIn(email)).status).toBe(401);
    expect(await signUpWith(email)).toMatchObject({ status: 409, body: { code: 'email_taken' } });

    const confirmed = await confirm(await tokenOf(email));
    expect(confirmed).toMatchObject({ status: 204, body: null });
    expect((await signIn(email)).body.profile.id).toBe(ada.id);
    expect((await signIn(ada.email)).status).toBe(401);
    const { body } = await api('GET /profiles/me', { token: ada.token, after: confirmed });
    expect(body).toMatchObject({ email });
    await expect
      .poll(async () => (await mailsTo(ada.email)).map(({ subject }) => subject), soon)
      .toEqual(['Your account has another address']);
    await expect.poll(async () => (await signUpWith(ada.email)).status, soon).toBe(201);
  });

  test('confirmed twice is confirmed once', async () => {
    const [ada, email] = [await signUp(), newAddress()];
    await ask(ada, email);
    const token = await tokenOf(email);
    const together = await Promise.all([confirm(token), confirm(token)]);
    const statuses = [...together, await confirm(token)].map(({ status }) => status);
    expect(statuses).toEqual([204, 204, 204]);
    expect((await signIn(email)).status).toBe(200);
    // Once for what has happened, however often it was asked for: also when another change lies in between.
    const next = newAddress();
    await ask(ada, next);
    expect((await confirm(await tokenOf(next))).status).toBe(204);
    expect((await confirm(token)).status).toBe(204);
    const told = async (address: string) =>
      (await mailsTo(address)).filter(({ subject }) => subject === 'Your account has another address').length;
    await expect.poll(() => Promise.all([ada.email, email, next].map(told)), soon).toEqual([1, 1, 0]);
    expect((await signIn(next)).status).toBe(200);
  });

  test('of two who want one address is done for the first', async () => {
    const [ada, eve, email] = [await signUp(), await signUp(), newAddress()];
    const answers = await Promise.all([ask(ada, email), ask(eve, email)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    const first = answers[0]!.status === 202 ? ada : eve;
    expect((await confirm(await tokenOf(email))).status).toBe(204);
    expect((await signIn(email)).body.profile.id).toBe(first.id);
  });

  test('to another one before the first is confirmed leaves the account with one address', async () => {
    const [ada, first, second] = [await signUp(), newAddress(), newAddress()];
    await ask(ada, first);
    await ask(ada, second);
    expect((await confirm(await tokenOf(second))).status).toBe(204);
    expect((await confirm(await tokenOf(first))).status).toBe(204);
    expect((await signIn(first)).status).toBe(200);
    expect((await signIn(second)).status).toBe(401);
    for (const free of [ada.email, second]) {
      await expect.poll(async () => (await signUpWith(free)).status, soon).toBe(201);
    }
  });

  test('does not come about when the password was changed meanwhile', async () => {
    const [ada, email] = [await signUp(), newAddress()];
    await ask(ada, email);
    const token = await tokenOf(email);
    const body = { password, newPassword: 'battery staple horse' };
    expect((await api('POST /profiles/me/password', { token: ada.token, body })).status).toBe(204);
    expect(await confirm(token)).toMatchObject({ status: 401, body: { code: 'email_token_invalid' } });
    expect((await signIn(email)).status).toBe(401);
  });

  test('of a deleted account does not come about', async () => {
    const [ada, email] = [await signUp(), newAddress()];
    await ask(ada, email);
    const token = await tokenOf(email);
    const body = { password, messages: 'DELETE' };
    expect((await api('DELETE /profiles/me', { token: ada.token, body })).status).toBe(204);
    expect(await confirm(token)).toMatchObject({ status: 401, body: { code: 'email_token_invalid' } });
  });

  test('is refused with a wrong password, to a taken address, to its own, and to none', async () => {
    const [ada, eve] = [await signUp(), await signUp()];
    expect(await ask(ada, newAddress(), 'wrong horse battery')).toMatchObject({
      status: 403,
      body: { code: 'wrong_password' },
    });
    expect(await ask(ada, eve.email)).toMatchObject({ status: 409, body: { code: 'email_taken' } });
    expect(await ask(ada, ada.email)).toMatchObject({ status: 409, body: { code: 'email_unchanged' } });
    expect(await ask(ada, 'no address')).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    const body = { email: newAddress(), password };
    expect(await api('POST /profiles/me/email', { body })).toMatchObject({ status: 401 });
  });

  test('takes no token that nobody was mailed', async () => {
    const [ada, email] = [await signUp(), newAddress()];
    await ask(ada, email);
    const token = await tokenOf(email);
    const forged = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    for (const bad of [forged, `${token.slice(1)}A`]) {
      expect(await confirm(bad)).toMatchObject({ status: 401, body: { code: 'email_token_invalid' } });
    }
    expect((await signIn(email)).status).toBe(401);
  });
});
