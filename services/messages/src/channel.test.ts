import { given, givenTimeMs } from '@palaver/decider/given';
import { describe, expect, test } from 'vitest';
import { messagesDecider } from './decider.ts';

const channelId = '01900000-0000-7000-8000-000000000001';
const post = (messageId: string, content = 'hello') =>
  ({
    type: 'PostMessage',
    data: { messageId, channelId, serverId: 'server', authorId: 'author', content, importedAt: null },
  }) as const;
const posted = (messageId: string, seq: number) => ({
  stream: `message:${channelId}:${messageId}`,
  event: { type: 'MessagePosted', data: { ...post(messageId).data, seq } } as const,
});
const remove = (messageId: string) => ({ type: 'DeleteMessage', data: { messageId, channelId } }) as const;
const deleted = (messageId: string, seq: number) => ({
  stream: `message:${channelId}:${messageId}`,
  event: { type: 'MessageDeleted', data: { ...remove(messageId).data, seq } } as const,
});
const anonymize = (messageId: string) => {
  const { authorId: _, ...whole } = post(messageId).data;
  return { type: 'AnonymizeMessage', data: { ...whole, postedAt: givenTimeMs - 1_000 } } as const;
};
const anonymized = (messageId: string, seq: number) => ({
  stream: `message:${channelId}:${messageId}`,
  event: { type: 'MessageAnonymized', data: { ...anonymize(messageId).data, seq } } as const,
});
const nothing = { kind: 'accepted', events: [], result: null };

describe('PostMessage', () => {
  test('gives the first message of a channel seq 1', () => {
    expect(given(messagesDecider, []).when(post('m1'))).toEqual({
      kind: 'accepted',
      events: [posted('m1', 1)],
      result: { messageId: 'm1', seq: 1, createdAtMs: givenTimeMs },
    });
  });

  test('numbers on without a gap', () => {
    const decision = given(messagesDecider, [posted('m1', 1), posted('m2', 2)]).when(post('m3'));
    expect(decision).toMatchObject({ events: [posted('m3', 3)] });
  });

  test('goes on from the last seq where earlier messages are gone from the log', () => {
    expect(given(messagesDecider, [posted('m7', 7)]).when(post('m8'))).toMatchObject({ events: [posted('m8', 8)] });
  });

  test('is refused for an id that is taken', () => {
    for (const events of [[posted('m1', 1)], [deleted('m1', 1)], [anonymized('m1', 1)]])
      expect(given(messagesDecider, events).when(post('m1'))).toMatchObject({ code: 'message_exists' });
  });

  test('gives no seq twice, also when the last message was deleted or anonymized, and the sweep has erased its posting', () => {
    for (const end of [deleted, anonymized])
      for (const events of [
        [posted('m1', 1), posted('m2', 2), end('m2', 2)],
        [posted('m1', 1), end('m2', 2)],
        [posted('m1', 1), posted('m2', 2), end('m1', 1)],
      ])
        expect(given(messagesDecider, events).when(post('m3'))).toMatchObject({ events: [posted('m3', 3)] });
  });
});

describe('DeleteMessage', () => {
  test('deletes what was posted, and keeps its place', () => {
    expect(given(messagesDecider, [posted('m1', 1), posted('m2', 2)]).when(remove('m1'))).toEqual({
      ...nothing,
      events: [deleted('m1', 1)],
    });
  });

  test('deletes what has no author any more', () => {
    expect(given(messagesDecider, [anonymized('m1', 1)]).when(remove('m1'))).toEqual({
      ...nothing,
      events: [deleted('m1', 1)],
    });
  });

  test('changes nothing when it was deleted, also when nothing else is left of it', () => {
    for (const events of [[posted('m1', 1), deleted('m1', 1)], [deleted('m1', 1)]])
      expect(given(messagesDecider, events).when(remove('m1'))).toEqual(nothing);
  });

  test('is refused for what was never posted', () => {
    expect(given(messagesDecider, []).when(remove('m1'))).toMatchObject({ code: 'message_not_found' });
  });
});

describe('AnonymizeMessage', () => {
  test('says the message again, without its author, at its place', () => {
    const decision = given(messagesDecider, [posted('m1', 1), posted('m2', 2)]).when(anonymize('m2'));
    expect(decision).toEqual({ ...nothing, events: [anonymized('m2', 2)] });
    expect(JSON.stringify(decision)).not.toContain('author');
  });

  test('changes nothing when it has no author any more, or was deleted', () => {
    for (const events of [[posted('m1', 1), anonymized('m1', 1)], [anonymized('m1', 1)], [deleted('m1', 1)]])
      expect(given(messagesDecider, events).when(anonymize('m1'))).toEqual(nothing);
  });

  test('is refused for what was never posted', () => {
    expect(given(messagesDecider, []).when(anonymize('m1'))).toMatchObject({ code: 'message_not_found' });
  });
});

describe('the sweep', () => {
  test('erases what deleted and anonymized messages were before', () => {
    const ending = [posted('m1', 1), deleted('m1', 1), anonymized('m1', 1)].map(({ event }) =>
      messagesDecider.ends!(event),
    );
    expect(ending).toEqual([false, true, true]);
  });
});
