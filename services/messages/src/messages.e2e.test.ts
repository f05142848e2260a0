import { type Account, type Answer, api, latest, signUp } from '@palaver/http/testing';
import { beforeAll, describe, expect, test } from 'vitest';

const nobody = '01900000-0000-7000-8000-000000000000';
let owner: Account;
let guest: Account;
let outsider: Account;

beforeAll(async () => {
  [owner, guest, outsider] = await Promise.all([signUp('Owner'), signUp('Guest'), signUp('Outsider')]);
});

type Channel = { readonly serverId: string; readonly channelId: string };

/** A new server's text channel, which the guest has joined. */
const newChannel = async (): Promise<Channel> => {
  const created = await api('POST /servers', { token: owner.token, body: { name: 'Talk' } });
  const { id: serverId, inviteCode, channels } = created.body;
  const joined = await api(`POST /invites/${inviteCode}/join`, { token: guest.token, after: created });
  expect(joined.status).toBe(200);
  return { serverId, channelId: channels[0].id };
};

const post = (channelId: string, content: string, { token }: Account = guest, headers = {}) =>
  api(`POST /channels/${channelId}/messages`, { token, body: { content }, headers });
const read = (channelId: string, query = '', { token }: Account = guest, after?: Answer) =>
  api(`GET /channels/${channelId}/messages${query}`, { token, ...(after ? { after } : {}) });
const contents = (answer: { body: { items: { content: string }[] } }) => answer.body.items.map((one) => one.content);

describe('POST /channels/:channelId/messages', () => {
  test('answers with the message, which the history shows at once', async () => {
    const { channelId, serverId } = await newChannel();
    const { status, headers, body } = await post(channelId, 'Hello, Babbage \u{1F44B}');
    expect(status).toBe(201);
    expect(headers.get('palaver-position')).toMatch(/^messages:\d+@\d+$/);
    expect(body).toMatchObject({
      channelId,
      serverId,
      authorId: guest.id,
      seq: 1,
      content: 'Hello, Babbage \u{1F44B}',
      importedAt: null,
    });
    expect((await read(channelId)).body).toEqual({ items: [body], hasMore: false });
  });

  test('with the same Idempotency-Key posts once; with another body it is refused', async () => {
    const { channelId } = await newChannel();
    const key = { 'idempotency-key': 'the-same' };
    const answers = await Promise.all([1, 2, 3, 4].map(() => post(channelId, 'once', guest, key)));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(await post(channelId, 'twice', guest, key)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    expect((await post(channelId, 'of another author', owner, key)).status).toBe(201);
    expect(contents(await read(channelId, '', owner))).toEqual(['of another author', 'once']);
  });

  test('from 20 clients at once gives a gapless seq, the same order for all', async () => {
    const { channelId } = await newChannel();
    const posted = await Promise.all(
      Array.from({ length: 100 }, (_, index) => post(channelId, `message ${index}`, index % 2 ? owner : guest)),
    );
    const seqs = posted.map(({ body }) => body.seq).sort((a, b) => a - b);
    expect(seqs).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    const page = await read(channelId, '?limit=100', guest, latest(posted));
    expect(page.body.items.map((one: { seq: number }) => one.seq)).toEqual(seqs.reverse());
    expect((await read(channelId, '?limit=100', owner, latest(posted))).body).toEqual(page.body);
  });

  test.each([
    ['neither content nor files', {}, '/content', 'too_short'],
    ['empty content', { content: '' }, '/content', 'too_short'],
    ['4,001 characters', { content: '\u{1F44B}'.repeat(4_001) }, '/content', 'too_long'],
    ['a list', { content: ['x'] }, '/content', 'invalid_type'],
    ['an unknown field', { content: 'x', seq: 7 }, '/seq', 'unknown_field'],
    ['NUL', { content: 'a\0b' }, '/content', 'invalid_text'],
  ])('refuses %s', async (_, body, pointer, code) => {
    const { channelId } = await newChannel();
    const answer = await api(`POST /channels/${channelId}/messages`, { token: guest.token, body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input', errors: [{ pointer, code }] } });
    expect((await read(channelId)).body.items).toEqual([]);
  });

  test('takes 4,000 characters of any plane', async () => {
    const { channelId } = await newChannel();
    expect((await post(channelId, '\u{1F44B}'.repeat(4_000))).status).toBe(201);
  });

  test('takes importedAt only from who may import', async () => {
    const { channelId, serverId } = await newChannel();
    const body = { content: 'long ago', importedAt: '2004-12-25T09:14:00Z' };
    const path = `POST /channels/${channelId}/messages` as const;
    expect(await api(path, { token: guest.token, body })).toMatchObject({
      status: 403,
      body: { code: 'missing_permission' },
    });
    const invite = await api(`POST /servers/${serverId}/invites`, {
      token: owner.token,
      body: { permissions: ['IMPORT_MESSAGES'] },
    });
    const importer = await signUp('Importer');
    const joined = await api(`POST /invites/${invite.body.code}/join`, { token: importer.token, after: invite });
    expect(joined.status).toBe(200);
    for (const importedAt of ['0000-06-01T00:00:00Z', '9999-12-31T23:59:59-23:59', '2004-12-25', 'x']) {
      const refused = await api(path, { token: importer.token, body: { ...body, importedAt } });
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    }
    const posted = await api(path, { token: importer.token, body });
    expect(posted).toMatchObject({ status: 201, body: { importedAt: '2004-12-25T09:14:00.000Z' } });
  });

  test('is not for outsiders, nor for channels that do not exist', async () => {
    const { channelId } = await newChannel();
    expect(await post(channelId, 'x', outsider)).toMatchObject({ status: 404, body: { code: 'channel_not_found' } });
    expect(await post(nobody, 'x')).toMatchObject({ status: 404, body: { code: 'channel_not_found' } });
    expect(await read(channelId, '', outsider)).toMatchObject({ status: 404 });
    expect(await api(`GET /channels/${channelId}/messages`)).toMatchObject({ status: 401 });
  });
});

describe('GET /channels/:channelId/messages', () => {
  test('pages before, after and around a message or a seq', async () => {
    const { channelId } = await newChannel();
    const ids: string[] = [];
    for (const content of ['1', '2', '3', '4', '5', '6', '7']) ids.push((await post(channelId, content)).body.id);
    const page = async (query: string) => {
      const answer = await read(channelId, query);
      return [contents(answer).join(''), answer.body.hasMore];
    };
    expect(await page('')).toEqual(['7654321', false]);
    expect(await page('?limit=3')).toEqual(['765', true]);
    expect(await page('?limit=3&before=5')).toEqual(['432', true]);
    expect(await page(`?limit=3&before=${ids[3]}`)).toEqual(['321', false]);
    expect(await page('?limit=3&after=2')).toEqual(['543', true]);
    expect(await page(`?limit=3&after=${ids[3]}`)).toEqual(['765', false]);
    expect(await page('?limit=3&around=4')).toEqual(['543', true]);
    expect(await page(`?limit=4&around=${ids[3]}`)).toEqual(['6543', true]);
    expect(await page('?limit=1&around=4')).toEqual(['4', true]);
    expect(await page('?limit=100&around=4')).toEqual(['7654321', false]);
  });

  test.each(['?limit=0', '?limit=101', '?limit=x', '?before=1&after=2', '?before=-1', '?colour=red'])(
    'refuses %s',
    async (query) => {
      const { channelId } = await newChannel();
      expect(await read(channelId, query)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    },
  );

  test('refuses a place that is not in the channel', async () => {
    const { channelId } = await newChannel();
    expect(await read(channelId, `?before=${nobody}`)).toMatchObject({
      status: 404,
      body: { code: 'message_not_found' },
    });
  });

  test('waits for a position, and says so when it does not come', async () => {
    const { channelId } = await newChannel();
    const path = `GET /channels/${channelId}/messages` as const;
    const position = (value: string) => api(path, { token: guest.token, headers: { 'palaver-position': value } });
    expect(await position('messages:0@999999999')).toMatchObject({ status: 503, body: { code: 'not_yet_visible' } });
    expect(await position('nonsense')).toMatchObject({ status: 400, body: { code: 'malformed_header' } });
  });
});
