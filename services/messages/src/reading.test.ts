import type { NewEvent } from '@palaver/decider';
import { given } from '@palaver/decider/given';
import type { MessagesCommand, MessagesEvent } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { messagesDecider } from './decider.ts';

type Given = NewEvent<MessagesEvent>;
const channelId = 'talk';
const said = {
  channelId,
  serverId: 'server',
  authorId: 'ada',
  content: 'hello',
  importedAt: null,
  replyToId: null,
  mentions: [] as readonly string[],
  mentionsEveryone: false,
  attachments: [],
};
const post = (messageId: string, about: Partial<typeof said> = {}): MessagesCommand => ({
  type: 'PostMessage',
  data: { ...said, ...about, messageId, slowModeSeconds: 0 },
});
const posted = (messageId: string, seq: number): Given => ({
  stream: `message:${channelId}:${messageId}`,
  event: { type: 'MessagePosted', data: { ...said, messageId, seq } },
});
const mark = (seq: number): MessagesCommand => ({ type: 'MarkRead', data: { channelId, profileId: 'bob', seq } });
const marked = (seq: number): Given => ({
  stream: `read:${channelId}:bob`,
  event: { type: 'ReadMarked', data: { channelId, profileId: 'bob', seq } },
});
const named = (profileId: string, seq: number, total: number): Given => ({
  stream: `mentions:${channelId}:${profileId}`,
  event: { type: 'MemberMentioned', data: { channelId, profileId, seq, total } },
});
const allNamed = (seq: number, total: number): Given => ({
  stream: `everyone:${channelId}`,
  event: { type: 'EveryoneMentioned', data: { channelId, seq, total } },
});

describe('MarkRead', () => {
  const two = [posted('m1', 1), posted('m2', 2)];
  test('says how far', () => {
    expect(given(messagesDecider, two).when(mark(2))).toEqual({
      kind: 'accepted',
      events: [marked(2)],
      result: { seq: 2 },
    });
  });
  test('goes back', () => {
    expect(given(messagesDecider, [...two, marked(2)]).when(mark(0))).toMatchObject({ events: [marked(0)] });
  });
  test('changes nothing when it says the same', () => {
    const decision = given(messagesDecider, [...two, marked(2)]).when(mark(2));
    expect(decision).toEqual({ kind: 'accepted', events: [], result: { seq: 2 } });
  });
  test('is refused beyond the last message', () => {
    expect(given(messagesDecider, two).when(mark(3))).toMatchObject({ kind: 'refused', code: 'seq_not_reached' });
  });
});

describe('ForgetReader', () => {
  test('leaves nothing', () => {
    const forget: MessagesCommand = { type: 'ForgetReader', data: { channelId, profileId: 'bob' } };
    expect(given(messagesDecider, [posted('m1', 1), marked(1)]).when(forget)).toMatchObject({
      events: [{ stream: `read:${channelId}:bob`, event: { type: 'ReaderForgotten' } }],
    });
  });
});

describe('a message that names somebody', () => {
  test('counts each of them on, but not its author', () => {
    const before = [posted('m1', 1), named('bob', 1, 4)];
    const decision = given(messagesDecider, before).when(post('m2', { mentions: ['bob', 'eve', 'ada'] }));
    expect(decision).toMatchObject({ events: [{}, named('bob', 2, 5), named('eve', 2, 1)] });
  });
  test('and everyone counts once', () => {
    const before = [posted('m1', 1), allNamed(1, 2)];
    const decision = given(messagesDecider, before).when(post('m2', { mentions: ['bob'], mentionsEveryone: true }));
    expect(decision).toMatchObject({ events: [{}, allNamed(2, 3)] });
  });
});
