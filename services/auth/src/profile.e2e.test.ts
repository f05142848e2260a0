import { type Account, api, signUp } from '@palaver/http/testing';
import { describe, expect, test } from 'vitest';

/** What is shown of people, and how they change it. */

const avatarUrl = 'https://example.com/ada.png';
const change = ({ token }: Account, body: object, headers = {}) => api('PATCH /profiles/me', { token, body, headers });
const own = ({ token }: Account, headers = {}) => api('GET /profiles/me', { token, headers });

describe('PATCH /profiles/me', () => {
  test('changes name and picture, for oneself and for others', async () => {
    const [ada, bob] = [await signUp('Ada'), await signUp('Bob')];
    const changed = await change(ada, { name: 'Countess', avatarUrl });
    expect(changed).toMatchObject({ status: 200, body: { id: ada.id, name: 'Countess', avatarUrl } });
    expect((await own(ada)).body).toMatchObject(changed.body);
    const seen = await api(`GET /profiles/${ada.id}`, { token: bob.token, after: changed });
    expect(seen.body).toEqual(changed.body);
    expect(seen.headers.get('etag')).toBe(changed.headers.get('etag'));
    expect((await change(ada, { avatarUrl: null })).body).toMatchObject({ name: 'Countess', avatarUrl: null });
  });

  test('of two who have read the same is done for one, and told to the other', async () => {
    const ada = await signUp('Ada');
    const etag = (await own(ada)).headers.get('etag')!;
    const answers = await Promise.all(['One', 'Other'].map((name) => change(ada, { name }, { 'if-match': etag })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    const lost = answers.find(({ status }) => status === 412)!;
    expect(lost.body.code).toBe('precondition_failed');
    const read = await own(ada);
    expect(read.body.name).toBe(answers.find(({ status }) => status === 200)!.body.name);
    const again = await change(ada, { name: 'Other' }, { 'if-match': read.headers.get('etag')! });
    expect(again).toMatchObject({ status: 200, body: { name: 'Other' } });
    expect((await change(ada, { name: 'Any' }, { 'if-match': '*' })).status).toBe(200);
  });

  test('is not sent again to who has it', async () => {
    const ada = await signUp('Ada');
    const etag = (await own(ada)).headers.get('etag')!;
    expect(await own(ada, { 'if-none-match': etag })).toMatchObject({ status: 304, body: null });
    const changed = await change(ada, { name: 'Countess' });
    expect(changed.headers.get('etag')).not.toBe(etag);
    expect((await own(ada, { 'if-none-match': etag })).status).toBe(200);
  });

  test.each([
    ['an empty name', { name: '' }, '/name'],
    ['a name of 33 characters', { name: 'x'.repeat(33) }, '/name'],
    ['a picture that is not https', { avatarUrl: 'http://example.com/a.png' }, '/avatarUrl'],
    ['a picture that is a script', { avatarUrl: 'javascript:alert(1)' }, '/avatarUrl'],
    ['a long address', { avatarUrl: `https://example.com/${'x'.repeat(2_048)}` }, '/avatarUrl'],
    ['an unknown field', { email: 'a@example.com' }, '/email'],
  ])('refuses %s', async (_, body, pointer) => {
    const ada = await signUp('Ada');
    expect(await change(ada, body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_input', errors: [{ pointer }] },
    });
    expect((await own(ada)).body).toMatchObject({ name: 'Ada', avatarUrl: null });
  });

  test('refuses an entity tag that is none', async () => {
    const ada = await signUp('Ada');
    expect(await change(ada, { name: 'A' }, { 'if-match': '1' })).toMatchObject({ status: 400 });
    expect(await change(ada, { name: 'A' }, { 'if-match': '"99"' })).toMatchObject({ status: 412 });
  });

  test('is for who is signed in', async () => {
    expect(await api('PATCH /profiles/me', { body: { name: 'A' } })).toMatchObject({ status: 401 });
  });
});
