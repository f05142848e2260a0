import { type Account, type Answer, api, signUp } from '@palaver/http/testing';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';

/** What becomes of messages once they are posted: edits, deletions, answers, reactions, pins, and who is named. */

let owner: Account;
let guest: Account;
let other: Account;
let serverId: string;
let channelId: string;
const soon = { timeout: 20_000, interval: 100 };

beforeAll(async () => {
  [owner, guest, other] = await Promise.all([signUp('Owner'), signUp('Guest'), signUp('Other')]);
});

beforeEach(async () => {
  const created = await api('POST /servers', { token: owner.token, body: { name: 'Talk' } });
  serverId = created.body.id;
  channelId = created.body.channels[0].id;
  for (const { token } of [guest, other]) {
    const joined = await api(`POST /invites/${created.body.inviteCode}/join`, { token, after: created });
    expect(joined.status).toBe(200);
  }
});

type Said = { id: string; seq: number; content: string };
const messages = (): `/${string}` => `/channels/${channelId}/messages`;
const post = async (content: string, by = guest, about = {}): Promise<Said> => {
  const answer = await api(`POST ${messages()}`, { token: by.token, body: { content, ...about } });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};
/** Below the messages of the channel. The gateway shows each what they have done; `after`, what somebody else has. */
const ask = (by: Account, operation: `${string} ${string}`, body?: unknown, after?: Answer): Promise<Answer> => {
  const [method, path] = operation.split(' ') as [string, string];
  const about = { token: by.token, ...(body === undefined ? {} : { body }), ...(after ? { after } : {}) };
  return api(`${method} ${messages()}${path}`, about);
};
const pin = (by: Account, method: 'PUT' | 'DELETE', id: string) =>
  api(`${method} /channels/${channelId}/pins/${id}`, { token: by.token });
const code = ({ status, body }: Answer): unknown => (status < 400 ? status : body.code);
const like = encodeURIComponent('👍');

describe('editing', () => {
  test('says it otherwise, and keeps what was said for who manages messages', async () => {
    const { id, seq } = await post('helo');
    const edited = await ask(guest, `PATCH /${id}`, { content: 'hello' });
    expect(edited).toMatchObject({ status: 200, body: { id, seq, content: 'hello', editedAt: expect.any(String) } });
    const twice = await ask(guest, `PATCH /${id}`, { content: 'hello!' });
    const read = await ask(other, `GET /${id}`, undefined, twice);
    expect(read.body).toMatchObject({ id, content: 'hello!', editedAt: twice.body.editedAt });
    const versions = await ask(owner, `GET /${id}/versions`, undefined, twice);
    expect(versions.body.items.map(({ content }: { content: string }) => content)).toEqual(['helo', 'hello', 'hello!']);
    expect(code(await ask(guest, `GET /${id}/versions`))).toBe('missing_permission');
  });

  test('is for its author', async () => {
    const { id } = await post('mine');
    expect(code(await ask(other, `PATCH /${id}`, { content: 'yours' }))).toBe('not_the_author');
    expect(code(await ask(owner, `PATCH /${id}`, { content: 'yours' }))).toBe('not_the_author');
    expect(code(await ask(guest, `PATCH /${id}`, { content: '' }))).toBe('invalid_input');
    expect(code(await ask(guest, `PATCH /${crypto.randomUUID()}`, { content: 'x' }))).toBe('message_not_found');
  });
});

describe('deleting', () => {
  test('is for its author, and for who manages messages; its text is in no answer any more', async () => {
    const [first, second, third] = [await post('first'), await post('second'), await post('third')];
    expect(code(await ask(other, `DELETE /${first.id}`))).toBe('missing_permission');
    expect(code(await ask(guest, `DELETE /${first.id}`))).toBe(204);
    const byOwner = await ask(owner, `DELETE /${second.id}`);
    expect(byOwner.status).toBe(204);
    const { body } = await ask(guest, 'GET ', undefined, byOwner);
    expect(body.items.map(({ id }: Said) => id)).toEqual([third.id]);
    expect(code(await ask(guest, `GET /${first.id}`))).toBe('message_not_found');
    expect(code(await ask(guest, `PATCH /${first.id}`, { content: 'x' }))).toBe('message_not_found');
    expect(code(await ask(guest, `DELETE /${first.id}`))).toBe(204);
  });

  test('of many at once passes over those that are not there', async () => {
    const posted = [await post('1'), await post('2'), await post('3')].map(({ id }) => id);
    const given = [...posted.slice(0, 2), crypto.randomUUID()];
    expect(code(await ask(guest, 'POST /bulk-delete', { messageIds: given }))).toBe('missing_permission');
    expect(code(await ask(owner, 'POST /bulk-delete', { messageIds: posted.slice(0, 1) }))).toBe('invalid_input');
    const deleted = await ask(owner, 'POST /bulk-delete', { messageIds: given });
    expect(deleted).toMatchObject({ status: 200, body: { deleted: posted.slice(0, 2) } });
    const { body } = await ask(owner, 'GET ');
    expect(body.items.map(({ id }: Said) => id)).toEqual(posted.slice(2));
  });
});

describe('answering', () => {
  test('names the message that it answers, which must be there', async () => {
    const question = await post('why?');
    const answer = await post('because', other, { replyToId: question.id });
    expect(answer).toMatchObject({ replyToId: question.id });
    await ask(guest, `DELETE /${question.id}`);
    const body = { content: 'late', replyToId: question.id };
    expect(code(await ask(other, 'POST ', body))).toBe('reply_not_found');
    expect(code(await ask(other, 'POST ', { ...body, replyToId: crypto.randomUUID() }))).toBe('reply_not_found');
    expect((await ask(other, `GET /${answer.id}`)).body.replyToId).toBe(question.id);
  });
});

describe('naming', () => {
  test('finds members, and everyone where that is allowed', async () => {
    const stranger = await signUp('Stranger');
    const content = `<@${other.id}> and <@${stranger.id}> and <@${other.id}>, @everyone`;
    expect(await post(content)).toMatchObject({ mentions: [other.id], mentionsEveryone: false });
    const said = await post('@everyone', owner);
    expect(said).toMatchObject({ mentions: [], mentionsEveryone: true });
    expect((await ask(owner, `GET /${said.id}`)).body).toEqual(said);
    expect(await post('not@everyone', owner)).toMatchObject({ mentionsEveryone: false });
    const edited = await ask(owner, `PATCH /${said.id}`, { content: `<@${guest.id}>` });
    expect(edited.body).toMatchObject({ mentions: [guest.id], mentionsEveryone: false });
  });
});

describe('reacting', () => {
  test('counts each member once for each emoji, and tells who', async () => {
    const { id } = await post('good');
    const [first, second] = [
      await ask(guest, `PUT /${id}/reactions/${like}/me`),
      await ask(other, `PUT /${id}/reactions/${like}/me`),
    ];
    expect([first.body, second.body]).toEqual([{ count: 1 }, { count: 2 }]);
    expect((await ask(other, `PUT /${id}/reactions/${like}/me`)).body).toEqual({ count: 2 });
    const party = await ask(other, `PUT /${id}/reactions/${encodeURIComponent('🎉')}/me`);
    const reactions = async (by: Account, after: Answer) =>
      (await ask(by, `GET /${id}`, undefined, after)).body.reactions;
    expect(await reactions(guest, party)).toEqual([
      { emoji: '👍', count: 2, me: true },
      { emoji: '🎉', count: 1, me: false },
    ]);
    const who = await ask(owner, `GET /${id}/reactions/${like}?limit=1`, undefined, party);
    const rest = await ask(owner, `GET /${id}/reactions/${like}?after=${who.body.items[0]}`);
    expect([...who.body.items, ...rest.body.items]).toEqual([guest.id, other.id].sort());
    const back = await ask(guest, `DELETE /${id}/reactions/${like}/me`);
    expect(await reactions(guest, back)).toContainEqual({ emoji: '👍', count: 1, me: false });
  });

  test('by 20 at once counts 20', async () => {
    const { id } = await post('good');
    const created = await api(`POST /servers/${serverId}/invites`, { token: owner.token, body: {} });
    const crowd = await Promise.all(Array.from({ length: 20 }, (_, index) => signUp(`Crowd ${index}`)));
    const joined = await Promise.all(
      crowd.map(({ token }) => api(`POST /invites/${created.body.code}/join`, { token, after: created })),
    );
    expect(joined.map(({ status }) => status)).toEqual(crowd.map(() => 200));
    const counts = await Promise.all(
      crowd.map(async (one) => (await ask(one, `PUT /${id}/reactions/${like}/me`)).body.count),
    );
    expect(counts.sort((a, b) => a - b)).toEqual(crowd.map((_, index) => index + 1));
  });

  test.each(['x', '👍👍', '%F0%9F%91%8Dx', '1'])('refuses %s, which is no emoji', async (bad) => {
    const { id } = await post('good');
    expect(code(await ask(guest, `PUT /${id}/reactions/${encodeURIComponent(bad)}/me`))).toBe('invalid_input');
  });

  test('goes with the account that reacted', async () => {
    const { id } = await post('good');
    const leaving = await signUp('Leaving');
    const created = await api(`POST /servers/${serverId}/invites`, { token: owner.token, body: {} });
    await api(`POST /invites/${created.body.code}/join`, { token: leaving.token, after: created });
    await ask(leaving, `PUT /${id}/reactions/${like}/me`);
    expect((await ask(guest, `PUT /${id}/reactions/${like}/me`)).body).toEqual({ count: 2 });
    const body = { password: 'correct horse battery', messages: 'ANONYMIZE' };
    expect((await api('DELETE /profiles/me', { token: leaving.token, body })).status).toBe(204);
    await expect
      .poll(async () => (await ask(guest, `GET /${id}`)).body.reactions, soon)
      .toEqual([{ emoji: '👍', count: 1, me: true }]);
  });
});

describe('pinning', () => {
  test('is for who manages messages; a deleted message is pinned no more', async () => {
    const [first, second] = [await post('first'), await post('second')];
    expect(code(await pin(guest, 'PUT', first.id))).toBe('missing_permission');
    for (const { id } of [first, second, first]) expect(code(await pin(owner, 'PUT', id))).toBe(204);
    const pins = async () =>
      (await api(`GET /channels/${channelId}/pins`, { token: owner.token })).body.items.map(({ id }: Said) => id);
    expect(await pins()).toEqual([second.id, first.id]);
    expect((await ask(owner, `GET /${first.id}`)).body.pinned).toBe(true);
    expect(code(await ask(owner, `DELETE /${first.id}`))).toBe(204);
    expect(code(await pin(owner, 'DELETE', second.id))).toBe(204);
    expect(await pins()).toEqual([]);
    expect(code(await pin(owner, 'PUT', first.id))).toBe('message_not_found');
  });
});

describe('a slow channel', () => {
  test('admits one message of a member in its time, and as many of who manages messages', async () => {
    const slow = { slowModeSeconds: 3_600 };
    const changed = await api(`PATCH /servers/${serverId}/channels/${channelId}`, { token: owner.token, body: slow });
    expect(changed.status).toBe(200);
    await expect.poll(async () => code(await ask(guest, 'POST ', { content: 'x' })), soon).toBe('slow_mode');
    await post('of somebody else', other);
    for (const content of ['1', '2', '3']) await post(content, owner);
    const fast = await api(`PATCH /servers/${serverId}/channels/${channelId}`, {
      token: owner.token,
      body: { slowModeSeconds: 0 },
    });
    expect(fast.status).toBe(200);
    await expect.poll(async () => code(await ask(guest, 'POST ', { content: 'x' })), soon).toBe(201);
  });
});

describe('walking through a history', () => {
  test('in either direction, by pages of any size, finds each message that is left once, in order', async () => {
    const all: Said[] = [];
    for (let count = 0; count < 30; count += 1) all.push(await post(`message ${count}`, count % 2 ? owner : guest));
    const gone = new Set(all.filter((_, index) => index % 7 === 3).map(({ id }) => id));
    for (const id of gone) expect(code(await ask(owner, `DELETE /${id}`))).toBe(204);
    const last = await ask(owner, `PATCH /${all[1]!.id}`, { content: 'edited' });
    expect(last.status).toBe(200);
    const left = all.filter(({ id }) => !gone.has(id)).map(({ seq }) => seq);
    const page = async (query: string) =>
      (await ask(owner, `GET ?${query}`)).body as { items: Said[]; hasMore: boolean };

    const walk = async (limit: number, direction: 'before' | 'after'): Promise<number[]> => {
      const seqs: number[] = [];
      for (let place = direction === 'before' ? '' : '&after=0'; ; ) {
        const { items, hasMore } = await page(`limit=${limit}${place}`);
        seqs.push(...(direction === 'before' ? items : items.toReversed()).map(({ seq }) => seq));
        if (!hasMore) return seqs;
        place = `&${direction}=${seqs.at(-1)}`;
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 31 }), async (limit) => {
        expect(await walk(limit, 'before')).toEqual(left.toReversed());
        expect(await walk(limit, 'after')).toEqual(left);
      }),
      { numRuns: 8 },
    );
  });
});
