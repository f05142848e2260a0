import { type Account, api, latest, signUp } from '@palaver/http/testing';
import { beforeAll, describe, expect, test } from 'vitest';

const nobody = '01900000-0000-7000-8000-000000000000';
let owner: Account;
let guest: Account;
let outsider: Account;

beforeAll(async () => {
  [owner, guest, outsider] = await Promise.all([signUp('Owner'), signUp('Guest'), signUp('Outsider')]);
});

const newServer = async (name = 'Analytical Engine') => {
  const created = await api('POST /servers', { token: owner.token, body: { name } });
  expect(created.status).toBe(201);
  return { server: created.body, created };
};

describe('POST /servers', () => {
  test('answers with the server, its channel and its invite, and so does the query', async () => {
    const { status, headers, body } = await api('POST /servers', {
      token: owner.token,
      body: { name: 'Ünïcödé', imageUrl: 'https://example.com/a.png' },
    });
    expect(status).toBe(201);
    expect(headers.get('palaver-position')).toMatch(/^servers:\d+@\d+$/);
    expect(body).toMatchObject({
      name: 'Ünïcödé',
      imageUrl: 'https://example.com/a.png',
      profileId: owner.id,
      memberCount: 1,
      channels: [{ name: 'general', type: 'TEXT', serverId: body.id, profileId: owner.id }],
    });
    expect(body.inviteCode).toMatch(/^[\w-]{12}$/);
    expect((await api(`GET /servers/${body.id}`, { token: owner.token })).body).toEqual(body);
    const { body: list } = await api('GET /servers', { token: owner.token });
    const { channels: _, ...server } = body;
    expect(list.items).toContainEqual(server);
  });

  test('with the same Idempotency-Key makes one server, and refuses another body', async () => {
    const key = { 'idempotency-key': `create-${Date.now()}` };
    const ask = { token: owner.token, body: { name: 'Once' }, headers: key };
    const answers = await Promise.all([1, 2, 3].map(() => api('POST /servers', ask)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(answers[1]?.body).toEqual(answers[0]?.body);
    expect(answers[2]?.body).toEqual(answers[0]?.body);
    const other = await api('POST /servers', { ...ask, body: { name: 'Twice' } });
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  test.each([
    ['no name', {}, '/name', 'required'],
    ['an empty name', { name: '' }, '/name', 'too_short'],
    ['a blank name', { name: '  ' }, '/name', 'invalid_format'],
    ['a long name', { name: 'x'.repeat(101) }, '/name', 'too_long'],
    ['a number for a name', { name: 7 }, '/name', 'invalid_type'],
    ['an unknown field', { name: 'x', colour: 'red' }, '/colour', 'unknown_field'],
    ['a lone surrogate', '{"name":"\\ud800"}', '/name', 'invalid_text'],
    ['an image that is no address', { name: 'x', imageUrl: 'javascript:alert(1)' }, '/imageUrl', 'invalid_format'],
  ])('refuses %s', async (_, body, pointer, code) => {
    const answer = await api('POST /servers', { token: owner.token, body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input', errors: [{ pointer, code }] } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  test('refuses malformed JSON, a body over the limit, another content type and no token', async () => {
    const { token } = owner;
    expect(await api('POST /servers', { token, body: '{"name":' })).toMatchObject({
      status: 400,
      body: { code: 'malformed_json' },
    });
    expect(await api('POST /servers', { token, body: { name: 'x'.repeat(300_000) } })).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
    const plain = { token, body: 'name=x', headers: { 'content-type': 'text/plain' } };
    expect(await api('POST /servers', plain)).toMatchObject({ status: 415 });
    expect(await api('POST /servers', { body: { name: 'x' } })).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
  });
});

describe('joining by an invite', () => {
  test('makes a member who is seen at once, and changes nothing the second time', async () => {
    const { server, created } = await newServer();
    const preview = await api(`GET /invites/${server.inviteCode}`, { token: guest.token, after: created });
    expect(preview.body).toMatchObject({ server: { id: server.id, name: server.name, memberCount: 1 } });
    const joined = await api(`POST /invites/${server.inviteCode}/join`, { token: guest.token });
    expect(joined).toMatchObject({ status: 200, body: { serverId: server.id, profileId: guest.id, role: 'GUEST' } });
    const again = await api(`POST /invites/${server.inviteCode}/join`, { token: guest.token });
    expect(again).toMatchObject({ status: 200, body: joined.body });
    const { body } = await api(`GET /servers/${server.id}`, { token: guest.token });
    expect(body).toMatchObject({ id: server.id, memberCount: 2 });
    const members = await api(`GET /servers/${server.id}/members`, { token: guest.token });
    expect(members.body.items.map((one: { profileId: string }) => one.profileId).sort()).toEqual(
      [owner.id, guest.id].sort(),
    );
    const first = await api(`GET /servers/${server.id}/members?limit=1`, { token: guest.token });
    expect(first.body).toMatchObject({ hasMore: true });
    const rest = await api(`GET /servers/${server.id}/members?after=${first.body.items[0].profileId}`, {
      token: guest.token,
    });
    expect(rest.body).toMatchObject({ hasMore: false, items: [{}] });
  });

  test('by 20 at once counts each once', async () => {
    const { server, created } = await newServer('Crowd');
    const crowd = await Promise.all(Array.from({ length: 20 }, (_, index) => signUp(`Member ${index}`)));
    const twice = [...crowd, ...crowd];
    const joined = await Promise.all(
      twice.map(({ token }) => api(`POST /invites/${server.inviteCode}/join`, { token, after: created })),
    );
    expect(joined.map(({ status }) => status)).toEqual(twice.map(() => 200));
    const { body } = await api(`GET /servers/${server.id}`, { token: crowd[0]!.token, after: latest(joined) });
    expect(body.memberCount).toBe(21);
  });

  test('is refused for a code that nobody made', async () => {
    expect(await api('POST /invites/no-such-code/join', { token: guest.token })).toMatchObject({
      status: 404,
      body: { code: 'invite_not_found' },
    });
  });
});

describe('POST /servers/:serverId/invites', () => {
  test('is for an ADMIN: others are refused, and unknown servers and permissions too', async () => {
    const { server, created } = await newServer();
    const path = `POST /servers/${server.id}/invites` as const;
    await api(`POST /invites/${server.inviteCode}/join`, { token: guest.token, after: created });
    const made = await api(path, { token: owner.token, body: { permissions: ['IMPORT_MESSAGES'] } });
    expect(made).toMatchObject({ status: 201, body: { serverId: server.id, permissions: ['IMPORT_MESSAGES'] } });
    expect(await api(path, { token: guest.token, body: {} })).toMatchObject({
      status: 403,
      body: { code: 'missing_permission' },
    });
    expect(await api(path, { token: outsider.token, body: {} })).toMatchObject({
      status: 404,
      body: { code: 'server_not_found' },
    });
    expect(await api(`POST /servers/${nobody}/invites`, { token: owner.token, body: {} })).toMatchObject({
      status: 404,
      body: { code: 'server_not_found' },
    });
    expect(await api(path, { token: owner.token, body: { permissions: ['EVERYTHING'] } })).toMatchObject({
      status: 400,
    });
  });
});

test('somebody else’s server is not there, nor one with a malformed id', async () => {
  const { server, created } = await newServer();
  expect(await api(`GET /servers/${server.id}`, { token: outsider.token, after: created })).toMatchObject({
    status: 404,
  });
  expect(await api(`GET /servers/${server.id}/members`, { token: outsider.token })).toMatchObject({ status: 404 });
  expect(await api(`GET /servers/${nobody}`, { token: owner.token })).toMatchObject({ status: 404 });
  expect(await api('GET /servers/7', { token: owner.token })).toMatchObject({
    status: 400,
    body: { code: 'invalid_input', errors: [{ parameter: 'serverId' }] },
  });
});
