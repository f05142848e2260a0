import { createHash, randomBytes } from 'node:crypto';
import { type Account, type Answer, api, gatewayUrl, password, signUp } from '@palaver/http/testing';
import { beforeAll, describe, expect, test } from 'vitest';

/** Files through the gateway, on a real object store. */

let owner: Account;
let guest: Account;
let outsider: Account;
let serverId: string;
let channelId: string;
const soon = { timeout: 20_000, interval: 100 };

beforeAll(async () => {
  [owner, guest, outsider] = await Promise.all([signUp('Owner'), signUp('Guest'), signUp('Outsider')]);
  const created = await api('POST /servers', { token: owner.token, body: { name: 'Talk' } });
  serverId = created.body.id;
  channelId = created.body.channels[0].id;
  const joined = await api(`POST /invites/${created.body.inviteCode}/join`, { token: guest.token, after: created });
  expect(joined.status).toBe(200);
});

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEklEQVQImWP4z8AAQVDqPwMDAEHSBfsYFwTiAAAAAElFTkSuQmCC',
  'base64',
);
const zip = Buffer.from('UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', 'base64');
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const code = ({ status, body }: Answer): unknown => (status < 400 ? status : body.code);

type Sent = {
  bytes?: Uint8Array;
  name?: string;
  type?: string;
  by?: Account;
  query?: string;
  headers?: Record<string, string>;
};
/** Streamed through the service. */
const send = async ({
  bytes = png,
  name = 'cat.png',
  type = 'image/png',
  by = owner,
  query = '',
  headers = {},
}: Sent = {}) => {
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(bytes)], { type }), name);
  const response = await fetch(`${gatewayUrl()}/api/files?channelId=${channelId}${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${by.token}`, ...headers },
    body: form,
  });
  const body: Answer['body'] = await response.json();
  return { status: response.status, headers: response.headers, body };
};
const get = (path: string, by: Account, headers: Record<string, string> = {}) =>
  fetch(`${gatewayUrl()}/api${path}`, { headers: { authorization: `Bearer ${by.token}`, ...headers } });
const download = async (id: string, by: Account, headers: Record<string, string> = {}) => {
  const answer = await get(`/files/${id}/content`, by, headers);
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
};
const post = (attachments: readonly string[], by = owner, about: object = { content: 'look' }) =>
  api(`POST /channels/${channelId}/messages`, { token: by.token, body: { ...about, attachments } });
const remaining = async (id: string) => (await get(`/files/${id}`, owner)).status;

describe('a file that is streamed', () => {
  test('is kept as it is, for its owner until it hangs on a message', async () => {
    const sent = await send();
    expect(sent, JSON.stringify(sent.body)).toMatchObject({
      status: 201,
      body: { ownerId: owner.id, channelId, messageId: null, name: 'cat.png', type: 'image/png', size: png.length },
    });
    expect(sent.body).toMatchObject({ sha256: hashOf(png), width: 3, height: 2 });
    const { id } = sent.body;
    expect((await api(`GET /files/${id}`, { token: owner.token })).body).toMatchObject({ id, sha256: hashOf(png) });
    const mine = await download(id, owner);
    expect([mine.status, mine.bytes]).toEqual([200, png]);
    expect(code(await api(`GET /files/${id}`, { token: guest.token, after: sent }))).toBe('file_not_found');
    const posted = await post([id]);
    expect(posted.body).toMatchObject({ attachments: [{ id, name: 'cat.png', size: png.length, width: 3 }] });
    const read = await api(`GET /channels/${channelId}/messages?limit=1`, { token: guest.token, after: posted });
    expect(read.body.items).toMatchObject([{ id: posted.body.id, attachments: [{ id, name: 'cat.png' }] }]);
    const theirs = await api(`GET /files/${id}`, { token: guest.token, after: posted });
    expect(theirs.body).toMatchObject({ messageId: posted.body.id });
    expect((await download(id, guest)).bytes).toEqual(png);
    expect(code(await api(`GET /files/${id}`, { token: outsider.token, after: posted }))).toBe('file_not_found');
  });

  test('is handed out so that nothing runs, by any name', async () => {
    const html = Buffer.from('<!doctype html><script>alert(1)</script>');
    const { body } = await send({ bytes: html, name: '../../k\u00e4tzchen "\u{1F63A}".html', type: 'text/html' });
    expect(body.name).toBe('k\u00e4tzchen "\u{1F63A}".html');
    const { headers } = await download(body.id, owner);
    expect(headers.get('content-disposition')).toMatch(
      /^attachment; filename="[^"]*"; filename\*=UTF-8''k%C3%A4tzchen/,
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(headers.get('content-type')).toMatch(/^text\/html/);
  });

  test('comes in ranges', async () => {
    const bytes = randomBytes(300_000);
    const { body } = await send({ bytes, name: 'noise', type: 'application/octet-stream' });
    const part = async (range: string) => {
      const { status, bytes: got, headers } = await download(body.id, owner, { range });
      return [status, headers.get('content-range'), hashOf(got)];
    };
    expect(await part('bytes=10-19')).toEqual([206, 'bytes 10-19/300000', hashOf(bytes.subarray(10, 20))]);
    expect(await part('bytes=-5')).toEqual([206, 'bytes 299995-299999/300000', hashOf(bytes.subarray(-5))]);
    expect(await part('bytes=299999-')).toEqual([206, 'bytes 299999-299999/300000', hashOf(bytes.subarray(-1))]);
    expect((await part('bytes=1-2,5-6')).slice(0, 2)).toEqual([200, null]);
    expect((await part('nonsense'))[0]).toBe(200);
    expect((await part('bytes=300000-')).slice(0, 2)).toEqual([416, 'bytes */300000']);
    const { headers } = await download(body.id, owner);
    const cached = await download(body.id, owner, { 'if-none-match': headers.get('etag')! });
    expect(cached.status).toBe(304);
  });

  test('comes from the store by an address that is good for a minute', async () => {
    const { body } = await send();
    const address = await api(`GET /files/${body.id}/address`, { token: owner.token });
    const answer = await fetch(address.body.url);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(png);
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(answer.headers.get('content-disposition')).toContain('cat.png');
  });

  test.each([
    ['a zip named .png', { bytes: zip }, 'file_type_mismatch'],
    ['a PNG that says it is text', { type: 'text/plain' }, 'file_type_mismatch'],
    ['a text that says it is a PNG', { bytes: Buffer.from('X5O!P%@AP EICAR') }, 'file_type_mismatch'],
    ['no bytes', { bytes: Buffer.alloc(0), type: 'text/plain' }, 'file_empty'],
    ['another checksum', { query: `&sha256=${'a'.repeat(64)}` }, 'file_checksum_mismatch'],
    ['26 MB', { bytes: Buffer.alloc(26 * 1024 * 1024 + 1), type: 'application/octet-stream' }, 'file_too_large'],
  ])('is refused with %s', async (_, sent, refusal) => {
    const before = (await api('GET /files', { token: owner.token })).body;
    expect(code(await send(sent))).toBe(refusal);
    await expect
      .poll(async () => (await api('GET /files', { token: owner.token })).body.usedBytes, soon)
      .toBe(before.usedBytes);
  });

  test('with the right checksum is kept', async () => {
    expect(code(await send({ query: `&sha256=${hashOf(png)}` }))).toBe(201);
  });

  test('that announces 10 GB is refused before it comes', async () => {
    const response = await fetch(`${gatewayUrl()}/api/files/uploads`, {
      method: 'POST',
      headers: { authorization: `Bearer ${owner.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channelId, name: 'big', type: 'video/mp4', size: 10 * 1024 ** 3 }),
    });
    expect([response.status, await response.json()]).toMatchObject([413, { code: 'file_too_large' }]);
  });

  test('is sent once with an Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'cat' };
    const [first, second] = [await send({ headers }), await send({ headers })];
    expect(first.status).toBe(201);
    const { createdAt: _, thumbnail: __, ...file } = first.body;
    expect(second.body).toMatchObject(file);
    const other = await send({ headers, bytes: Buffer.concat([png, Buffer.from('more')]) });
    expect(code(other)).toBe('idempotency_key_reused');
    expect((await download(first.body.id, owner)).bytes).toEqual(png);
  });

  test('of impossible dimensions has none', async () => {
    const bytes = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="99999999999" height="5"></svg>');
    const sent = await send({ bytes, name: 'wide.svg', type: 'image/svg+xml' });
    expect(sent).toMatchObject({ status: 201, body: { width: null, height: null } });
  });

  test.each([
    ['JSON', { 'content-type': 'application/json' }, '{}', 'unsupported_media_type'],
    ['no parts', { 'content-type': 'multipart/form-data; boundary=x' }, '--x--\r\n', 'invalid_input'],
    ['no boundary', { 'content-type': 'multipart/form-data' }, 'x', 'unsupported_media_type'],
    [
      'half a part',
      { 'content-type': 'multipart/form-data; boundary=x' },
      '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: text/plain\r\n\r\nhalf',
      'invalid_input',
    ],
  ])('is refused when the body is %s', async (_, headers, body, refusal) => {
    const response = await fetch(`${gatewayUrl()}/api/files?channelId=${channelId}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${owner.token}`, ...headers },
      body,
    });
    expect(await response.json()).toMatchObject({ code: refusal });
  });

  test('is for who may send files there', async () => {
    expect(code(await send({ by: outsider }))).toBe('channel_not_found');
    const denied = await api(`PUT /servers/${serverId}/channels/${channelId}/overwrites/members/${guest.id}`, {
      token: owner.token,
      body: { allow: [], deny: ['ATTACH_FILES'] },
    });
    expect(denied.status, JSON.stringify(denied.body)).toBeLessThan(300);
    await expect.poll(async () => code(await send({ by: guest })), soon).toBe('missing_permission');
    const allowed = await api(`DELETE /servers/${serverId}/channels/${channelId}/overwrites/members/${guest.id}`, {
      token: owner.token,
    });
    expect(allowed.status).toBeLessThan(300);
    await expect.poll(async () => code(await send({ by: guest })), soon).toBe(201);
  });
});

describe('an image', () => {
  test('gets a small one, which is handed out as the image is', async () => {
    const sent = await send();
    const { id } = sent.body;
    const known = async () => (await api(`GET /files/${id}`, { token: owner.token })).body.thumbnail;
    await expect.poll(known, soon).toEqual({ width: 3, height: 2 });
    const small = await get(`/files/${id}/thumbnail`, owner);
    expect([small.status, small.headers.get('content-type')]).toEqual([200, 'image/webp']);
    expect(
      Buffer.from(await small.arrayBuffer())
        .subarray(8, 12)
        .toString(),
    ).toBe('WEBP');
    expect((await get(`/files/${id}/thumbnail`, guest)).status).toBe(404);
    const posted = await post([id]);
    expect(posted.body.attachments).toMatchObject([{ id, hasThumbnail: true }]);
  });

  test('gets it soon when others came at the same time', async () => {
    const sent = await Promise.all(Array.from({ length: 30 }, () => send()));
    const startedMs = performance.now();
    for (const { body } of sent) {
      const known = async () => (await api(`GET /files/${body.id}`, { token: owner.token })).body.thumbnail;
      await expect.poll(known, soon).not.toBeNull();
    }
    // One a second would take thirty.
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  }, 60_000);

  test('that is broken has none, and holds up no other', async () => {
    const broken = await send({ bytes: png.subarray(0, png.length - 30) });
    expect(broken.status).toBe(201);
    const { body } = await send();
    const known = async (id: string) => (await api(`GET /files/${id}`, { token: owner.token })).body.thumbnail;
    await expect.poll(() => known(body.id), soon).not.toBeNull();
    expect(await known(broken.body.id)).toBeNull();
    expect((await get(`/files/${broken.body.id}/thumbnail`, owner)).status).toBe(404);
  });
});

describe('a file that is sent to the store', () => {
  const begin = (bytes: Uint8Array, about: object = {}, by = owner) =>
    api('POST /files/uploads', {
      token: by.token,
      body: { channelId, name: 'cat.png', type: 'image/png', size: bytes.length, ...about },
    });
  const put = async ({ url, fields }: { url: string; fields: Record<string, string> }, bytes: Uint8Array) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new Blob([new Uint8Array(bytes)]));
    return (await fetch(url, { method: 'POST', body: form })).status;
  };
  const complete = (id: string, by = owner) => api(`POST /files/uploads/${id}/complete`, { token: by.token });

  test('is read back and kept; completing again says the same', async () => {
    const begun = await begin(png);
    expect(begun, JSON.stringify(begun.body)).toMatchObject({ status: 201, body: { parts: null } });
    const { id } = begun.body;
    expect(code(await complete(id))).toBe('upload_incomplete');
    expect(await put(begun.body.post, png)).toBeLessThan(300);
    expect(code(await complete(id, guest))).toBe('upload_not_found');
    const done = await complete(id);
    expect(done).toMatchObject({ status: 200, body: { id, sha256: hashOf(png), width: 3, height: 2 } });
    expect((await complete(id)).body).toMatchObject({ id, sha256: hashOf(png) });
    expect((await download(id, owner)).bytes).toEqual(png);
    expect(code(await api(`GET /files/uploads/${id}`, { token: owner.token }))).toBe('upload_not_found');
    // Whoever sends other bytes to the same place changes nothing of what is kept.
    await put(begun.body.post, zip);
    expect((await download(id, owner)).bytes).toEqual(png);
  });

  test.each([
    ['lies about its type', zip, {}, 'file_type_mismatch'],
    ['is not what its checksum says', png, { sha256: 'b'.repeat(64) }, 'file_checksum_mismatch'],
  ])('is refused when it %s', async (_, bytes, about, refusal) => {
    const { body } = await begin(bytes, about);
    await put(body.post, bytes);
    expect(code(await complete(body.id))).toBe(refusal);
    expect(code(await complete(body.id))).toBe('upload_not_found');
  });

  test('and is larger than was announced is refused, by the store or when it is read back', async () => {
    const { body } = await begin(png.subarray(0, 10));
    await put(body.post, png);
    expect(['file_too_large', 'upload_incomplete']).toContain(code(await complete(body.id)));
  });

  test('and is smaller than was announced is incomplete, until the rest is there as well', async () => {
    const { body } = await begin(png);
    await put(body.post, png.subarray(0, png.length - 1));
    expect(code(await complete(body.id))).toBe('upload_incomplete');
    await put(body.post, png);
    expect(code(await complete(body.id))).toBe(200);
  });

  test('in parts is taken up again where it was left', async () => {
    const bytes = randomBytes(20 * 1024 * 1024);
    const begun = await begin(bytes, { name: 'noise', type: 'application/octet-stream' });
    const { id, parts } = begun.body;
    expect(begun.body).toMatchObject({ post: null, parts: { partBytes: 8 * 1024 * 1024, count: 3, received: [] } });
    const putPart = async (part: number) => {
      const { body } = await api(`GET /files/uploads/${id}/parts/${part}`, { token: owner.token });
      const from = (part - 1) * parts.partBytes;
      const answer = await fetch(body.url, { method: 'PUT', body: bytes.subarray(from, from + parts.partBytes) });
      expect(answer.status).toBe(200);
    };
    await putPart(1);
    await putPart(3);
    expect(code(await complete(id))).toBe('upload_incomplete');
    const left = await api(`GET /files/uploads/${id}`, { token: owner.token });
    expect(left.body.parts.received).toEqual([1, 3]);
    expect(code(await api(`GET /files/uploads/${id}/parts/4`, { token: owner.token }))).toBe('part_not_found');
    await putPart(2);
    const done = await complete(id);
    expect(done, JSON.stringify(done.body)).toMatchObject({
      status: 200,
      body: { size: bytes.length, sha256: hashOf(bytes) },
    });
    expect(hashOf((await download(id, owner)).bytes)).toBe(hashOf(bytes));
  }, 60_000);

  test('in parts of other sizes than was said is incomplete', async () => {
    const bytes = randomBytes(9 * 1024 * 1024);
    const { id } = (await begin(bytes, { type: 'application/octet-stream' })).body;
    for (const [part, piece] of [
      [1, bytes.subarray(0, 100)],
      [2, bytes.subarray(100)],
    ] as const) {
      const { body } = await api(`GET /files/uploads/${id}/parts/${part}`, { token: owner.token });
      expect((await fetch(body.url, { method: 'PUT', body: piece })).status).toBe(200);
    }
    expect(code(await complete(id))).toBe('upload_incomplete');
  });

  test('can be given up', async () => {
    const { body } = await begin(png);
    expect(code(await api(`DELETE /files/uploads/${body.id}`, { token: guest.token }))).toBe('upload_not_found');
    expect(code(await api(`DELETE /files/uploads/${body.id}`, { token: owner.token }))).toBe(204);
    expect(code(await complete(body.id))).toBe('upload_not_found');
  });
});

describe('a message', () => {
  test('needs no text where files hang on it, and is found by has=file', async () => {
    const { body } = await send();
    const posted = await post([body.id], owner, {});
    expect(posted).toMatchObject({ status: 201, body: { content: '' } });
    expect(code(await post([], owner, {}))).toBe('invalid_input');
    const found = await api(`GET /messages/search?channelId=${channelId}&has=file&limit=1`, { token: owner.token });
    expect(found.body.items).toMatchObject([{ id: posted.body.id, content: '', attachments: [{ id: body.id }] }]);
  });

  test("holds its author's files of this channel, each once", async () => {
    const [mine, theirs] = [await send(), await send({ by: guest })];
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(code(await post([theirs.body.id]))).toBe('file_not_attachable');
    expect(code(await post([crypto.randomUUID()]))).toBe('file_not_attachable');
    const both = await Promise.all([post([mine.body.id]), post([mine.body.id])]);
    expect(both.map(code).sort()).toEqual([201, 'file_attached']);
    const eleven = Array.from({ length: 11 }, () => crypto.randomUUID());
    expect(code(await post(eleven))).toBe('invalid_input');
    const elsewhere = await api(`POST /servers/${serverId}/channels`, {
      token: owner.token,
      body: { name: 'else', type: 'TEXT' },
    });
    const other = await send();
    const body = { content: 'x', attachments: [other.body.id] };
    const there = `POST /channels/${elsewhere.body.id}/messages` as const;
    expect(code(await api(there, { token: owner.token, body, after: elsewhere }))).not.toBe(201);
  });

  test('that is deleted takes its files along, to the last byte', async () => {
    const { body } = await send();
    const address = (await api(`GET /files/${body.id}/address`, { token: owner.token })).body.url;
    const posted = await post([body.id]);
    const deleted = await api(`DELETE /channels/${channelId}/messages/${posted.body.id}`, { token: owner.token });
    expect(deleted.status).toBe(204);
    expect(code(await api(`GET /files/${body.id}`, { token: owner.token, after: deleted }))).toBe('file_not_found');
    await expect.poll(async () => (await fetch(address)).status, soon).toBe(404);
  });
});

describe('a file that is gone', () => {
  test('is in no answer, and its bytes leave the store', async () => {
    const { body } = await send();
    const address = (await api(`GET /files/${body.id}/address`, { token: owner.token })).body.url;
    expect((await fetch(address)).status).toBe(200);
    expect(code(await api(`DELETE /files/${body.id}`, { token: guest.token }))).toBe('file_not_found');
    expect(code(await api(`DELETE /files/${body.id}`, { token: owner.token }))).toBe(204);
    expect(await remaining(body.id)).toBe(404);
    await expect.poll(async () => (await fetch(address)).status, soon).toBe(404);
  });

  test('went with its owner', async () => {
    const leaving = await signUp('Leaving');
    const created = await api(`POST /servers/${serverId}/invites`, { token: owner.token, body: {} });
    const joined = await api(`POST /invites/${created.body.code}/join`, { token: leaving.token, after: created });
    expect(joined.status).toBe(200);
    const { body } = await send({ by: leaving });
    const posted = await post([body.id], leaving);
    expect(posted.status).toBe(201);
    const address = (await api(`GET /files/${body.id}/address`, { token: leaving.token })).body.url;
    const gone = { password, messages: 'ANONYMIZE' };
    expect(code(await api('DELETE /profiles/me', { token: leaving.token, body: gone }))).toBe(204);
    await expect.poll(async () => (await fetch(address)).status, soon).toBe(404);
    const message = `GET /channels/${channelId}/messages/${posted.body.id}` as const;
    await expect
      .poll(async () => (await api(message, { token: owner.token })).body, soon)
      .toMatchObject({ authorId: null, content: 'look', attachments: [] });
  });
});
