import type { NewEvent } from '@palaver/decider';
import { given } from '@palaver/decider/given';
import type { MessagesCommand, MessagesEvent } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { messagesDecider } from './decider.ts';

type Given = NewEvent<MessagesEvent>;
const channelId = 'talk';
const of = (event: Given['event']): Given => ({ stream: `direct:${channelId}`, event });
const openedWith = (profileIds: readonly string[]) => ({
  channelId,
  profileIds,
  group: profileIds.length > 2,
  openedBy: 'ada',
});
const open = (profileIds: readonly string[]): MessagesCommand => ({
  type: 'OpenDirectChannel',
  data: openedWith(profileIds),
});
const opened = (...profileIds: string[]) => of({ type: 'DirectChannelOpened', data: openedWith(profileIds) });
const add = (profileId: string, by = 'ada'): MessagesCommand => ({
  type: 'AddParticipant',
  data: { channelId, profileId, by },
});
const leave = (profileId: string, erased = false): MessagesCommand => ({
  type: 'LeaveDirectChannel',
  data: { channelId, profileId, erased },
});
const nothing = { kind: 'accepted', events: [], result: null };
const refused = (code: string) => ({ kind: 'refused', code });

describe('OpenDirectChannel', () => {
  test('opens it once', () => {
    const decision = given(messagesDecider, []).when(open(['ada', 'bob']));
    expect(decision).toEqual({ kind: 'accepted', events: [opened('ada', 'bob')], result: null });
    expect(given(messagesDecider, [opened('ada', 'bob')]).when(open(['ada', 'bob']))).toEqual(nothing);
  });
});

describe('AddParticipant', () => {
  const group = [opened('ada', 'bob', 'eve')];
  test('adds to a group, once', () => {
    const added = of({ type: 'ParticipantAdded', data: { channelId, profileId: 'max', by: 'ada' } });
    expect(given(messagesDecider, group).when(add('max'))).toMatchObject({ events: [added] });
    expect(given(messagesDecider, [...group, added]).when(add('max', 'bob'))).toEqual(nothing);
  });
  test('is for participants of a group of fewer than ten', () => {
    expect(given(messagesDecider, group).when(add('max', 'max'))).toMatchObject(refused('channel_not_found'));
    expect(given(messagesDecider, []).when(add('max'))).toMatchObject(refused('channel_not_found'));
    expect(given(messagesDecider, [opened('ada', 'bob')]).when(add('max'))).toMatchObject(refused('not_a_group'));
    const ten = opened('ada', ...Array.from({ length: 9 }, (_, index) => `p${index}`));
    expect(given(messagesDecider, [ten]).when(add('max'))).toMatchObject(refused('too_many_participants'));
  });
});

describe('LeaveDirectChannel', () => {
  const left = of({ type: 'ParticipantLeft', data: { channelId, profileId: 'bob' } });
  test('leaves a group, once', () => {
    const group = opened('ada', 'bob', 'eve');
    expect(given(messagesDecider, [group]).when(leave('bob'))).toMatchObject({ events: [left] });
    expect(given(messagesDecider, [group, left]).when(leave('bob'))).toEqual(nothing);
  });
  test('leaves a channel of two only with the account', () => {
    const pair = [opened('ada', 'bob')];
    expect(given(messagesDecider, pair).when(leave('bob'))).toMatchObject(refused('not_a_group'));
    expect(given(messagesDecider, pair).when(leave('bob', true))).toMatchObject({ events: [left] });
  });
});

describe('a message in a direct channel', () => {
  const post = (authorId: string): MessagesCommand => ({
    type: 'PostMessage',
    data: {
      messageId: 'm1',
      channelId,
      serverId: channelId,
      authorId,
      content: 'hello',
      importedAt: null,
      replyToId: null,
      mentions: [],
      mentionsEveryone: false,
      attachments: [],
      slowModeSeconds: 0,
    },
  });
  test('is for participants, whatever the edge knew', () => {
    const left = of({ type: 'ParticipantLeft', data: { channelId, profileId: 'bob' } });
    const group = [opened('ada', 'bob', 'eve'), left];
    expect(given(messagesDecider, group).when(post('ada'))).toMatchObject({ kind: 'accepted' });
    expect(given(messagesDecider, group).when(post('bob'))).toMatchObject(refused('channel_not_found'));
    expect(given(messagesDecider, []).when(post('ada'))).toMatchObject(refused('channel_not_found'));
  });
});

describe('blocking', () => {
  const who = { profileId: 'ada', blockedId: 'bob' };
  const block: MessagesCommand = { type: 'BlockProfile', data: who };
  const unblock: MessagesCommand = { type: 'UnblockProfile', data: who };
  const happened = (type: 'ProfileBlocked' | 'ProfileUnblocked'): Given => ({
    stream: 'block:ada:bob',
    event: { type, data: who },
  });
  test('and taking it back change something once', () => {
    const blocked = [happened('ProfileBlocked')];
    expect(given(messagesDecider, []).when(block)).toMatchObject({ events: blocked });
    expect(given(messagesDecider, blocked).when(block)).toEqual(nothing);
    expect(given(messagesDecider, blocked).when(unblock)).toMatchObject({ events: [happened('ProfileUnblocked')] });
    expect(given(messagesDecider, []).when(unblock)).toEqual(nothing);
  });
});
