import { createHash, randomBytes } from 'node:crypto';
import { type Account, type Answer, api, gatewayUrl, password, signUp } from '@palaver/http/testing';
import { beforeAll, describe, expect, test } from 'vitest';

/** Pictures of profiles and servers that are files, through the gateway: sent here, shown by other services, seen by everybody. */

let owner: Account;
let guest: Account;
let outsider: Account;
let serverId: string;
let channelId: string;
let inviteCode: string;
const soon = { timeout: 20_000, interval: 100 };

beforeAll(async () => {
  [owner, guest, outsider] = await Promise.all([signUp('Owner'), signUp('Guest'), signUp('Outsider')]);
  const created = await api('POST /servers', { token: owner.token, body: { name: 'Gallery' } });
  serverId = created.body.id;
  channelId = created.body.channels[0].id;
  inviteCode = created.body.inviteCode;
  const joined = await api(`POST /invites/${inviteCode}/join`, { token: guest.token, after: created });
  expect(joined.status).toBe(200);
});

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEklEQVQImWP4z8AAQVDqPwMDAEHSBfsYFwTiAAAAAElFTkSuQmCC',
  'base64',
);
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const code = ({ status, body }: Answer): unknown => (status < 400 ? status : body.code);

type Sent = { readonly by?: Account; readonly bytes?: Uint8Array; readonly type?: string; readonly query?: string };
/** Streamed through the service. */
const send = async ({ by = owner, bytes = png, type = 'image/png', query = 'purpose=AVATAR' }: Sent = {}) => {
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(bytes)], { type }), 'me.png');
  const headers = { authorization: `Bearer ${by.token}` };
  const response = await fetch(`${gatewayUrl()}/api/files?${query}`, { method: 'POST', headers, body: form });
  const body: Answer['body'] = await response.json();
  return { status: response.status, headers: response.headers, body };
};
const sent = async (about: Sent = {}): Promise<string> => {
  const answer = await send(about);
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 });
  return answer.body.id;
};
const show = (body: object, by = owner) => api('PATCH /profiles/me', { token: by.token, body });
const addressOf = async (id: string, by = owner): Promise<string> =>
  (await api(`GET /files/${id}/address`, { token: by.token })).body.url;
const picture = (id: string): string => `${gatewayUrl()}/api/files/${id}/picture`;
const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

describe('an avatar', () => {
  test('is sent, chosen, and seen by everybody at one address', async () => {
    const answer = await send();
    const { id } = answer.body;
    expect(answer.body).toMatchObject({ purpose: 'AVATAR', ownerId: owner.id, channelId: null, serverId: null });
    const chosen = await show({ avatarFileId: id });
    expect(chosen).toMatchObject({ status: 200, body: { name: 'Owner', avatarFileId: id } });
    const { avatarUrl } = chosen.body;
    const seen = await api(`GET /profiles/${owner.id}`, { token: outsider.token, after: chosen });
    expect(seen.body).toEqual(chosen.body);
    expect((await api('GET /profiles/me', { token: owner.token })).body).toMatchObject({ avatarUrl, avatarFileId: id });
    await expect.poll(() => statusOf(avatarUrl), soon).toBe(200);
    const { headers, ...shown } = await fetch(avatarUrl).then(async (one) => ({
      headers: one.headers,
      bytes: Buffer.from(await one.arrayBuffer()),
    }));
    expect(shown.bytes).toEqual(png);
    expect(headers.get('content-type')).toBe('image/png');
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(headers.get('content-disposition')).toMatch(/^inline; filename="me.png"/);
    const again = await fetch(avatarUrl, { headers: { 'if-none-match': headers.get('etag')! } });
    expect(again.status).toBe(304);
    expect(await api('POST /auth/signin', { body: { email: owner.email, password } })).toMatchObject({
      body: { profile: { avatarUrl, avatarFileId: id } },
    });
  });

  test('has a small one', async () => {
    const small = `${picture(await sent())}?size=thumbnail`;
    await expect.poll(() => statusOf(small), soon).toBe(200);
    const answer = await fetch(small);
    expect(answer.headers.get('content-type')).toBe('image/webp');
    expect(Buffer.from(await answer.arrayBuffer()).toString('latin1', 8, 12)).toBe('WEBP');
    expect(await statusOf(`${picture(crypto.randomUUID())}?size=thumbnail`)).toBe(404);
    expect(await statusOf(`${picture(crypto.randomUUID())}?size=huge`)).toBe(400);
  });

  test('comes straight to the store, too', async () => {
    const body = { purpose: 'AVATAR', name: 'me.png', type: 'image/png', size: png.length };
    const begun = await api('POST /files/uploads', { token: owner.token, body });
    expect(begun, JSON.stringify(begun.body)).toMatchObject({ status: 201 });
    const form = new FormData();
    for (const [name, value] of Object.entries(begun.body.post.fields as Record<string, string>))
      form.append(name, value);
    form.append('file', new Blob([new Uint8Array(png)]));
    expect(await fetch(begun.body.post.url, { method: 'POST', body: form })).toMatchObject({ ok: true });
    const done = await api(`POST /files/uploads/${begun.body.id}/complete`, { token: owner.token });
    expect(done).toMatchObject({ status: 200, body: { purpose: 'AVATAR', channelId: null, sha256: hashOf(png) } });
    expect(code(await show({ avatarFileId: begun.body.id }))).toBe(200);
  });

  const most = 8 * 1024 * 1024;
  test.each([
    ['a text', { bytes: Buffer.from('hello'), type: 'text/plain' }, 'not_a_picture'],
    [
      'an SVG',
      { bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), type: 'image/svg+xml' },
      'not_a_picture',
    ],
    ['a text that says it is a PNG', { bytes: Buffer.from('hello') }, 'file_type_mismatch'],
    [
      'an image without dimensions',
      { bytes: Buffer.from('RIFF\x04\0\0\0WEBPnone'), type: 'image/webp' },
      'file_type_mismatch',
    ],
    ['more than 8 MiB', { bytes: Buffer.concat([png, randomBytes(most)]) }, 'file_too_large'],
    ['a channel', { query: `purpose=AVATAR&channelId=${crypto.randomUUID()}` }, 'invalid_input'],
    ['a server', { query: `purpose=AVATAR&serverId=${crypto.randomUUID()}` }, 'invalid_input'],
    ['another purpose', { query: 'purpose=BANNER' }, 'invalid_input'],
  ])('is refused with %s', async (_, about, refusal) => {
    expect(code(await send(about))).toBe(refusal);
  });

  test('is refused before it comes to the store, when it is no picture or too large', async () => {
    const begin = (about: object) =>
      api('POST /files/uploads', {
        token: owner.token,
        body: { purpose: 'AVATAR', name: 'x', type: 'image/png', size: 10, ...about },
      });
    expect(await begin({ type: 'video/mp4' })).toMatchObject({
      status: 422,
      body: { code: 'not_a_picture', errors: [{ pointer: '/type' }] },
    });
    expect(code(await begin({ size: most + 1 }))).toBe('file_too_large');
    expect(await begin({ channelId })).toMatchObject({ status: 400, body: { errors: [{ pointer: '/channelId' }] } });
  });

  test('is a file of who shows it, sent as one, that is there', async () => {
    const deleted = await sent();
    expect(code(await api(`DELETE /files/${deleted}`, { token: owner.token }))).toBe(204);
    const others = {
      nobodys: crypto.randomUUID(),
      theirs: await sent({ by: guest }),
      attachment: await sent({ query: `channelId=${channelId}` }),
      ofServer: await sent({ query: `purpose=SERVER_IMAGE&serverId=${serverId}` }),
      deleted,
    };
    const before = (await api('GET /profiles/me', { token: owner.token })).body;
    for (const [what, avatarFileId] of Object.entries(others)) {
      expect(await show({ avatarFileId }), what).toMatchObject({
        status: 422,
        body: { code: 'picture_not_found', errors: [{ pointer: '/avatarFileId' }] },
      });
    }
    expect((await api('GET /profiles/me', { token: owner.token })).body).toEqual(before);
    expect(await statusOf(picture(others.attachment))).toBe(404);
    const both = { avatarFileId: await sent(), avatarUrl: 'https://example.com/a.png' };
    expect(await show(both)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/avatarFileId' }] } });
    expect(await show({ avatarFileId: 'x' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/avatarFileId' }] },
    });
  });

  test('goes when another takes its place, to the last byte', async () => {
    const ada = await signUp('Ada');
    const [first, second] = [await sent({ by: ada }), await sent({ by: ada })];
    const [ofFirst, ofSecond] = [await addressOf(first, ada), await addressOf(second, ada)];
    expect(code(await show({ avatarFileId: first }, ada))).toBe(200);
    expect((await show({ avatarFileId: second }, ada)).body).toMatchObject({ avatarFileId: second });
    await expect.poll(() => statusOf(ofFirst), soon).toBe(404);
    expect([await statusOf(picture(first)), await statusOf(ofSecond)]).toEqual([404, 200]);
    const elsewhere = 'https://example.com/ada.png';
    expect((await show({ avatarUrl: elsewhere }, ada)).body).toMatchObject({
      avatarUrl: elsewhere,
      avatarFileId: null,
    });
    await expect.poll(() => statusOf(ofSecond), soon).toBe(404);
    const third = await sent({ by: ada });
    const ofThird = await addressOf(third, ada);
    expect((await show({ avatarFileId: third }, ada)).body).toMatchObject({ avatarFileId: third });
    expect((await show({ avatarFileId: null }, ada)).body).toMatchObject({ avatarUrl: null, avatarFileId: null });
    await expect.poll(() => statusOf(ofThird), soon).toBe(404);
  });

  test('that its owner deletes is shown no more', async () => {
    const ada = await signUp('Ada');
    const id = await sent({ by: ada });
    expect(code(await show({ avatarFileId: id }, ada))).toBe(200);
    const deleted = await api(`DELETE /files/${id}`, { token: ada.token });
    const seen = await api(`GET /profiles/${ada.id}`, { token: guest.token, after: deleted });
    expect(seen.body).toMatchObject({ avatarUrl: null, avatarFileId: null });
    await expect.poll(() => statusOf(picture(id)), soon).toBe(404);
  });

  test('goes with the account', async () => {
    const ada = await signUp('Ada');
    const [chosen, spare] = [await sent({ by: ada }), await sent({ by: ada })];
    const addresses = [await addressOf(chosen, ada), await addressOf(spare, ada)];
    expect(code(await show({ avatarFileId: chosen }, ada))).toBe(200);
    const gone = { password, messages: 'DELETE' };
    expect(code(await api('DELETE /profiles/me', { token: ada.token, body: gone }))).toBe(204);
    for (const address of addresses) await expect.poll(() => statusOf(address), soon).toBe(404);
    expect(await statusOf(picture(chosen))).toBe(404);
  });
});

describe("a server's picture", () => {
  const forServer = (id = serverId) => `purpose=SERVER_IMAGE&serverId=${id}`;
  const change = (body: object, by = owner, id = serverId) => api(`PATCH /servers/${id}`, { token: by.token, body });

  test('is chosen by who may manage it, and shown where the server is', async () => {
    const answer = await send({ query: forServer() });
    expect(answer.body).toMatchObject({ purpose: 'SERVER_IMAGE', channelId: null, serverId });
    const { id } = answer.body;
    const changed = await change({ imageFileId: id });
    expect(changed).toMatchObject({ status: 200, body: { imageFileId: id } });
    const { imageUrl } = changed.body;
    const pictured = { imageUrl, imageFileId: id };
    const asGuest = { token: guest.token, after: changed };
    expect((await api(`GET /servers/${serverId}`, asGuest)).body).toMatchObject(pictured);
    expect((await api('GET /servers', asGuest)).body.items).toMatchObject([pictured]);
    const asOutsider = { token: outsider.token, after: changed };
    expect((await api(`GET /invites/${inviteCode}`, asOutsider)).body.server).toMatchObject(pictured);
    await expect.poll(() => statusOf(imageUrl), soon).toBe(200);
  });

  test('is sent by who may manage the server', async () => {
    expect(code(await send({ by: guest, query: forServer() }))).toBe('missing_permission');
    expect(code(await send({ by: outsider, query: forServer() }))).toBe('server_not_found');
    const own = await sent({ by: guest, query: 'purpose=SERVER_IMAGE' });
    expect(code(await change({ imageFileId: own }, guest))).toBe('picture_not_found');
    const role = { token: owner.token, body: { role: 'ADMIN' } };
    expect(code(await api(`PUT /servers/${serverId}/members/${guest.id}/role`, role))).toBeLessThan(300);
    await expect.poll(async () => code(await send({ by: guest, query: forServer() })), soon).toBe(201);
    const theirs = await sent({ by: guest, query: forServer() });
    expect(code(await change({ imageFileId: theirs }))).toBe('picture_not_found');
    expect(code(await change({ imageFileId: theirs }, guest))).toBe(200);
  });

  test('comes with a new server, and belongs to one', async () => {
    const id = await sent({ query: 'purpose=SERVER_IMAGE' });
    const create = (body: object) => api('POST /servers', { token: owner.token, body: { name: 'New', ...body } });
    const created = await create({ imageFileId: id });
    expect(created).toMatchObject({ status: 201, body: { imageFileId: id } });
    const read = await api(`GET /servers/${created.body.id}`, { token: owner.token });
    expect(read.body).toMatchObject({ imageUrl: created.body.imageUrl, imageFileId: id });
    const elsewhere = await sent({ query: forServer() });
    const refused = { status: 422, body: { code: 'picture_not_found', errors: [{ pointer: '/imageFileId' }] } };
    expect(await create({ imageFileId: elsewhere })).toMatchObject(refused);
    expect(await change({ imageFileId: elsewhere }, owner, created.body.id)).toMatchObject(refused);
    expect(await create({ imageFileId: id, imageUrl: 'https://example.com/a.png' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/imageFileId' }] },
    });
  });

  test('goes when another takes its place, and with the server', async () => {
    const first = await sent({ query: 'purpose=SERVER_IMAGE' });
    const created = await api('POST /servers', { token: owner.token, body: { name: 'Old', imageFileId: first } });
    const { id } = created.body;
    const second = await sent({ query: forServer(id) });
    const [ofFirst, ofSecond] = [await addressOf(first), await addressOf(second)];
    expect((await change({ imageFileId: second }, owner, id)).body).toMatchObject({ imageFileId: second });
    await expect.poll(() => statusOf(ofFirst), soon).toBe(404);
    expect(await statusOf(ofSecond)).toBe(200);
    expect(code(await api(`DELETE /servers/${id}`, { token: owner.token }))).toBe(204);
    await expect.poll(() => statusOf(ofSecond), soon).toBe(404);
    expect(await statusOf(picture(second))).toBe(404);
  });
});
