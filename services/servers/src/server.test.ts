import { givenTimeMs } from '@palaver/decider/given';
import type { ServersCommand } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import {
  after,
  byEach,
  channelId,
  create,
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

const nobodyElse = {
  admin: 'missing_permission',
  moderator: 'missing_permission',
  guest: 'missing_permission',
  outsider: 'server_not_found',
};
const change = (by: string, about = {}): ServersCommand => ({
  type: 'ChangeServer',
  data: { serverId, by, name: null, imageUrl: null, imageFileId: null, expectedVersion: null, ...about },
});
const transfer = (by: string, ownerId: string): ServersCommand => ({
  type: 'TransferOwnership',
  data: { serverId, ownerId, by },
});
const remove = (by: string): ServersCommand => ({ type: 'DeleteServer', data: { serverId, by } });

describe('CreateServer', () => {
  test('makes the server, its default channel, its invite, and its owner an ADMIN', () => {
    const owner = 'owner';
    expect(decide([], create)).toEqual({
      kind: 'accepted',
      events: [
        {
          stream: 'server:server',
          event: {
            type: 'ServerCreated',
            data: { serverId, ownerId: owner, name: 'Ada', imageUrl: null, imageFileId: null, inviteCode },
          },
        },
        {
          stream: `channel:server:${channelId}`,
          event: {
            type: 'ChannelCreated',
            data: {
              serverId,
              channelId,
              name: 'general',
              type: 'TEXT',
              createdBy: owner,
              topic: null,
              categoryId: null,
              position: 0,
              slowModeSeconds: 0,
            },
          },
        },
        {
          stream: `invite:server:${inviteCode}`,
          event: {
            type: 'InviteCreated',
            data: { serverId, code: inviteCode, createdBy: owner, permissions: [], expiresAt: null, maxUses: null },
          },
        },
        {
          stream: 'member:server:owner',
          event: {
            type: 'MemberJoined',
            data: { serverId, profileId: owner, role: 'ADMIN', permissions: [], inviteCode: null, timedOutUntil: null },
          },
        },
      ],
      result: { serverId, channelId, channelName: 'general', inviteCode, createdAtMs: givenTimeMs, version: 1 },
    });
  });

  test('is refused for an id that is taken, or was', () => {
    expect(outcome(created, create)).toBe('server_exists');
    expect(outcome(after(created, remove('owner')), create)).toBe('server_exists');
  });
});

describe('ChangeServer', () => {
  test('changes what is said, and keeps the rest', () => {
    const imageUrl = 'https://example.com/a.png';
    const decision = decide(inhabited, change('admin', { imageUrl }), { timeMs: givenTimeMs + 1 });
    expect(decision).toMatchObject({
      events: [
        {
          stream: 'server:server',
          event: { type: 'ServerChanged', data: { serverId, name: 'Ada', imageUrl, imageFileId: null } },
        },
      ],
      result: { name: 'Ada', imageUrl, ownerId: 'owner', version: 2, updatedAtMs: givenTimeMs + 1 },
    });
    const pictured = after(inhabited, change('admin', { imageUrl }));
    expect(decide(pictured, change('admin', { imageUrl: '', name: 'B' }))).toMatchObject({
      events: [{ event: { data: { name: 'B', imageUrl: null } } }],
    });
  });

  test('puts a file in the place of an address, and the other way round', () => {
    const imageUrl = 'https://example.com/a.png';
    const addressed = after(inhabited, change('owner', { imageUrl }));
    const filed = after(inhabited, change('owner', { imageFileId: 'f1' }));
    const pictured = (picture: object) => ({ events: [{ event: { data: picture } }], result: picture });
    const whenFiled = (about: object) => decide(filed, change('owner', about));
    const none = { imageUrl: null, imageFileId: null };
    expect(decide(addressed, change('owner', { imageFileId: 'f1' }))).toMatchObject(
      pictured({ imageUrl: null, imageFileId: 'f1' }),
    );
    expect(whenFiled({ imageUrl })).toMatchObject(pictured({ imageUrl, imageFileId: null }));
    expect(whenFiled({ name: 'B' })).toMatchObject(pictured({ imageUrl: null, imageFileId: 'f1' }));
    expect(whenFiled({ imageFileId: '' })).toMatchObject(pictured(none));
    expect(whenFiled({ imageUrl: '' })).toMatchObject(pictured(none));
    expect(whenFiled({ imageFileId: 'f1' })).toMatchObject({ events: [] });
  });

  test('that changes nothing is no event', () => {
    expect(decide(inhabited, change('owner', { name: 'Ada', imageUrl: '' }))).toMatchObject({
      events: [],
      result: { version: 1 },
    });
  });

  test('is refused for a version that is not the last', () => {
    const renamed = after(inhabited, change('owner', { name: 'B' }));
    const at = (expectedVersion: number) => outcome(renamed, change('owner', { name: 'C', expectedVersion }));
    expect([at(1), at(2), at(3)]).toEqual(['precondition_failed', 'ok', 'precondition_failed']);
  });

  test('is for who may manage the server', () => {
    expect(byEach(inhabited, (by) => change(by, { name: 'B' }))).toEqual({ ...nobodyElse, owner: 'ok', admin: 'ok' });
  });
});

describe('TransferOwnership', () => {
  test('makes a member the owner, and an ADMIN', () => {
    expect(happens(inhabited, transfer('owner', 'guest'))).toEqual([
      ['OwnershipTransferred', 'server:server'],
      ['MemberRoleChanged', 'member:server:guest'],
    ]);
    expect(happens(inhabited, transfer('owner', 'admin'))).toEqual([['OwnershipTransferred', 'server:server']]);
    const handed = after(inhabited, transfer('owner', 'guest'));
    expect(byEach(handed, remove)).toEqual({ ...nobodyElse, owner: 'missing_permission', guest: 'ok' });
    expect(outcome(handed, leave('owner'))).toBe('ok');
  });

  test('to oneself changes nothing', () => {
    expect(decide(inhabited, transfer('owner', 'owner'))).toMatchObject({ kind: 'accepted', events: [] });
  });

  test('is refused to who does not own it, and to who is no member', () => {
    expect(byEach(inhabited, (by) => transfer(by, 'other-admin'))).toEqual({ ...nobodyElse, owner: 'ok' });
    expect(outcome(inhabited, transfer('owner', 'outsider'))).toBe('member_not_found');
  });
});

describe('DeleteServer', () => {
  test('ends its channels and itself', () => {
    expect(happens(inhabited, remove('owner'))).toEqual([
      ['ChannelDeleted', `channel:server:${channelId}`],
      ['ServerDeleted', 'server:server'],
    ]);
  });

  test('is for the owner', () => {
    expect(byEach(inhabited, remove)).toEqual({ ...nobodyElse, owner: 'ok' });
  });

  test('leaves nothing that anybody could change, or join', () => {
    const gone = after(inhabited, remove('owner'));
    for (const command of [change('owner', { name: 'B' }), remove('owner'), join('new'), transfer('owner', 'admin')])
      expect(outcome(gone, command)).toBe('server_not_found');
  });

  test('lets its members leave, the owner too', () => {
    const gone = after(inhabited, remove('owner'));
    for (const profileId of ['guest', 'owner']) {
      expect(happens(gone, leave(profileId))).toEqual([['MemberLeft', `member:server:${profileId}`]]);
    }
  });
});
