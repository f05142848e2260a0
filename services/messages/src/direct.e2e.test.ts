import { type Account, type Answer, api, password, signUp } from '@palaver/http/testing';
import { beforeEach, describe, expect, test } from 'vitest';

/** Channels between profiles, and blocking. */

let ada: Account;
let bob: Account;
let eve: Account;
const soon = { timeout: 20_000, interval: 100 };

beforeEach(async () => {
  [ada, bob, eve] = await Promise.all([signUp('Ada'), signUp('Bob'), signUp('Eve')]);
});

const code = ({ status, body }: Answer): unknown => (status < 400 ? status : body.code);
const ask = (by: Account, operation: `${string} /${string}`, body?: unknown, after?: Answer): Promise<Answer> =>
  api(operation, { token: by.token, ...(body === undefined ? {} : { body }), ...(after ? { after } : {}) });
/** The others are there as soon as the service has heard of them. */
const open = async (by: Account, ...others: Account[]): Promise<Answer> => {
  const body = { profileIds: others.map(({ id }) => id) };
  await expect.poll(async () => code(await ask(by, 'POST /direct-channels', body)), soon).not.toBe('profile_not_found');
  return ask(by, 'POST /direct-channels', body);
};
const say = (by: Account, id: string, content: string, after?: Answer) =>
  ask(by, `POST /channels/${id}/messages`, { content }, after);

describe('a channel of two', () => {
  test('is the same whoever opens it, and theirs alone', async () => {
    const opened = await open(ada, bob);
    const { id } = opened.body;
    expect(opened).toMatchObject({ status: 201, body: { group: false, profileIds: [ada.id, bob.id].sort() } });
    expect((await ask(bob, 'POST /direct-channels', { profileIds: [ada.id] })).body).toEqual(opened.body);
    const said = await say(ada, id, `<@${bob.id}> hello`);
    expect(said).toMatchObject({ status: 201, body: { serverId: null, mentions: [bob.id], seq: 1 } });
    const read = await ask(bob, `GET /channels/${id}/messages`, undefined, said);
    expect(read.body.items).toEqual([said.body]);
    const listed = await ask(bob, 'GET /direct-channels');
    const readState = { lastSeq: 1, readSeq: 0, unread: 1, mentions: 1 };
    expect(listed.body).toMatchObject({ items: [{ id, group: false, readState }], hasMore: false });
    for (const operation of [
      `GET /channels/${id}/messages`,
      `GET /direct-channels/${id}`,
      `GET /channels/${id}/read-state`,
    ] as const)
      expect(code(await ask(eve, operation))).toBe('channel_not_found');
    expect(code(await say(eve, id, 'hello'))).toBe('channel_not_found');
    expect(code(await ask(ada, `PUT /direct-channels/${id}/participants/${eve.id}`))).toBe('not_a_group');
    expect(code(await ask(ada, `DELETE /direct-channels/${id}/participants/me`))).toBe('not_a_group');
  });

  test('has edits, reactions, pins and answers; nobody manages what the other says', async () => {
    const { id } = (await open(ada, bob)).body;
    const said = await say(ada, id, 'helo', undefined);
    const place = `/channels/${id}/messages/${said.body.id}` as const;
    expect(code(await ask(ada, `PATCH ${place}`, { content: 'hello' }))).toBe(200);
    const like = encodeURIComponent('👍');
    await ask(bob, `GET /direct-channels/${id}`, undefined, said);
    expect(code(await ask(bob, `PUT ${place}/reactions/${like}/me`))).toBe(200);
    expect(code(await ask(bob, `PUT /channels/${id}/pins/${said.body.id}`))).toBe(204);
    expect(code(await ask(bob, `POST /channels/${id}/messages`, { content: 'hi', replyToId: said.body.id }))).toBe(201);
    const read = await ask(bob, `GET ${place}`);
    expect(read.body).toMatchObject({
      content: 'hello',
      pinned: true,
      reactions: [{ emoji: '👍', count: 1, me: true }],
    });
    expect(code(await ask(bob, `DELETE ${place}`))).toBe('missing_permission');
    expect(code(await ask(bob, `GET ${place}/versions`))).toBe('missing_permission');
    expect(code(await ask(ada, `DELETE ${place}`))).toBe(204);
  });

  test('is closed to writing while one has blocked the other', async () => {
    const opened = await open(ada, bob);
    const { id } = opened.body;
    const said = await say(bob, id, 'hello', opened);
    expect(code(said)).toBe(201);
    const blocked = await ask(ada, `PUT /blocks/${bob.id}`);
    expect(blocked.status).toBe(204);
    expect((await ask(ada, 'GET /blocks')).body).toEqual({ items: [bob.id], hasMore: false });
    for (const one of [ada, bob]) {
      expect(code(await say(one, id, 'again', blocked))).toBe('blocked');
      expect(code(await ask(one, 'POST /direct-channels', { profileIds: [one === ada ? bob.id : ada.id] }))).toBe(
        'blocked',
      );
      expect(code(await ask(one, `GET /channels/${id}/messages`))).toBe(200);
    }
    const place = `/channels/${id}/messages/${said.body.id}` as const;
    expect(code(await ask(bob, `PATCH ${place}`, { content: 'other words' }))).toBe('blocked');
    expect(code(await ask(bob, `PUT ${place}/reactions/${encodeURIComponent('👍')}/me`))).toBe('blocked');
    expect(code(await ask(bob, `DELETE ${place}`))).toBe(204);
    expect(code(await ask(ada, `DELETE /blocks/${bob.id}`))).toBe(204);
    expect(code(await say(ada, id, 'again'))).toBe(201);
    expect(code(await ask(ada, `PUT /blocks/${ada.id}`))).toBe('own_profile');
    expect(code(await ask(ada, `PUT /blocks/${crypto.randomUUID()}`))).toBe('profile_not_found');
  });
});

describe('a group', () => {
  test('takes participants in and lets them go', async () => {
    const late = await signUp('Late');
    const opened = await open(ada, bob, eve);
    const { id } = opened.body;
    expect(opened.body).toMatchObject({ group: true, profileIds: [ada.id, bob.id, eve.id].sort() });
    expect(code(await say(ada, id, 'hello'))).toBe(201);
    const adding = () => ask(bob, `PUT /direct-channels/${id}/participants/${late.id}`, undefined, opened);
    await expect.poll(async () => code(await adding()), soon).toBe(204);
    const added = await adding();
    expect((await ask(late, `GET /channels/${id}/messages`, undefined, added)).body.items).toHaveLength(1);
    const left = await ask(eve, `DELETE /direct-channels/${id}/participants/me`, undefined, opened);
    expect(left.status).toBe(204);
    expect(code(await say(eve, id, 'hello'))).toBe('channel_not_found');
    expect(code(await ask(eve, `DELETE /direct-channels/${id}/participants/me`))).toBe('channel_not_found');
    const seen = await ask(ada, `GET /direct-channels/${id}`, undefined, left);
    expect(seen.body.profileIds).toEqual([ada.id, bob.id, late.id].sort());
  });

  test('opens anew each time, and once with an Idempotency-Key', async () => {
    const first = await open(ada, bob, eve);
    expect((await open(ada, bob, eve)).body.id).not.toBe(first.body.id);
    const body = { profileIds: [bob.id, eve.id] };
    const headers = { 'idempotency-key': 'one-group' };
    const twice = [1, 2].map(() => api('POST /direct-channels', { token: ada.token, body, headers }));
    const [one, other] = await Promise.all(twice);
    expect([one!.status, other!.status]).toEqual([201, 201]);
    expect(one!.body).toEqual(other!.body);
  });

  test('is of profiles that exist, ten at most, none of whom has blocked who opens it', async () => {
    await open(ada, bob);
    const ids = Array.from({ length: 10 }, () => crypto.randomUUID());
    expect(code(await ask(ada, 'POST /direct-channels', { profileIds: ids }))).toBe('invalid_input');
    expect(code(await ask(ada, 'POST /direct-channels', { profileIds: [] }))).toBe('invalid_input');
    expect(code(await ask(ada, 'POST /direct-channels', { profileIds: ids.slice(0, 2) }))).toBe('profile_not_found');
    expect(code(await ask(ada, 'POST /direct-channels', { profileIds: [ada.id] }))).toBe('own_profile');
  });
});

test('a deleted account leaves its direct channels, and is blocked no more', async () => {
  const opened = await open(ada, bob, eve);
  const { id } = opened.body;
  const said = await say(bob, id, 'hello', opened);
  await ask(bob, `PUT /channels/${id}/read-state`, { seq: 1 });
  const blocked = await ask(ada, `PUT /blocks/${bob.id}`);
  expect([said.status, blocked.status]).toEqual([201, 204]);
  const gone = await ask(bob, 'DELETE /profiles/me', { password, messages: 'DELETE' });
  expect(gone.status).toBe(204);
  await expect.poll(async () => (await ask(ada, `GET /channels/${id}/messages`)).body.items, soon).toEqual([]);
  const others = [ada.id, eve.id].sort();
  await expect.poll(async () => (await ask(ada, `GET /direct-channels/${id}`)).body.profileIds, soon).toEqual(others);
  await expect.poll(async () => (await ask(ada, 'GET /blocks')).body.items, soon).toEqual([]);
  expect(code(await ask(ada, 'POST /direct-channels', { profileIds: [bob.id] }))).toBe('profile_not_found');
});
