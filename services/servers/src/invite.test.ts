import { givenTimeMs } from '@palaver/decider/given';
import type { ServersCommand } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import {
  after,
  byEach,
  changeRole,
  created,
  decide,
  happens,
  inhabited,
  inviteCode,
  join,
  leave,
  outcome,
  serverId,
} from './world.fixture.ts';

const invite = (createdBy: string, about = {}): ServersCommand => ({
  type: 'CreateInvite',
  data: { serverId, code: 'second-invite', createdBy, permissions: [], expiresAt: null, maxUses: null, ...about },
});
const revoke = (by: string, code = 'second-invite'): ServersCommand => ({
  type: 'RevokeInvite',
  data: { serverId, code, by },
});
const granting = { permissions: ['IMPORT_MESSAGES'] };

describe('CreateInvite', () => {
  test('makes an invite', () => {
    const about = { ...granting, expiresAt: givenTimeMs + 1, maxUses: 3 };
    expect(decide(inhabited, invite('admin', about))).toEqual({
      kind: 'accepted',
      events: [
        {
          stream: 'invite:server:second-invite',
          event: { type: 'InviteCreated', data: { serverId, code: 'second-invite', createdBy: 'admin', ...about } },
        },
      ],
      result: { serverId, code: 'second-invite', createdAtMs: givenTimeMs },
    });
  });

  test('is for who may invite; to grant something, for who may also manage roles', () => {
    const nobodyElse = { guest: 'missing_permission', outsider: 'server_not_found' };
    expect(byEach(inhabited, (by) => invite(by))).toEqual({ ...nobodyElse, owner: 'ok', admin: 'ok', moderator: 'ok' });
    expect(byEach(inhabited, (by) => invite(by, granting))).toEqual({
      ...nobodyElse,
      owner: 'ok',
      admin: 'ok',
      moderator: 'missing_permission',
    });
    expect(outcome(inhabited, invite('owner', { permissions: ['MANAGE_SERVER'] }))).toBe('missing_permission');
  });

  test('is refused where there is no server, or the code is taken', () => {
    expect(outcome([], invite('owner'))).toBe('server_not_found');
    expect(outcome(after(inhabited, invite('owner')), invite('owner'))).toBe('invite_exists');
  });
});

describe('RevokeInvite', () => {
  const invited = after(inhabited, invite('moderator'));

  test('ends it, for all who hold it', () => {
    expect(happens(invited, revoke('moderator'))).toEqual([['InviteRevoked', 'invite:server:second-invite']]);
    const revoked = after(invited, revoke('moderator'));
    expect(outcome(revoked, join('new', 'second-invite'))).toBe('invite_not_found');
    expect(outcome(revoked, revoke('admin'))).toBe('invite_not_found');
    expect(outcome(revoked, join('new'))).toBe('ok');
  });

  test('is for who made it, and for who may manage the server', () => {
    expect(byEach(invited, (by) => revoke(by))).toEqual({
      owner: 'ok',
      admin: 'ok',
      moderator: 'ok',
      guest: 'missing_permission',
      outsider: 'server_not_found',
    });
    expect(outcome(invited, revoke('other-moderator'))).toBe('missing_permission');
    expect(outcome(after(invited, leave('moderator')), revoke('moderator'))).toBe('server_not_found');
  });
});

describe('JoinServer', () => {
  test('makes a GUEST, and counts the use', () => {
    expect(decide(created, join('new'))).toEqual({
      kind: 'accepted',
      events: [
        {
          stream: 'member:server:new',
          event: {
            type: 'MemberJoined',
            data: { serverId, profileId: 'new', role: 'GUEST', permissions: [], inviteCode, timedOutUntil: null },
          },
        },
      ],
      result: { serverId, profileId: 'new', role: 'GUEST' },
    });
  });

  test('grants what the invite grants', () => {
    expect(decide(after(inhabited, invite('owner', granting)), join('new', 'second-invite'))).toMatchObject({
      events: [{ event: { data: { permissions: ['IMPORT_MESSAGES'], inviteCode: 'second-invite' } } }],
    });
  });

  test('changes nothing for a member, whatever their role, and uses nothing up', () => {
    const once = after(inhabited, invite('owner', { maxUses: 1 }), join('admin', 'second-invite'));
    expect(decide(once, join('admin', 'second-invite'))).toMatchObject({ events: [], result: { role: 'ADMIN' } });
    expect(outcome(once, join('new', 'second-invite'))).toBe('ok');
  });

  test('admits as many as the invite allows', () => {
    const thrice = after(
      inhabited,
      invite('owner', { maxUses: 3 }),
      ...['a', 'b', 'c'].map((one) => join(one, 'second-invite')),
    );
    expect(outcome(thrice, join('d', 'second-invite'))).toBe('invite_exhausted');
    // Who has left has used it all the same.
    expect(outcome(after(thrice, leave('a')), join('a', 'second-invite'))).toBe('invite_exhausted');
  });

  test('admits until it expires', () => {
    const expiring = after(inhabited, invite('owner', { expiresAt: givenTimeMs + 1_000 }));
    expect(outcome(expiring, join('new', 'second-invite'), { timeMs: givenTimeMs + 999 })).toBe('ok');
    expect(outcome(expiring, join('new', 'second-invite'), { timeMs: givenTimeMs + 1_000 })).toBe('invite_expired');
  });

  test('admits nobody who is banned, until that is over', () => {
    const about = { serverId, profileId: 'guest', by: 'admin' };
    const banned = after(inhabited, { type: 'BanMember', data: about });
    expect(outcome(banned, join('guest'))).toBe('banned');
    expect(outcome(after(banned, { type: 'UnbanMember', data: about }), join('guest'))).toBe('ok');
  });

  test('ends no time-out', () => {
    const until = givenTimeMs + 1_000;
    const about = { serverId, profileId: 'guest', by: 'admin', until };
    const left = after(inhabited, { type: 'TimeOutMember', data: about }, leave('guest'));
    expect(decide(left, join('guest'))).toMatchObject({ events: [{ event: { data: { timedOutUntil: until } } }] });
    expect(decide(left, join('guest'), { timeMs: until })).toMatchObject({
      events: [{ event: { data: { timedOutUntil: null } } }],
    });
  });

  test('begins at the bottom again', () => {
    const again = after(inhabited, changeRole('owner', 'guest', 'ADMIN'), leave('guest'));
    expect(decide(again, join('guest'))).toMatchObject({ result: { role: 'GUEST' } });
  });

  test('is refused without the server or the invite', () => {
    expect(outcome([], join('new'))).toBe('server_not_found');
    expect(outcome(created, join('new', 'no-such'))).toBe('invite_not_found');
  });
});
