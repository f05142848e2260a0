import { givenTimeMs } from '@palaver/decider/given';
import type { ServersCommand } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { serversDecider } from './decider.ts';
import {
  after,
  byEach,
  changeRole,
  created,
  decide,
  happens,
  inhabited,
  join,
  leave,
  outcome,
  serverId,
} from './world.fixture.ts';

type On = (by: string, profileId: string) => ServersCommand;
const kick: On = (by, profileId) => ({ type: 'KickMember', data: { serverId, profileId, by } });
const ban: On = (by, profileId) => ({ type: 'BanMember', data: { serverId, profileId, by } });
const unban: On = (by, profileId) => ({ type: 'UnbanMember', data: { serverId, profileId, by } });
const timeOut = (by: string, profileId: string, until: number | null = givenTimeMs + 1_000): ServersCommand => ({
  type: 'TimeOutMember',
  data: { serverId, profileId, by, until },
});
const nickname = (by: string, profileId = by, name: string | null = 'Countess'): ServersCommand => ({
  type: 'ChangeNickname',
  data: { serverId, profileId, by, nickname: name },
});
const named = after(inhabited, nickname('guest'));
const nobody = { guest: 'missing_permission', outsider: 'server_not_found' };

/** What comes of it, by each rank, done to each other rank. */
const ranks = (command: On) =>
  Object.fromEntries(
    ['owner', 'admin', 'moderator'].map((by) => [
      by,
      ['owner', 'other-admin', 'other-moderator', 'other-guest', by].map((on) => outcome(inhabited, command(by, on))),
    ]),
  );
const low = 'rank_too_low';
const all = {
  owner: [low, 'ok', 'ok', 'ok', low],
  admin: [low, low, 'ok', 'ok', low],
  moderator: [low, low, low, 'ok', low],
};

describe('LeaveServer', () => {
  test('ends a membership, and with it the name that it had', () => {
    expect(happens(inhabited, leave('guest'))).toEqual([['MemberLeft', 'member:server:guest']]);
    expect(happens(named, leave('guest'))).toEqual([
      ['MemberLeft', 'member:server:guest'],
      ['NicknameCleared', 'nickname:server:guest'],
    ]);
  });

  test('changes nothing for who is no member, or of a server that is not there', () => {
    for (const events of [[], created, after(inhabited, leave('guest'))])
      expect(decide(events, leave('guest'))).toEqual({ kind: 'accepted', events: [], result: null });
  });

  test('lets one join anew', () => {
    expect(happens(after(inhabited, leave('guest')), join('guest'))).toEqual([['MemberJoined', 'member:server:guest']]);
  });

  test('is not for the owner', () => {
    expect(outcome(inhabited, leave('owner'))).toBe('owner_must_transfer');
  });

  describe('of a deleted account that owns it', () => {
    const goes = (heirId: string | null) => leave('owner', { accountDeleted: true, heirId });

    test('hands it on', () => {
      expect(happens(inhabited, goes('moderator'))).toEqual([
        ['OwnershipTransferred', 'server:server'],
        ['MemberRoleChanged', 'member:server:moderator'],
        ['MemberLeft', 'member:server:owner'],
      ]);
    });

    test('is refused when who was to get it is no member any more', () => {
      expect(outcome(inhabited, goes('outsider'))).toBe('heir_not_found');
      expect(outcome(inhabited, goes('owner'))).toBe('heir_not_found');
    });

    test('ends it when nobody is left', () => {
      expect(happens(created, goes(null))).toEqual([
        ['ChannelDeleted', 'channel:server:general'],
        ['ServerDeleted', 'server:server'],
        ['MemberLeft', 'member:server:owner'],
      ]);
    });
  });
});

describe('KickMember', () => {
  test('puts a member out, who may come again', () => {
    expect(happens(named, kick('moderator', 'guest'))).toEqual([
      ['MemberKicked', 'member:server:guest'],
      ['NicknameCleared', 'nickname:server:guest'],
    ]);
    expect(outcome(after(inhabited, kick('moderator', 'guest')), join('guest'))).toBe('ok');
  });

  test('is for who may kick, and concerns who is below', () => {
    expect(byEach(inhabited, (by) => kick(by, 'other-guest'))).toEqual({
      ...nobody,
      owner: 'ok',
      admin: 'ok',
      moderator: 'ok',
    });
    expect(ranks(kick)).toEqual(all);
    expect(outcome(inhabited, kick('admin', 'outsider'))).toBe('member_not_found');
  });
});

describe('BanMember', () => {
  test('keeps a member out, and anybody else', () => {
    expect(decide(named, ban('moderator', 'guest'))).toMatchObject({
      events: [
        { stream: 'ban:server:guest', event: { type: 'MemberBanned', data: { profileId: 'guest', wasMember: true } } },
        { event: { type: 'NicknameCleared' } },
      ],
    });
    expect(decide(inhabited, ban('moderator', 'outsider'))).toMatchObject({
      events: [{ stream: 'ban:server:outsider', event: { data: { wasMember: false } } }],
    });
    expect(outcome(after(inhabited, ban('moderator', 'guest')), leave('guest'))).toBe('ok');
    expect(happens(after(inhabited, ban('moderator', 'guest')), leave('guest'))).toEqual([]);
  });

  test('twice is once', () => {
    expect(happens(after(inhabited, ban('admin', 'guest')), ban('admin', 'guest'))).toEqual([]);
  });

  test('is for who may ban, and concerns who is below', () => {
    expect(byEach(inhabited, (by) => ban(by, 'other-guest'))).toEqual({
      ...nobody,
      owner: 'ok',
      admin: 'ok',
      moderator: 'ok',
    });
    expect(ranks(ban)).toEqual(all);
  });
});

describe('UnbanMember', () => {
  const banned = after(inhabited, ban('admin', 'other-guest'));

  test('lets a profile join again', () => {
    expect(happens(banned, unban('moderator', 'other-guest'))).toEqual([['MemberUnbanned', 'ban:server:other-guest']]);
  });

  test('is for who may ban, and for who is banned', () => {
    expect(byEach(banned, (by) => unban(by, 'other-guest'))).toEqual({
      ...nobody,
      owner: 'ok',
      admin: 'ok',
      moderator: 'ok',
    });
    expect(outcome(inhabited, unban('admin', 'guest'))).toBe('ban_not_found');
  });
});

describe('TimeOutMember', () => {
  test('lets a member only look, and ends by itself or by word', () => {
    const until = givenTimeMs + 1_000;
    const timedOut = after(inhabited, timeOut('admin', 'moderator'));
    const kicks = (timeMs: number) => outcome(timedOut, kick('moderator', 'guest'), { timeMs });
    expect([kicks(until - 1), kicks(until)]).toEqual(['missing_permission', 'ok']);
    const ended = after(timedOut, timeOut('admin', 'moderator', null));
    expect(outcome(ended, kick('moderator', 'guest'))).toBe('ok');
  });

  test('that ends none is no event', () => {
    expect(happens(inhabited, timeOut('admin', 'guest', null))).toEqual([]);
  });

  test('is for who may kick, and concerns who is below', () => {
    expect(byEach(inhabited, (by) => timeOut(by, 'other-guest'))).toEqual({
      ...nobody,
      owner: 'ok',
      admin: 'ok',
      moderator: 'ok',
    });
    expect(ranks(timeOut)).toEqual(all);
  });
});

describe('ChangeMemberRole', () => {
  test('raises and lowers', () => {
    expect(decide(inhabited, changeRole('owner', 'guest', 'ADMIN'))).toMatchObject({
      events: [{ event: { type: 'MemberRoleChanged', data: { role: 'ADMIN', previousRole: 'GUEST' } } }],
    });
    expect(happens(inhabited, changeRole('owner', 'guest', 'GUEST'))).toEqual([]);
  });

  test('is for who may manage roles, concerns who is below, and gives what is below', () => {
    const missing = Array(5).fill('missing_permission');
    expect(ranks((by, on) => changeRole(by, on, 'MODERATOR'))).toEqual({ ...all, moderator: missing });
    expect(ranks((by, on) => changeRole(by, on, 'ADMIN'))).toEqual({
      owner: all.owner,
      admin: Array(5).fill(low),
      moderator: missing,
    });
    expect(byEach(inhabited, (by) => changeRole(by, 'other-guest', 'MODERATOR'))).toEqual({
      ...nobody,
      owner: 'ok',
      admin: 'ok',
      moderator: 'missing_permission',
    });
  });
});

describe('ChangeNickname', () => {
  test('says apart that there is another name, and what it is', () => {
    expect(happens(inhabited, nickname('guest'))).toEqual([
      ['NicknameChanged', 'member:server:guest'],
      ['NicknameSet', 'nickname:server:guest'],
    ]);
    expect(happens(named, nickname('guest', 'guest', null))).toEqual([
      ['NicknameChanged', 'member:server:guest'],
      ['NicknameCleared', 'nickname:server:guest'],
    ]);
    expect(happens(inhabited, nickname('guest', 'guest', null))).toEqual([]);
    expect(JSON.stringify(happens(inhabited, nickname('guest')))).not.toContain('Countess');
  });

  test("is everybody's own affair, and that of who may manage roles above them", () => {
    expect(byEach(inhabited, (by) => nickname(by))).toEqual({
      owner: 'ok',
      admin: 'ok',
      moderator: 'ok',
      guest: 'ok',
      outsider: 'server_not_found',
    });
    expect(byEach(inhabited, (by) => nickname(by, 'other-guest'))).toEqual({
      ...nobody,
      owner: 'ok',
      admin: 'ok',
      moderator: 'missing_permission',
    });
    expect(outcome(inhabited, nickname('admin', 'owner'))).toBe('rank_too_low');
    expect(outcome(inhabited, nickname('admin', 'outsider'))).toBe('member_not_found');
  });

  test('is all that the sweep erases: names end, and the rest is history', () => {
    const ends = after(named, leave('guest')).filter(({ event }) => serversDecider.ends!(event));
    expect(ends.map(({ event }) => event.type)).toEqual(['NicknameCleared']);
  });
});
