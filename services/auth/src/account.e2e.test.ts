import { type Account, type Answer, api, password, signUp } from '@palaver/http/testing';
import { describe, expect, test } from 'vitest';

/** The end of an account, and what follows from it in all services. What follows elsewhere comes within moments, so it is polled for. */

const soon = { timeout: 20_000, interval: 100 };

const deleteAccount = ({ token }: Pick<Account, 'token'>, messages = 'DELETE', given = password) =>
  api('DELETE /profiles/me', { token, body: { password: given, messages } });
const signIn = ({ email }: Account) => api('POST /auth/signin', { body: { email, password } });

/** A server of `owner` that `guest` has joined. */
const newServer = async (owner: Account, guest: Account) => {
  const created = await api('POST /servers', { token: owner.token, body: { name: 'Talk' } });
  const { id, inviteCode, channels } = created.body;
  await api(`POST /invites/${inviteCode}/join`, { token: guest.token, after: created });
  return { id: id as string, channelId: channels[0].id as string };
};
const post = ({ token }: Account, channelId: string, content: string) =>
  api(`POST /channels/${channelId}/messages`, { token, body: { content } });
const history = async ({ token }: Account, channelId: string, after?: Answer) =>
  (await api(`GET /channels/${channelId}/messages`, { token, ...(after ? { after } : {}) })).body.items;

describe('DELETE /profiles/me', () => {
  test('ends the account at once: nobody finds it, and signing in is as with an unknown address', async () => {
    const [ada, bob] = [await signUp('Ada'), await signUp('Bob')];
    const deleted = await deleteAccount(ada);
    expect(deleted).toMatchObject({ status: 204, body: null });
    expect(deleted.headers.get('palaver-position')).toMatch(/^auth:\d+@\d+$/);

    expect(await api(`GET /profiles/${ada.id}`, { token: bob.token })).toMatchObject({
      status: 404,
      body: { code: 'profile_not_found' },
    });
    expect([401, 404]).toContain((await api('GET /profiles/me', { token: ada.token })).status);
    const unknown = await signIn({ ...ada, email: `nobody-${ada.email}` });
    const { requestId: _, ...told } = unknown.body;
    expect(await signIn(ada)).toMatchObject({ status: 401, body: told });
    expect(await api('POST /auth/verify', { body: { token: ada.token } })).toMatchObject({ status: 401 });
  });

  test('frees the address: who signs up with it is somebody else', async () => {
    const ada = await signUp('Ada');
    await deleteAccount(ada);
    const body = { name: 'Another Ada', email: ada.email, password };
    await expect.poll(async () => (await api('POST /auth/signup', { body })).status, soon).toBe(201);
    const again = await signIn(ada);
    expect(again.body.profile).toMatchObject({ name: 'Another Ada' });
    expect(again.body.profile.id).not.toBe(ada.id);
    expect((await api('POST /auth/signup', { body })).status).toBe(409);
  });

  test('leaves its servers, which go on, the ones that it made too', async () => {
    const [ada, bob] = [await signUp('Ada'), await signUp('Bob')];
    const [own, joined] = [await newServer(ada, bob), await newServer(bob, ada)];
    await deleteAccount(ada);
    for (const { id } of [own, joined]) {
      const members = async () =>
        (await api(`GET /servers/${id}/members`, { token: bob.token })).body.items.map(
          (one: { profileId: string }) => one.profileId,
        );
      await expect.poll(members, soon).toEqual([bob.id]);
      const { body } = await api(`GET /servers/${id}`, { token: bob.token });
      expect(body).toMatchObject({ name: 'Talk', memberCount: 1 });
    }
    expect((await post(bob, own.channelId, 'still here')).status).toBe(201);
  });

  test('DELETE: what it posted is gone, in all channels, and no number is given twice', async () => {
    const [ada, bob] = [await signUp('Ada'), await signUp('Bob')];
    const channels = [(await newServer(ada, bob)).channelId, (await newServer(bob, ada)).channelId];
    for (const channelId of channels) {
      await post(bob, channelId, 'before');
      await post(ada, channelId, 'of Ada');
    }
    await deleteAccount(ada);
    for (const channelId of channels) {
      const contents = async () => (await history(bob, channelId)).map((one: { content: string }) => one.content);
      await expect.poll(contents, soon).toEqual(['before']);
      const after = await post(bob, channelId, 'after');
      expect(after.body.seq).toBe(3);
      expect((await history(bob, channelId, after)).map((one: { seq: number }) => one.seq)).toEqual([3, 1]);
    }
  });

  test('ANONYMIZE: what it posted stays as it was, but that nobody wrote it', async () => {
    const [ada, bob] = [await signUp('Ada'), await signUp('Bob')];
    const { channelId } = await newServer(bob, ada);
    const posted = [
      await post(ada, channelId, 'first'),
      await post(bob, channelId, 'second'),
      await post(ada, channelId, 'third'),
    ];
    const [first, second, third] = posted.map(({ body }) => body);
    await deleteAccount(ada, 'ANONYMIZE');
    await expect
      .poll(() => history(bob, channelId), soon)
      .toEqual([{ ...third, authorId: null }, second, { ...first, authorId: null }]);
  });

  test('two at once delete it once', async () => {
    const ada = await signUp('Ada');
    const answers = await Promise.all([deleteAccount(ada), deleteAccount(ada)]);
    expect(answers.map(({ status }) => status)).toEqual([204, 204]);
  });

  test('asks for the password, and does nothing without', async () => {
    const ada = await signUp('Ada');
    expect(await deleteAccount(ada, 'DELETE', 'wrong horse battery')).toMatchObject({
      status: 403,
      body: { code: 'wrong_password' },
    });
    expect(await api('GET /profiles/me', { token: ada.token })).toMatchObject({
      status: 200,
      body: { email: ada.email },
    });
    expect((await signIn(ada)).status).toBe(200);
  });

  test('slows down who holds a token and guesses at the password, and does not keep its owner from signing in', async () => {
    const ada = await signUp('Ada');
    const statuses: number[] = [];
    for (let guess = 0; guess < 11; guess += 1) {
      statuses.push((await deleteAccount(ada, 'DELETE', `guess number ${guess}`)).status);
    }
    expect(statuses.at(0)).toBe(403);
    expect(await deleteAccount(ada)).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } });
    expect((await signIn(ada)).status).toBe(200);
  });

  test.each([
    ['no password', { messages: 'DELETE' }, '/password', 'required'],
    ['an empty password', { password: '', messages: 'DELETE' }, '/password', 'too_short'],
    ['a password of 129 characters', { password: 'x'.repeat(129), messages: 'DELETE' }, '/password', 'too_long'],
    ['no word about the messages', { password }, '/messages', 'invalid_value'],
    ['another word', { password, messages: 'KEEP' }, '/messages', 'invalid_value'],
    ['an unknown field', { password, messages: 'DELETE', sure: true }, '/sure', 'unknown_field'],
  ])('refuses %s', async (_, body, pointer, code) => {
    const { token } = await signUp('Ada');
    const answer = await api('DELETE /profiles/me', { token, body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input', errors: [{ pointer, code }] } });
    expect((await api('GET /profiles/me', { token })).status).toBe(200);
  });

  test('is for who is signed in', async () => {
    expect(await api('DELETE /profiles/me', { body: { password, messages: 'DELETE' } })).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
  });
});
