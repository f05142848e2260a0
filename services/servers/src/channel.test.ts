import { givenTimeMs } from '@palaver/decider/given';
import type { ServersCommand } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { maxChannels, maxOverwrites } from './channel.ts';
import {
  after,
  byEach,
  changeRole,
  channelId,
  decide,
  happens,
  inhabited,
  join,
  outcome,
  serverId,
} from './world.fixture.ts';

const managers = {
  owner: 'ok',
  admin: 'ok',
  moderator: 'missing_permission',
  guest: 'missing_permission',
  outsider: 'server_not_found',
};
const create = (by: string, name = 'talk', about = {}): ServersCommand => ({
  type: 'CreateChannel',
  data: {
    serverId,
    channelId: `id of ${name}`,
    by,
    name,
    type: 'TEXT',
    topic: null,
    categoryId: null,
    position: null,
    slowModeSeconds: 0,
    ...about,
  },
});
const change = (by: string, about = {}, of = channelId): ServersCommand => ({
  type: 'ChangeChannel',
  data: {
    serverId,
    channelId: of,
    by,
    name: null,
    type: null,
    topic: null,
    categoryId: null,
    position: null,
    slowModeSeconds: null,
    expectedVersion: null,
    ...about,
  },
});
const remove = (by: string, of = channelId): ServersCommand => ({
  type: 'DeleteChannel',
  data: { serverId, channelId: of, by },
});
type Target = { role?: 'GUEST' | 'MODERATOR' | 'ADMIN'; profileId?: string };
const set = (by: string, target: Target, sets = {}): ServersCommand => ({
  type: 'SetChannelOverwrite',
  data: {
    serverId,
    channelId,
    by,
    role: null,
    profileId: null,
    allow: [],
    deny: ['SEND_MESSAGES'],
    ...target,
    ...sets,
  },
});
const unset = (by: string, target: Target): ServersCommand => ({
  type: 'RemoveChannelOverwrite',
  data: { serverId, channelId, by, role: null, profileId: null, ...target },
});
const category = after(inhabited, create('admin', 'Category', { type: 'CATEGORY' }));
const hidden = { deny: ['VIEW_CHANNEL'] };

describe('CreateChannel', () => {
  test('makes one behind all others', () => {
    expect(decide(inhabited, create('admin'), { timeMs: givenTimeMs })).toMatchObject({
      events: [
        {
          stream: 'channel:server:id of talk',
          event: { type: 'ChannelCreated', data: { name: 'talk', createdBy: 'admin', position: 1 } },
        },
      ],
      result: { channelId: 'id of talk', position: 1, version: 1, createdAtMs: givenTimeMs },
    });
    expect(decide(inhabited, create('admin', 'talk', { position: 0 }))).toMatchObject({ result: { position: 0 } });
  });

  test.each([['General'], ['GENERAL'], ['ｇeneral']])(
    'is refused for a name that differs in writing alone: %s',
    (name) => {
      expect(outcome(inhabited, create('admin', name))).toBe('channel_name_taken');
    },
  );

  test('takes the name of a channel that is gone, or has another one', () => {
    expect(outcome(after(inhabited, remove('admin')), create('admin', 'general'))).toBe('ok');
    expect(outcome(after(inhabited, change('admin', { name: 'other' })), create('admin', 'general'))).toBe('ok');
    expect(outcome(after(inhabited, change('admin', { name: 'other' })), create('admin', 'Other'))).toBe(
      'channel_name_taken',
    );
  });

  test('stands in a category, and in nothing else', () => {
    const categoryId = 'id of Category';
    expect(outcome(category, create('admin', 'talk', { categoryId }))).toBe('ok');
    expect(outcome(category, create('admin', 'talk', { categoryId: channelId }))).toBe('category_not_found');
    expect(outcome(category, create('admin', 'talk', { categoryId: 'none' }))).toBe('category_not_found');
    expect(outcome(category, create('admin', 'talk', { categoryId, type: 'CATEGORY' }))).toBe('channel_type_fixed');
  });

  test(`is refused beyond ${maxChannels}, and possible again when one is gone`, () => {
    const full = after(
      inhabited,
      ...Array.from({ length: maxChannels - 1 }, (_, index) => create('admin', `channel ${index}`)),
    );
    expect(outcome(full, create('admin'))).toBe('too_many_channels');
    expect(outcome(after(full, remove('admin')), create('admin'))).toBe('ok');
  });

  test('is for who may manage channels, and makes each id once', () => {
    expect(byEach(inhabited, (by) => create(by))).toEqual(managers);
    expect(outcome(inhabited, create('admin', 'talk', { channelId }))).toBe('channel_exists');
  });
});

describe('ChangeChannel', () => {
  test('changes what is said, and keeps the rest', () => {
    const changed = after(
      inhabited,
      change('admin', { topic: 'All of it', slowModeSeconds: 10, position: 7, type: 'AUDIO' }),
    );
    expect(changed.at(-1)?.event).toEqual({
      type: 'ChannelChanged',
      data: {
        serverId,
        channelId,
        name: 'general',
        type: 'AUDIO',
        topic: 'All of it',
        categoryId: null,
        position: 7,
        slowModeSeconds: 10,
      },
    });
    expect(decide(changed, change('admin', { topic: '' }))).toMatchObject({
      result: { topic: null, slowModeSeconds: 10, version: 3 },
    });
  });

  test('that changes nothing is no event', () => {
    expect(decide(inhabited, change('admin', { name: 'general', topic: '' }))).toMatchObject({
      events: [],
      result: { version: 1 },
    });
  });

  test('renames to another writing of its own name', () => {
    expect(outcome(inhabited, change('admin', { name: 'General' }))).toBe('ok');
    expect(outcome(after(inhabited, create('admin')), change('admin', { name: 'TALK' }))).toBe('channel_name_taken');
  });

  test('moves into a category and out of it, also when that is gone', () => {
    const categoryId = 'id of Category';
    const moved = after(category, change('admin', { categoryId }));
    expect(decide(moved, change('admin', { categoryId: '' }))).toMatchObject({ result: { categoryId: null } });
    expect(outcome(after(moved, remove('admin', categoryId)), change('admin', { topic: 'x' }))).toBe('ok');
    expect(outcome(category, change('admin', { categoryId: 'none' }))).toBe('category_not_found');
    expect(outcome(category, change('admin', { categoryId }, categoryId))).toBe('channel_type_fixed');
  });

  test('makes no category of a channel, nor the reverse', () => {
    expect(outcome(category, change('admin', { type: 'CATEGORY' }))).toBe('channel_type_fixed');
    expect(outcome(category, change('admin', { type: 'TEXT' }, 'id of Category'))).toBe('channel_type_fixed');
  });

  test('is refused for a version that is not the last', () => {
    const changed = after(inhabited, change('admin', { topic: 'x' }));
    const at = (expectedVersion: number) => outcome(changed, change('admin', { topic: 'y', expectedVersion }));
    expect([at(1), at(2), at(3)]).toEqual(['precondition_failed', 'ok', 'precondition_failed']);
  });

  test('is for who may manage channels, and sees it', () => {
    expect(byEach(inhabited, (by) => change(by, { topic: 'x' }))).toEqual(managers);
    const unseen = after(inhabited, set('owner', { role: 'ADMIN' }, hidden));
    expect(byEach(unseen, (by) => change(by, { topic: 'x' }))).toEqual({ ...managers, admin: 'channel_not_found' });
    expect(outcome(inhabited, change('admin', { topic: 'x' }, 'none'))).toBe('channel_not_found');
  });
});

describe('DeleteChannel', () => {
  test('ends it', () => {
    expect(happens(inhabited, remove('admin'))).toEqual([['ChannelDeleted', `channel:server:${channelId}`]]);
    expect(outcome(after(inhabited, remove('admin')), remove('admin'))).toBe('channel_not_found');
  });

  test('is for who may manage channels, and sees it', () => {
    expect(byEach(inhabited, (by) => remove(by))).toEqual(managers);
    const unseen = after(inhabited, set('owner', { profileId: 'admin' }, hidden));
    expect(byEach(unseen, (by) => remove(by))).toEqual({ ...managers, admin: 'channel_not_found' });
  });
});

describe('SetChannelOverwrite', () => {
  test('says what a channel takes from a role or a member, in place of what it said before', () => {
    expect(happens(inhabited, set('admin', { role: 'GUEST' }))).toEqual([
      ['ChannelOverwriteSet', `channel:server:${channelId}`],
    ]);
    const twice = after(inhabited, set('admin', { role: 'GUEST' }), set('admin', { role: 'GUEST' }, { deny: [] }));
    expect(outcome(after(twice, unset('admin', { role: 'GUEST' })), unset('admin', { role: 'GUEST' }))).toBe(
      'overwrite_not_found',
    );
  });

  test('is for who may manage roles', () => {
    expect(byEach(inhabited, (by) => set(by, { role: 'GUEST' }))).toEqual(managers);
  });

  test('concerns only roles and members below', () => {
    const roles = (by: string) =>
      (['GUEST', 'MODERATOR', 'ADMIN'] as const).map((role) => outcome(inhabited, set(by, { role })));
    expect(roles('admin')).toEqual(['ok', 'ok', 'rank_too_low']);
    expect(roles('owner')).toEqual(['ok', 'ok', 'ok']);
    const members = (by: string) =>
      ['guest', 'moderator', 'other-admin', 'admin', 'owner'].map((profileId) =>
        outcome(inhabited, set(by, { profileId })),
      );
    expect(members('admin')).toEqual(['ok', 'ok', 'rank_too_low', 'rank_too_low', 'rank_too_low']);
    expect(members('owner')).toEqual(['ok', 'ok', 'ok', 'ok', 'rank_too_low']);
    expect(outcome(inhabited, set('admin', { profileId: 'outsider' }))).toBe('member_not_found');
  });

  test('gives and takes only what one has there, and what a channel can give', () => {
    const muted = after(inhabited, set('owner', { profileId: 'admin' }));
    for (const sets of [
      { allow: ['SEND_MESSAGES'], deny: [] },
      { allow: [], deny: ['SEND_MESSAGES'] },
    ])
      expect(outcome(muted, set('admin', { role: 'GUEST' }, sets))).toBe('missing_permission');
    expect(outcome(muted, set('admin', { role: 'GUEST' }, { deny: ['ATTACH_FILES'] }))).toBe('ok');
    expect(outcome(inhabited, set('owner', { role: 'GUEST' }, { allow: ['MANAGE_SERVER'] }))).toBe(
      'missing_permission',
    );
    // Nor is what was taken given back by saying something else.
    const quiet = after(muted, set('owner', { role: 'GUEST' }));
    expect(outcome(quiet, set('admin', { role: 'GUEST' }, { deny: [] }))).toBe('missing_permission');
    expect(outcome(quiet, unset('admin', { role: 'GUEST' }))).toBe('missing_permission');
  });

  test('concerns one role or one member, not both, and some', () => {
    expect(outcome(inhabited, set('admin', {}))).toBe('overwrite_of_nobody');
    expect(outcome(inhabited, set('admin', { role: 'GUEST', profileId: 'guest' }))).toBe('overwrite_of_nobody');
  });

  test(`is refused beyond ${maxOverwrites}, but for a change of one`, () => {
    const many = Array.from({ length: maxOverwrites }, (_, index) => `guest ${index}`);
    const full = after(
      inhabited,
      ...many.map((one) => join(one)),
      ...many.map((profileId) => set('admin', { profileId })),
    );
    expect(outcome(full, set('admin', { profileId: 'guest' }))).toBe('too_many_overwrites');
    expect(outcome(full, set('admin', { profileId: 'guest 0' }, { deny: [] }))).toBe('ok');
  });
});

describe('RemoveChannelOverwrite', () => {
  test('lets the channel do as the server does', () => {
    const muted = after(inhabited, set('admin', { profileId: 'guest' }));
    expect(happens(muted, unset('admin', { profileId: 'guest' }))).toEqual([
      ['ChannelOverwriteRemoved', `channel:server:${channelId}`],
    ]);
    expect(byEach(muted, (by) => unset(by, { profileId: 'guest' }))).toEqual(managers);
    expect(outcome(inhabited, unset('admin', { profileId: 'guest' }))).toBe('overwrite_not_found');
  });

  test('is not for oneself, nor for who was raised', () => {
    const muted = after(inhabited, set('admin', { profileId: 'guest' }), set('owner', { profileId: 'admin' }));
    expect(outcome(muted, unset('admin', { profileId: 'admin' }))).toBe('rank_too_low');
    expect(outcome(after(muted, changeRole('owner', 'guest', 'ADMIN')), unset('admin', { profileId: 'guest' }))).toBe(
      'rank_too_low',
    );
  });

  test('is possible for who has left', () => {
    const left = after(inhabited, set('admin', { profileId: 'guest' }), {
      type: 'LeaveServer',
      data: { serverId, profileId: 'guest', heirId: null, accountDeleted: false },
    });
    expect(outcome(left, unset('admin', { profileId: 'guest' }))).toBe('ok');
  });
});
