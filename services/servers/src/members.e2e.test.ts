import { type Account, api, signUp } from '@palaver/http/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { newWorld, type World } from './house.fixture.ts';

/** Members, invites, bans, and the log of who did what. */

let world: World;
beforeEach(async () => {
  world = await newWorld();
});

const soon = { timeout: 20_000, interval: 100 };
const ids = (answer: { body: { items: { profileId: string }[] } }): string[] =>
  answer.body.items.map((one) => one.profileId);
const join = (account: Account, code: string) => world.ask(account, `POST /invites/${code}/join`);

describe('members', () => {
  test('leave, and are not seen any more', async () => {
    const { guest } = world.accounts;
    expect((await world.as('guest', 'DELETE /members/me')).status).toBe(204);
    expect((await world.as('guest', 'GET ')).body.code).toBe('server_not_found');
    expect(ids(await world.as('owner', 'GET /members'))).not.toContain(guest.id);
    expect((await world.as('owner', 'GET ')).body.memberCount).toBe(3);
    const { status } = await api(`POST /channels/${world.channelId}/messages`, {
      token: guest.token,
      body: { content: 'x' },
    });
    expect([404, 201]).toContain(status);
    await expect
      .poll(async () => (await world.ask('guest', `GET /channels/${world.channelId}/messages`)).status, soon)
      .toBe(404);
  });

  test('are put out, and may come again; are banned, and may not until that is over', async () => {
    const { guest } = world.accounts;
    expect((await world.as('moderator', `DELETE /members/${guest.id}`)).status).toBe(204);
    expect((await join(guest, world.inviteCode)).status).toBe(200);
    const reason = { 'x-audit-log-reason': encodeURIComponent('Spam, über alles') };
    expect((await world.as('moderator', `PUT /bans/${guest.id}`, undefined, reason)).status).toBe(204);
    expect((await join(guest, world.inviteCode)).body.code).toBe('banned');
    const { body } = await world.as('moderator', 'GET /bans');
    expect(body.items).toContainEqual({
      profileId: guest.id,
      bannedBy: world.accounts.moderator.id,
      reason: 'Spam, über alles',
      createdAt: expect.any(String),
    });
    expect((await world.as('moderator', `DELETE /bans/${guest.id}`)).status).toBe(204);
    expect((await join(guest, world.inviteCode)).status).toBe(200);
    expect((await world.as('owner', 'GET ')).body.memberCount).toBe(4);
  });

  test('rise and fall, and what they may with them', async () => {
    const { guest } = world.accounts;
    const kick = () => world.as('guest', `DELETE /members/${crypto.randomUUID()}`);
    expect((await kick()).body.code).toBe('missing_permission');
    expect((await world.as('admin', `PUT /members/${guest.id}/role`, { role: 'MODERATOR' })).status).toBe(204);
    expect((await kick()).body.code).toBe('member_not_found');
    expect((await world.as('guest', `GET /members/${guest.id}`)).body.role).toBe('MODERATOR');
    expect((await world.as('admin', `PUT /members/${guest.id}/role`, { role: 'ADMIN' })).body.code).toBe(
      'rank_too_low',
    );
    expect((await world.as('admin', `PUT /members/${world.accounts.owner.id}/role`, { role: 'GUEST' })).body.code).toBe(
      'rank_too_low',
    );
  });

  test('are called otherwise here, by themselves or by an admin', async () => {
    const { guest } = world.accounts;
    const path = `/members/${guest.id}`;
    expect((await world.as('guest', `PUT ${path}/nickname`, { nickname: 'Countess' })).status).toBe(204);
    expect((await world.as('owner', `GET ${path}`)).body.nickname).toBe('Countess');
    expect((await world.as('admin', `PUT ${path}/nickname`, { nickname: null })).status).toBe(204);
    expect((await world.as('owner', `GET ${path}`)).body.nickname).toBeNull();
    expect((await world.as('guest', `PUT ${path}/nickname`, { nickname: 'x'.repeat(33) })).status).toBe(400);
  });

  test('are timed out for four weeks at most', async () => {
    const path = `PUT /members/${world.accounts.guest.id}/timeout` as const;
    for (const ms of [-1_000, 28 * 86_400_000 + 60_000]) {
      const until = new Date(Date.now() + ms).toISOString();
      expect(await world.as('moderator', path, { until })).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/until' }] },
      });
    }
  });

  test('are listed by pages, each once', async () => {
    for (let count = 0; count < 5; count += 1) await world.newMember();
    const seen: string[] = [];
    for (let after = ''; ; ) {
      const { body } = await world.as('guest', `GET /members?limit=2${after && `&after=${after}`}`);
      seen.push(...body.items.map((one: { profileId: string }) => one.profileId));
      if (!body.hasMore) break;
      after = seen.at(-1)!;
    }
    expect(seen).toEqual(ids(await world.as('guest', 'GET /members?limit=1000')));
    expect(new Set(seen).size).toBe(9);
    expect((await world.as('guest', 'GET /members?limit=1001')).status).toBe(400);
  });
});

describe('servers of one', () => {
  test('are listed by pages, in the order of joining', async () => {
    const { guest } = world.accounts;
    const others = [await newWorld('Second'), await newWorld('Third')];
    for (const other of others) await other.ask(guest, `POST /invites/${other.inviteCode}/join`);
    const page = async (query: string) => (await others[1]!.ask(guest, `GET /servers${query}`)).body;
    const all = [world, ...others].map(({ serverId }) => serverId);
    const listed = async (query: string) => (await page(query)).items.map((one: { id: string }) => one.id);
    await expect.poll(() => listed(''), soon).toEqual(all);
    expect(await listed(`?limit=2`)).toEqual(all.slice(0, 2));
    expect((await page('?limit=2')).hasMore).toBe(true);
    expect(await listed(`?limit=2&after=${all[1]}`)).toEqual(all.slice(2));
    expect((await api('GET /servers?limit=0', { token: guest.token })).status).toBe(400);
    expect((await api('GET /servers?colour=red', { token: guest.token })).status).toBe(400);
  });
});

describe('invites', () => {
  test('admit as many as they allow, of 50 who want the last uses at once', async () => {
    const { body: invite } = await world.as('owner', 'POST /invites', { maxUses: 7 });
    expect(invite).toMatchObject({ maxUses: 7, uses: 0, expiresAt: expect.any(String) });
    const crowd = await Promise.all(Array.from({ length: 50 }, (_, index) => signUp(`Joiner ${index}`)));
    const answers = await Promise.all(crowd.map((one) => join(one, invite.code)));
    const admitted = crowd.filter((_, index) => answers[index]!.status === 200);
    expect(admitted).toHaveLength(7);
    for (const { status, body } of answers.filter((one) => one.status !== 200)) {
      expect([status, body.code]).toEqual([410, 'invite_exhausted']);
    }
    const members = ids(await world.as('owner', 'GET /members?limit=1000'));
    expect(crowd.filter(({ id }) => members.includes(id))).toEqual(admitted);
    expect((await world.as('owner', 'GET ')).body.memberCount).toBe(4 + 7);
    const { body } = await world.as('owner', 'GET /invites');
    expect(body.items).toContainEqual({ ...invite, uses: 7 });
    // Who is in may ask again; who looks is told that it is used up.
    expect((await join(admitted[0]!, invite.code)).status).toBe(200);
    expect((await world.ask('outsider', `GET /invites/${invite.code}`)).body.code).toBe('invite_exhausted');
  });

  test('expire, or not, and are revoked', async () => {
    const outsider = world.accounts.outsider;
    const { body: brief } = await world.as('moderator', 'POST /invites', { expiresInSeconds: 1 });
    await expect
      .poll(async () => (await world.ask('outsider', `GET /invites/${brief.code}`)).body.code, soon)
      .toBe('invite_expired');
    expect((await join(outsider, brief.code)).body.code).toBe('invite_expired');
    const { body: lasting } = await world.as('moderator', 'POST /invites', { expiresInSeconds: 0 });
    expect(lasting.expiresAt).toBeNull();
    expect((await world.as('moderator', `DELETE /invites/${lasting.code}`)).status).toBe(204);
    expect((await join(outsider, lasting.code)).body.code).toBe('invite_not_found');
    for (const body of [{ expiresInSeconds: 604_801 }, { maxUses: 101 }, { maxUses: -1 }])
      expect((await world.as('moderator', 'POST /invites', body)).status).toBe(400);
  });
});

describe('the audit log', () => {
  type Entry = { id: number; action: string; actor: string; target: string; reason: string | null; changes: object };
  const entries = async (query = ''): Promise<Entry[]> =>
    (await world.as('admin', `GET /audit-log${query}`)).body.items;

  test('tells who did what to whom, and why, newest first', async () => {
    const { guest, moderator, owner } = world.accounts;
    const reason = { 'x-audit-log-reason': 'Too%20loud' };
    await world.as('moderator', `DELETE /members/${guest.id}`, undefined, reason);
    const all = await entries('?limit=100');
    expect(all[0]).toMatchObject({ action: 'MemberKicked', actor: moderator.id, target: guest.id, reason: 'Too loud' });
    expect(all.map(({ action }) => action)).toEqual([
      'MemberKicked',
      'MemberBanned',
      'MemberRoleChanged',
      'MemberRoleChanged',
      ...Array(4).fill('MemberJoined'),
      'MemberJoined',
      'InviteCreated',
      'ChannelCreated',
      'ServerCreated',
    ]);
    expect(all.at(-1)).toMatchObject({
      actor: owner.id,
      target: world.serverId,
      changes: { name: 'Analytical Engine' },
    });
  });

  test('is asked by actor, action and target, and by pages', async () => {
    const { guest, owner, banned } = world.accounts;
    expect((await entries(`?actor=${guest.id}`)).map(({ action }) => action)).toEqual(['MemberJoined']);
    expect((await entries('?action=MemberBanned')).map(({ target }) => target)).toEqual([banned.id]);
    expect((await entries(`?target=${banned.id}`)).map(({ action }) => action)).toEqual([
      'MemberBanned',
      'MemberJoined',
    ]);
    const all = await entries('?limit=100');
    const pages: Entry[] = [];
    for (let before = ''; ; ) {
      const page = await entries(`?limit=3${before && `&before=${before}`}`);
      pages.push(...page);
      if (page.length < 3) break;
      before = String(page.at(-1)!.id);
    }
    expect(pages).toEqual(all);
    expect(await entries(`?actor=${owner.id}&action=MemberRoleChanged`)).toHaveLength(2);
    expect((await world.as('admin', 'GET /audit-log?action=Nothing')).status).toBe(400);
  });

  test('says that somebody is called otherwise, and not how', async () => {
    await world.as('guest', `PUT /members/${world.accounts.guest.id}/nickname`, { nickname: 'Countess' });
    expect(JSON.stringify(await entries('?action=NicknameChanged'))).not.toContain('Countess');
    expect(await entries('?action=NicknameChanged')).toHaveLength(1);
  });
});

describe('a deleted server', () => {
  test('is gone for everybody, its members leave, and its messages with it', async () => {
    await world.ask('guest', `POST /channels/${world.channelId}/messages`, { content: 'hello' });
    expect((await world.as('owner', 'DELETE ')).status).toBe(204);
    for (const person of ['owner', 'guest'] as const) {
      expect((await world.as(person, 'GET ')).body.code).toBe('server_not_found');
      expect((await world.ask(person, 'GET /servers')).body.items).toEqual([]);
      await expect
        .poll(async () => (await world.ask(person, `GET /channels/${world.channelId}/messages`)).body.code, soon)
        .toBe('channel_not_found');
    }
    expect((await join(world.accounts.outsider, world.inviteCode)).body.code).toBe('invite_not_found');
  });
});

test('the server of a deleted account goes to who stands highest', async () => {
  const { owner, admin } = world.accounts;
  const body = { password: 'correct horse battery', messages: 'DELETE' };
  expect((await api('DELETE /profiles/me', { token: owner.token, body })).status).toBe(204);
  await expect.poll(async () => (await world.as('guest', 'GET ')).body.profileId, soon).toBe(admin.id);
  expect(ids(await world.as('guest', 'GET /members'))).not.toContain(owner.id);
  expect((await world.as('admin', 'DELETE ')).status).toBe(204);
});
