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
    expect(given(messagesDecider, [posted('m1', 1)]).when(post('m1'))).toMatchObject({ code: 'message_exists' });
  });
});
