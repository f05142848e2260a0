import { beforeEach, describe, expect, test } from 'vitest';
import { newWorld, type World } from './house.fixture.ts';

/** Channels, and what they give and take: also from who posts and reads in them. */

let world: World;
beforeEach(async () => {
  world = await newWorld();
});

const soon = { timeout: 20_000, interval: 100 };
const names = async (): Promise<string[]> =>
  (await world.as('guest', 'GET ')).body.channels.map((one: { name: string }) => one.name);
const post = (person: 'guest' | 'moderator' | 'owner', channelId: string) =>
  world.ask(person, `POST /channels/${channelId}/messages`, { content: 'hello' });
const read = (person: 'guest' | 'moderator' | 'owner', channelId: string) =>
  world.ask(person, `GET /channels/${channelId}/messages`);

describe('channels', () => {
  test('are made, shown in their order, changed and deleted', async () => {
    const made = await world.as('admin', 'POST /channels', { name: 'Talk', topic: 'All of it', slowModeSeconds: 10 });
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'Talk', type: 'TEXT', topic: 'All of it', position: 1, slowModeSeconds: 10, version: 1 },
    });
    const { id } = made.body;
    expect((await world.as('guest', `GET /channels/${id}`)).body).toEqual({ ...made.body, overwrites: [] });
    expect(await names()).toEqual(['general', 'Talk']);
    expect((await world.as('admin', `PATCH /channels/${id}`, { position: 0 })).status).toBe(200);
    expect((await world.as('admin', `PATCH /channels/${world.channelId}`, { position: 5, name: 'hall' })).status).toBe(
      200,
    );
    expect(await names()).toEqual(['Talk', 'hall']);
    expect((await world.as('admin', `PATCH /channels/${id}`, { topic: null })).body).toMatchObject({
      topic: null,
      slowModeSeconds: 10,
    });
    expect((await world.as('admin', `DELETE /channels/${id}`)).status).toBe(204);
    expect(await names()).toEqual(['hall']);
  });

  test('stand in categories, and outside when these go', async () => {
    const category = (await world.as('admin', 'POST /channels', { name: 'Rooms', type: 'CATEGORY' })).body.id;
    const inside = (await world.as('admin', 'POST /channels', { name: 'inside', categoryId: category })).body;
    expect(inside.categoryId).toBe(category);
    expect((await world.as('admin', `DELETE /channels/${category}`)).status).toBe(204);
    expect((await world.as('guest', `GET /channels/${inside.id}`)).body.categoryId).toBeNull();
  });

  test('have names that nobody else in the server has, whatever the case', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        world.as('admin', 'POST /channels', { name: index % 2 ? 'SAME' : 'same' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    expect(answers.find(({ status }) => status === 409)!.body.code).toBe('channel_name_taken');
  });

  test('of two who have read the same are changed by one', async () => {
    const { headers } = await world.as('admin', `GET /channels/${world.channelId}`);
    const seen = { 'if-match': headers.get('etag')! };
    const answers = await Promise.all(
      ['one', 'other'].map((topic) => world.as('admin', `PATCH /channels/${world.channelId}`, { topic }, seen)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  test.each([
    ['no name', {}, '/name'],
    ['a slow mode of a day', { name: 'x', slowModeSeconds: 21_601 }, '/slowModeSeconds'],
    ['a long topic', { name: 'x', topic: 'x'.repeat(1_025) }, '/topic'],
    ['a type that there is not', { name: 'x', type: 'SMELL' }, '/type'],
    ['an unknown field', { name: 'x', colour: 'red' }, '/colour'],
  ])('are refused with %s', async (_, body, pointer) => {
    expect(await world.as('admin', 'POST /channels', body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_input', errors: [{ pointer }] },
    });
  });
});

describe('what a channel takes', () => {
  const path = (target: string): `${string} ${string}` => `PUT /channels/${world.channelId}/overwrites/${target}`;

  test('silences a role, and spares one member of it', async () => {
    expect((await post('guest', world.channelId)).status).toBe(201);
    expect((await world.as('admin', path('roles/GUEST'), { deny: ['SEND_MESSAGES'] })).status).toBe(204);
    await expect.poll(async () => (await post('guest', world.channelId)).body.code, soon).toBe('missing_permission');
    expect((await post('moderator', world.channelId)).status).toBe(201);
    expect((await read('guest', world.channelId)).status).toBe(200);
    const member = `members/${world.accounts.guest.id}`;
    expect((await world.as('admin', path(member), { allow: ['SEND_MESSAGES'] })).status).toBe(204);
    await expect.poll(async () => (await post('guest', world.channelId)).status, soon).toBe(201);
  });

  test('hides it', async () => {
    const { body: secret } = await world.as('admin', 'POST /channels', { name: 'secret' });
    const hide = `PUT /channels/${secret.id}/overwrites/roles/GUEST` as const;
    expect((await world.as('admin', hide, { deny: ['VIEW_CHANNEL'] })).status).toBe(204);
    expect(await names()).toEqual(['general']);
    expect((await world.as('guest', `GET /channels/${secret.id}`)).body.code).toBe('channel_not_found');
    await expect.poll(async () => (await read('guest', secret.id)).body.code, soon).toBe('channel_not_found');
    expect((await post('guest', secret.id)).body.code).toBe('channel_not_found');
    expect((await world.as('moderator', 'GET ')).body.channels).toHaveLength(2);
    expect((await world.as('admin', `GET /channels/${secret.id}`)).body.overwrites).toEqual([
      { role: 'GUEST', profileId: null, allow: [], deny: ['VIEW_CHANNEL'] },
    ]);
  });

  test('silences who is timed out, everywhere, until that is over', async () => {
    const timeout = `/members/${world.accounts.guest.id}/timeout`;
    const until = new Date(Date.now() + 3_600_000).toISOString();
    expect((await world.as('moderator', `PUT ${timeout}`, { until })).status).toBe(204);
    await expect.poll(async () => (await post('guest', world.channelId)).body.code, soon).toBe('timed_out');
    expect((await read('guest', world.channelId)).status).toBe(200);
    // Leaving and coming again is no way out.
    await world.as('guest', 'DELETE /members/me');
    expect((await world.ask('guest', `POST /invites/${world.inviteCode}/join`)).status).toBe(200);
    await expect.poll(async () => (await post('guest', world.channelId)).body.code, soon).toBe('timed_out');
    expect((await world.as('moderator', `DELETE ${timeout}`)).status).toBe(204);
    await expect.poll(async () => (await post('guest', world.channelId)).status, soon).toBe(201);
  });
});

test('a deleted channel is gone with its messages, at once', async () => {
  await post('guest', world.channelId);
  await post('guest', world.channelId);
  expect((await world.as('admin', `DELETE /channels/${world.channelId}`)).status).toBe(204);
  await expect.poll(async () => (await read('guest', world.channelId)).body.code, soon).toBe('channel_not_found');
  expect((await post('owner', world.channelId)).body.code).toBe('channel_not_found');
});
