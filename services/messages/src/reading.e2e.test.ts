import { type Account, type Answer, api, signUp } from '@palaver/http/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

/** How far who has read, and what is unread. */

let owner: Account;
let guest: Account;

beforeAll(async () => {
  [owner, guest] = await Promise.all([signUp('Owner'), signUp('Guest')]);
});

const newServer = async () => {
  const created = await api('POST /servers', { token: owner.token, body: { name: 'Talk' } });
  const joined = await api(`POST /invites/${created.body.inviteCode}/join`, { token: guest.token, after: created });
  expect(joined.status).toBe(200);
  // Who names the guest must have heard of the guest.
  await api(`GET /channels/${created.body.channels[0].id}/read-state`, { token: owner.token, after: joined });
  return { serverId: created.body.id as string, channelId: created.body.channels[0].id as string };
};
const post = (channelId: string, content: string, by = owner) =>
  api(`POST /channels/${channelId}/messages`, { token: by.token, body: { content } });
const mark = (channelId: string, seq: unknown, by = guest) =>
  api(`PUT /channels/${channelId}/read-state`, { token: by.token, body: { seq } });
const stateOf = async (channelId: string, after?: Answer, by = guest) =>
  (await api(`GET /channels/${channelId}/read-state`, { token: by.token, ...(after ? { after } : {}) })).body;

describe('a read state', () => {
  test('goes forwards and backwards, each member on their own', async () => {
    const { channelId } = await newServer();
    for (const content of ['1', '2']) await post(channelId, content);
    const last = await post(channelId, `<@${guest.id}>`);
    expect(await stateOf(channelId, last)).toEqual({ channelId, lastSeq: 3, readSeq: 0, unread: 3, mentions: 1 });
    expect(await mark(channelId, 3)).toMatchObject({ status: 200, body: { channelId, readSeq: 3 } });
    expect(await stateOf(channelId)).toMatchObject({ unread: 0, mentions: 0 });
    expect((await mark(channelId, 1)).status).toBe(200);
    expect(await stateOf(channelId)).toMatchObject({ readSeq: 1, unread: 2, mentions: 1 });
    expect(await stateOf(channelId, last, owner)).toMatchObject({ readSeq: 0, unread: 3, mentions: 0 });
  });

  test.each([4, -1, 1.5, 'x', null, Number.MAX_SAFE_INTEGER])('refuses %s', async (seq) => {
    const { channelId } = await newServer();
    await post(channelId, '1');
    const answer = await mark(channelId, seq);
    expect(answer.body.code).toBe(seq === 4 ? 'seq_not_reached' : 'invalid_input');
  });

  test('is not for outsiders', async () => {
    const { channelId, serverId } = await newServer();
    const { token } = await signUp('Outsider');
    expect((await mark(channelId, 0, { ...guest, token })).body.code).toBe('channel_not_found');
    expect((await stateOf(channelId, undefined, { ...guest, token })).code).toBe('channel_not_found');
    expect((await api(`GET /read-states?serverId=${serverId}`, { token })).body.code).toBe('server_not_found');
  });

  test('of each channel that one may see is in the list of a server', async () => {
    const { channelId, serverId } = await newServer();
    const channel = async (name: string) => {
      const answer = await api(`POST /servers/${serverId}/channels`, {
        token: owner.token,
        body: { name, type: 'TEXT' },
      });
      expect(answer.status, JSON.stringify(answer.body)).toBe(201);
      return answer.body.id as string;
    };
    const [open, secret] = [await channel('open'), await channel('secret')];
    const denied = await api(`PUT /servers/${serverId}/channels/${secret}/overwrites/roles/GUEST`, {
      token: owner.token,
      body: { allow: [], deny: ['VIEW_CHANNEL'] },
    });
    expect(denied.status, JSON.stringify(denied.body)).toBeLessThan(300);
    const last = await post(open, '@everyone');
    await api(`GET /channels/${open}/messages`, { token: guest.token, after: denied });
    const { body } = await api(`GET /read-states?serverId=${serverId}`, { token: guest.token, after: last });
    expect(body.items.map((one: { channelId: string }) => one.channelId).sort()).toEqual([channelId, open].sort());
    expect(body.items).toContainEqual({ channelId: open, lastSeq: 1, readSeq: 0, unread: 1, mentions: 1 });
  });

  test('counts what is unread as one who counts messages one by one', async () => {
    type Step = { kind: 'post'; names: 'nobody' | 'guest' | 'everyone' } | { kind: 'delete' | 'mark'; at: number };
    const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('post'), names: fc.constantFrom('nobody', 'guest', 'everyone') }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('delete', 'mark'), at }) },
    ) as fc.Arbitrary<Step>;
    const walk = async (steps: readonly Step[]): Promise<void> => {
      const { channelId } = await newServer();
      const said: { id: string; seq: number; names: string }[] = [];
      const there = new Set<number>();
      let read = 0;
      let last: Answer | undefined;
      for (const one of steps) {
        if (one.kind === 'post') {
          const content = { nobody: 'hello', guest: `<@${guest.id}>`, everyone: `@everyone <@${guest.id}>` }[one.names];
          last = await post(channelId, content);
          said.push({ ...last.body, names: one.names });
          there.add(last.body.seq);
        } else if (one.kind === 'mark') {
          read = Math.floor(one.at * (said.length + 1));
          expect((await mark(channelId, read)).status).toBe(200);
        } else if (said.length > 0) {
          const { id, seq } = said[Math.floor(one.at * said.length)]!;
          last = await api(`DELETE /channels/${channelId}/messages/${id}`, { token: owner.token });
          there.delete(seq);
        }
        const lastSeq = Math.max(0, ...there);
        const unread = said.filter(({ seq }) => seq > read && seq <= lastSeq);
        const mentions = unread.filter(({ names }) => names !== 'nobody').length;
        expect(await stateOf(channelId, last)).toEqual({
          channelId,
          lastSeq,
          readSeq: read,
          unread: unread.length,
          mentions,
        });
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), walk), { numRuns: 8 });
  }, 120_000);
});

describe('typing', () => {
  test('is seen by all for ten seconds, and lies on no log', async () => {
    const { channelId } = await newServer();
    const began = await api(`POST /channels/${channelId}/typing`, { token: guest.token });
    expect(began).toMatchObject({ status: 204 });
    expect(began.headers.get('palaver-position')).toBeNull();
    const seen = await api(`GET /channels/${channelId}/typing`, { token: owner.token });
    expect(seen.body).toEqual({ items: [{ profileId: guest.id, until: expect.any(String) }] });
    const { token } = await signUp('Outsider');
    expect((await api(`POST /channels/${channelId}/typing`, { token })).body.code).toBe('channel_not_found');
    const forTenSeconds = async () =>
      (await api(`GET /channels/${channelId}/typing`, { token: owner.token })).body.items;
    await expect.poll(forTenSeconds, { timeout: 15_000, interval: 500 }).toEqual([]);
  }, 30_000);
});

describe('a nonce', () => {
  test('stands for an Idempotency-Key', async () => {
    const { channelId } = await newServer();
    const say = (content: string) =>
      api(`POST /channels/${channelId}/messages`, { token: guest.token, body: { content, nonce: 'n-1' } });
    const [first, second] = [await say('once'), await say('once')];
    expect(second.body).toEqual(first.body);
    expect((await say('otherwise')).body.code).toBe('idempotency_key_reused');
    const { body } = await api(`GET /channels/${channelId}/messages`, { token: guest.token });
    expect(body.items).toHaveLength(1);
  });
});
