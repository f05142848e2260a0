import { type Account, type Answer, api, signUp } from '@palaver/http/testing';
import { beforeAll, describe, expect, test } from 'vitest';

/** Searching through the gateway, which shows each what they have done; `after`, what somebody else has. */

let owner: Account;
let guest: Account;
let outsider: Account;
let serverId: string;
let talk: string;
let offtopic: string;
let last: Answer;
const posted: Record<string, { readonly id: string; readonly createdAt: string }> = {};

const said = {
  question: 'Does anybody know why the kernel panics?',
  answer: 'Which kernel? See https://kernel.org/doc',
  aside: 'kernel panic is also a good name for a band',
  other: 'Lunch?',
} as const;
type Name = keyof typeof said;

const post = async (by: Account, channelId: string, content: string): Promise<Answer> => {
  const answer = await api(`POST /channels/${channelId}/messages`, { token: by.token, body: { content }, after: last });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer;
};

beforeAll(async () => {
  [owner, guest, outsider] = await Promise.all([signUp('Owner'), signUp('Guest'), signUp('Outsider')]);
  last = await api('POST /servers', { token: owner.token, body: { name: 'Search' } });
  serverId = last.body.id;
  talk = last.body.channels[0].id;
  const joined = await api(`POST /invites/${last.body.inviteCode}/join`, { token: guest.token, after: last });
  expect(joined.status).toBe(200);
  last = await api(`POST /servers/${serverId}/channels`, { token: owner.token, body: { name: 'offtopic' } });
  offtopic = last.body.id;
  const posts: readonly (readonly [Account, string, Name])[] = [
    [guest, talk, 'question'],
    [owner, talk, 'answer'],
    [owner, offtopic, 'aside'],
    [guest, offtopic, 'other'],
  ];
  for (const [by, channelId, name] of posts) posted[name] = (await post(by, channelId, said[name])).body;
});

type Asked = Readonly<Record<string, string | number>>;
const search = (asked: Asked, { by = guest, after }: { by?: Account; after?: Answer } = {}): Promise<Answer> => {
  const query = new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)]));
  return api(`GET /messages/search?${query}`, { token: by.token, ...(after ? { after } : {}) });
};
/** Which of the messages are found, newest first. */
const found = async (asked: Asked): Promise<readonly string[]> => {
  const { status, body } = await search(asked, { after: last });
  expect(status, JSON.stringify(body)).toBe(200);
  const names = Object.keys(said).filter((name) => name in posted);
  return body.items.map(({ id }: { id: string }) => names.find((name) => posted[name]!.id === id) ?? id);
};
const code = ({ status, body }: Answer): unknown => (status < 400 ? status : body.code);

test('answers with messages as the history does', async () => {
  const { body } = await search({ channelId: talk, text: 'panics' });
  const history = await api(`GET /channels/${talk}/messages/${posted.question!.id}`, { token: guest.token });
  expect(body).toEqual({ items: [history.body], hasMore: false });
});

test('finds in a channel, or in a server, by words, phrases and without what is excluded', async () => {
  expect(await found({ serverId, text: 'kernel' })).toEqual(['aside', 'answer', 'question']);
  expect(await found({ channelId: talk, text: 'kernel' })).toEqual(['answer', 'question']);
  expect(await found({ serverId, text: 'kernels panic' })).toEqual(['aside', 'question']);
  expect(await found({ serverId, text: '"good name"' })).toEqual(['aside']);
  expect(await found({ serverId, text: '"name good"' })).toEqual([]);
  // "panics" is met by its stem.
  expect(await found({ serverId, text: '"kernel panic"' })).toEqual(['aside', 'question']);
  expect(await found({ serverId, text: 'kernel -panic -panics' })).toEqual(['answer']);
  expect(await found({ serverId, text: 'band or lunch' })).toEqual(['other', 'aside']);
  expect(await found({ serverId, text: 'nobody' })).toEqual([]);
});

test('finds by author, time and link, alone or together', async () => {
  expect(await found({ serverId, authorId: guest.id })).toEqual(['other', 'question']);
  expect(await found({ serverId, has: 'link' })).toEqual(['answer']);
  expect(await found({ serverId, has: 'link', authorId: guest.id })).toEqual([]);
  expect(await found({ serverId, text: 'kernel', authorId: owner.id })).toEqual(['aside', 'answer']);
  const [from, until] = [posted.answer!.createdAt, posted.aside!.createdAt];
  expect(await found({ serverId, from })).toEqual(['other', 'aside', 'answer']);
  expect(await found({ serverId, until })).toEqual(['answer', 'question']);
  expect(await found({ serverId, from, until, text: 'kernel' })).toEqual(['answer']);
});

test('in pages, finds every hit once', async () => {
  const word = `word${Date.now()}`;
  const posts = [];
  for (let count = 0; count < 25; count += 1)
    posts.push(await post(guest, count % 2 ? talk : offtopic, `${word} ${count}`));
  const expected = posts.map(({ body }) => body.id).reverse();
  for (const limit of [1, 7, 25]) {
    const ids: string[] = [];
    for (;;) {
      const { body } = await search({
        serverId,
        text: word,
        limit,
        ...(ids.length > 0 ? { before: ids.at(-1)! } : {}),
      });
      expect(body.items.length).toBeGreaterThan(0);
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      if (!body.hasMore) break;
    }
    expect(ids).toEqual(expected);
  }
});

describe('what was said', () => {
  test('and deleted is found no more, at once', async () => {
    const { body } = await post(guest, talk, 'an embarrassing remark');
    expect((await search({ channelId: talk, text: 'embarrassing' })).body.items).toHaveLength(1);
    const deleted = await api(`DELETE /channels/${talk}/messages/${body.id}`, { token: guest.token });
    expect(deleted.status).toBe(204);
    for (const by of [guest, owner]) {
      const answer = await search({ channelId: talk, text: 'embarrassing' }, { by, after: deleted });
      expect(answer.body).toEqual({ items: [], hasMore: false });
    }
  });

  test('and edited is found by what it says now, at once', async () => {
    const { body } = await post(guest, talk, 'a mispelled remark');
    const edit = { content: 'a misspelt remark, see http://dictionary.example' };
    const edited = await api(`PATCH /channels/${talk}/messages/${body.id}`, { token: guest.token, body: edit });
    expect(edited.status).toBe(200);
    expect((await search({ channelId: talk, text: 'mispelled' }, { by: owner, after: edited })).body.items).toEqual([]);
    const { items } = (await search({ serverId, text: 'misspelt', has: 'link' }, { by: owner, after: edited })).body;
    expect(items).toMatchObject([{ id: body.id, ...edit, editedAt: edited.body.editedAt }]);
  });
});

test('what happens while it is searched for is shown in one of its states, or not at all', async () => {
  const { body } = await post(guest, talk, 'turning zero');
  const path = `/channels/${talk}/messages/${body.id}` as const;
  const edits = async () => {
    for (const content of ['turning one', 'turning two', 'turning three']) {
      await api(`PATCH ${path}`, { token: guest.token, body: { content } });
    }
  };
  const searches = async () => {
    for (let count = 0; count < 20; count += 1) {
      // By who does not wait for the edits.
      const { items } = (await search({ channelId: talk, text: 'zero' }, { by: owner })).body;
      for (const { content } of items) expect(content).toBe('turning zero');
    }
  };
  await Promise.all([edits(), searches()]);
});

test('for a ruled line finds nothing', async () => {
  expect((await search({ channelId: talk, text: '-'.repeat(60) })).body).toEqual({ items: [], hasMore: false });
});

describe('access', () => {
  test('is to what one may see', async () => {
    const token = owner.token;
    last = await api(`POST /servers/${serverId}/channels`, { token, body: { name: 'secret' } });
    const secret = last;
    const { body } = await post(owner, secret.body.id, 'a kernel of truth');
    last = await api(`PUT /servers/${serverId}/channels/${secret.body.id}/overwrites/roles/GUEST`, {
      token,
      body: { deny: ['VIEW_CHANNEL'] },
    });
    expect(last.status).toBe(204);
    const truth = { serverId, text: 'truth' };
    expect((await search(truth, { by: owner, after: last })).body.items.map(({ id }: { id: string }) => id)).toEqual([
      body.id,
    ]);
    expect((await search(truth, { after: last })).body).toEqual({ items: [], hasMore: false });
    expect(await found({ serverId, text: 'kernel' })).toEqual(['aside', 'answer', 'question']);
    expect(code(await search({ channelId: secret.body.id, text: 'truth' }, { after: last }))).toBe('channel_not_found');
    expect(code(await search({ ...truth, before: body.id }, { after: last }))).toBe('message_not_found');
  });

  test('is not for outsiders, nor to what does not exist', async () => {
    const nowhere = crypto.randomUUID();
    const text = 'kernel';
    expect(code(await search({ serverId, text }, { by: outsider }))).toBe('server_not_found');
    expect(code(await search({ channelId: talk, text }, { by: outsider }))).toBe('channel_not_found');
    expect(code(await search({ serverId: nowhere, text }))).toBe('server_not_found');
    expect(code(await search({ channelId: nowhere, text }))).toBe('channel_not_found');
    expect(code(await search({ serverId, text, before: nowhere }))).toBe('message_not_found');
    expect((await api(`GET /messages/search?serverId=${serverId}&text=kernel`)).status).toBe(401);
  });
});

test.each<[string, (is: { serverId: string; channelId: string }) => Asked]>([
  ['nowhere', () => ({ text: 'x' })],
  ['in a server and a channel', (is) => ({ ...is, text: 'x' })],
  ['for nothing', ({ serverId }) => ({ serverId })],
  ['for an empty text', ({ serverId }) => ({ serverId, text: '' })],
  ['for a long text', ({ serverId }) => ({ serverId, text: 'x'.repeat(201) })],
  ['for what messages do not have', ({ serverId }) => ({ serverId, has: 'image' })],
  ['from a day', ({ serverId }) => ({ serverId, from: '2026-01-01' })],
  ['until some time', ({ serverId }) => ({ serverId, until: 'later' })],
  ['by a name', ({ serverId }) => ({ serverId, authorId: 'Ada' })],
  ['for no messages', ({ serverId }) => ({ serverId, text: 'x', limit: 0 })],
  ['for too many messages', ({ serverId }) => ({ serverId, text: 'x', limit: 101 })],
  ['before a seq', ({ serverId }) => ({ serverId, text: 'x', before: 7 })],
  ['by a parameter that nobody reads', ({ serverId }) => ({ serverId, text: 'x', page: 2 })],
])('a search %s is refused', async (_, asked) => {
  const answer = await search(asked({ serverId, channelId: talk }));
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
});
