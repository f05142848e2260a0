import { given, givenTimeMs } from '@palaver/decider/given';
import { describe, expect, test } from 'vitest';
import { messagesDecider } from './decider.ts';

const channelId = '01900000-0000-7000-8000-000000000001';
const post = (messageId: string, content = 'hello', about = {}) =>
  ({
    type: 'PostMessage',
    data: {
      messageId,
      channelId,
      serverId: 'server',
      authorId: 'author',
      content,
      importedAt: null,
      replyToId: null,
      mentions: [],
      mentionsEveryone: false,
      attachments: [],
      slowModeSeconds: 0,
      ...about,
    },
  }) as const;
const posted = (messageId: string, seq: number) => {
  const { slowModeSeconds: _, ...said } = post(messageId).data;
  return {
    stream: `message:${channelId}:${messageId}`,
    event: { type: 'MessagePosted', data: { ...said, seq } } as const,
  };
};
const remove = (messageId: string, about = {}) =>
  ({ type: 'DeleteMessage', data: { messageId, channelId, by: null, manages: false, ...about } }) as const;
const deleted = (messageId: string, seq: number) => ({
  stream: `message:${channelId}:${messageId}`,
  event: { type: 'MessageDeleted', data: { messageId, channelId, seq, attachments: [] } } as const,
});
const anonymize = (messageId: string) => {
  const of = { messageId, channelId, serverId: 'server', content: 'hello', importedAt: null, replyToId: null };
  return { type: 'AnonymizeMessage', data: { ...of, editedAt: null, postedAt: givenTimeMs - 1_000 } } as const;
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

describe('PostMessage in a slow channel', () => {
  const slow = { slowModeSeconds: 10 };
  const paced = {
    stream: `pace:${channelId}:author`,
    event: { type: 'PaceTaken', data: { channelId, profileId: 'author' } } as const,
  };

  test('says when, and admits the next one when it is time', () => {
    expect(given(messagesDecider, []).when(post('m1', 'hello', slow))).toMatchObject({
      events: [posted('m1', 1), paced],
    });
    const at = (afterMs: number, about = slow) =>
      given(messagesDecider, [posted('m1', 1), paced]).when(post('m2', 'hello', about), {
        timeMs: givenTimeMs + afterMs,
      });
    expect(at(9_999)).toMatchObject({ code: 'slow_mode' });
    expect(at(10_000)).toMatchObject({ kind: 'accepted' });
    expect(at(0, { slowModeSeconds: 0 })).toMatchObject({ kind: 'accepted' });
  });

  test('is another pace for another author', () => {
    const other = post('m2', 'hello', { ...slow, authorId: 'another' });
    expect(given(messagesDecider, [posted('m1', 1), paced]).when(other)).toMatchObject({ kind: 'accepted' });
  });
});

describe('PostMessage that answers another', () => {
  const answer = post('m2', 'hello', { replyToId: 'm1' });

  test('is posted where that one is there', () => {
    expect(given(messagesDecider, [posted('m1', 1)]).when(answer)).toMatchObject({
      events: [{ event: { data: { replyToId: 'm1', seq: 2 } } }],
    });
    expect(given(messagesDecider, [posted('m1', 1), anonymized('m1', 1)]).when(answer)).toMatchObject({
      kind: 'accepted',
    });
  });

  test('is refused where it is not, or not any more', () => {
    for (const events of [[], [posted('m1', 1), deleted('m1', 1)]])
      expect(given(messagesDecider, events).when(answer)).toMatchObject({ code: 'reply_not_found' });
  });
});

const edit = (messageId: string, by = 'author') =>
  ({
    type: 'EditMessage',
    data: { messageId, channelId, by, content: 'goodbye', mentions: ['x'], mentionsEveryone: false },
  }) as const;

describe('EditMessage', () => {
  test('says it otherwise, at its place', () => {
    expect(given(messagesDecider, [posted('m1', 1)]).when(edit('m1'), { timeMs: givenTimeMs + 5 })).toEqual({
      kind: 'accepted',
      events: [
        {
          stream: `message:${channelId}:m1`,
          event: {
            type: 'MessageEdited',
            data: { messageId: 'm1', channelId, seq: 1, content: 'goodbye', mentions: ['x'], mentionsEveryone: false },
          },
        },
      ],
      result: { seq: 1, editedAtMs: givenTimeMs + 5 },
    });
  });

  test('is for its author, and for what is there', () => {
    expect(given(messagesDecider, [posted('m1', 1)]).when(edit('m1', 'another'))).toMatchObject({
      code: 'not_the_author',
    });
    expect(given(messagesDecider, [anonymized('m1', 1)]).when(edit('m1'))).toMatchObject({ code: 'not_the_author' });
    for (const events of [[], [posted('m1', 1), deleted('m1', 1)]])
      expect(given(messagesDecider, events).when(edit('m1'))).toMatchObject({ code: 'message_not_found' });
  });
});

describe('DeleteMessage by somebody', () => {
  test('is for its author, and for who manages messages', () => {
    const by = (who: string, manages: boolean) =>
      given(messagesDecider, [posted('m1', 1)]).when(remove('m1', { by: who, manages }));
    expect(by('author', false)).toMatchObject({ kind: 'accepted' });
    expect(by('another', true)).toMatchObject({ kind: 'accepted' });
    expect(by('another', false)).toMatchObject({ code: 'missing_permission' });
  });
});

describe('DeleteMessages', () => {
  const all = (messageIds: readonly string[], manages = true) =>
    ({ type: 'DeleteMessages', data: { channelId, messageIds, by: 'somebody', manages } }) as const;

  test('deletes those that are there, each once', () => {
    const events = [posted('m1', 1), posted('m2', 2), posted('m3', 3), deleted('m2', 2)];
    expect(given(messagesDecider, events).when(all(['m3', 'm2', 'm1', 'm1', 'none']))).toEqual({
      kind: 'accepted',
      events: [deleted('m3', 3), deleted('m1', 1)],
      result: { deleted: ['m3', 'm1'] },
    });
  });

  test('is for who manages messages', () => {
    expect(given(messagesDecider, [posted('m1', 1)]).when(all(['m1', 'm2'], false))).toMatchObject({
      code: 'missing_permission',
    });
  });
});

const react = (by: string, emoji = '👍', type: 'AddReaction' | 'RemoveReaction' = 'AddReaction') =>
  ({ type, data: { messageId: 'm1', channelId, by, emoji } }) as const;
const reacted = (
  profileId: string,
  count: number,
  emoji = '👍',
  type: 'ReactionAdded' | 'ReactionRemoved' = 'ReactionAdded',
) => ({
  stream: `reaction:${channelId}:m1:${profileId}:${emoji}`,
  event: { type, data: { messageId: 'm1', channelId, profileId, emoji, count } } as const,
});

describe('reactions', () => {
  test('count each profile once for each emoji', () => {
    const one = [posted('m1', 1), reacted('a', 1)];
    expect(given(messagesDecider, [posted('m1', 1)]).when(react('a'))).toMatchObject({
      events: [reacted('a', 1)],
      result: { count: 1 },
    });
    expect(given(messagesDecider, one).when(react('a'))).toMatchObject({ events: [], result: { count: 1 } });
    expect(given(messagesDecider, one).when(react('b'))).toMatchObject({ events: [reacted('b', 2)] });
    expect(given(messagesDecider, one).when(react('a', '🎉'))).toMatchObject({ events: [reacted('a', 1, '🎉')] });
  });

  test('are taken back', () => {
    const two = [posted('m1', 1), reacted('a', 1), reacted('b', 2)];
    expect(given(messagesDecider, two).when(react('a', '👍', 'RemoveReaction'))).toMatchObject({
      events: [reacted('a', 1, '👍', 'ReactionRemoved')],
    });
    expect(given(messagesDecider, two).when(react('c', '👍', 'RemoveReaction'))).toMatchObject({
      events: [],
      result: { count: 2 },
    });
  });

  test('are of 20 kinds at most, and of one more when one is gone', () => {
    const kinds = Array.from({ length: 20 }, (_, index) => reacted('a', 1, `emoji ${index}`));
    expect(given(messagesDecider, [posted('m1', 1), ...kinds]).when(react('a'))).toMatchObject({
      code: 'too_many_emoji',
    });
    expect(given(messagesDecider, [posted('m1', 1), ...kinds]).when(react('b', 'emoji 3'))).toMatchObject({
      kind: 'accepted',
    });
    const less = [posted('m1', 1), ...kinds, reacted('a', 0, 'emoji 3', 'ReactionRemoved')];
    expect(given(messagesDecider, less).when(react('a'))).toMatchObject({ kind: 'accepted' });
  });

  test('concern messages that are there', () => {
    for (const events of [[], [posted('m1', 1), deleted('m1', 1)]]) {
      expect(given(messagesDecider, events).when(react('a'))).toMatchObject({ code: 'message_not_found' });
      expect(given(messagesDecider, events).when(react('a', '👍', 'RemoveReaction'))).toMatchObject({
        code: 'message_not_found',
      });
    }
  });
});

describe('pins', () => {
  const pin = (messageId: string, manages = true, type: 'PinMessage' | 'UnpinMessage' = 'PinMessage') =>
    ({ type, data: { messageId, channelId, by: 'somebody', manages } }) as const;
  const pinned = (messageId: string) => ({
    stream: `pins:${channelId}`,
    event: { type: 'MessagePinned', data: { messageId, channelId, pinnedBy: 'somebody' } } as const,
  });
  const unpinned = {
    stream: `pins:${channelId}`,
    event: { type: 'MessageUnpinned', data: { messageId: 'm1', channelId } } as const,
  };

  test('are made and taken away, each once', () => {
    expect(given(messagesDecider, [posted('m1', 1)]).when(pin('m1'))).toMatchObject({ events: [pinned('m1')] });
    expect(given(messagesDecider, [posted('m1', 1), pinned('m1')]).when(pin('m1'))).toMatchObject({ events: [] });
    expect(given(messagesDecider, [posted('m1', 1), pinned('m1')]).when(pin('m1', true, 'UnpinMessage'))).toMatchObject(
      { events: [unpinned] },
    );
    expect(given(messagesDecider, [posted('m1', 1)]).when(pin('m1', true, 'UnpinMessage'))).toMatchObject({
      events: [],
    });
  });

  test('are 50 at most; a deleted message makes room', () => {
    const ids = Array.from({ length: 51 }, (_, index) => `m${index + 1}`);
    const all = [...ids.map((id, index) => posted(id, index + 1)), ...ids.slice(0, 50).map(pinned)];
    expect(given(messagesDecider, all).when(pin('m51'))).toMatchObject({ code: 'too_many_pins' });
    expect(given(messagesDecider, [...all, deleted('m7', 7)]).when(pin('m51'))).toMatchObject({ kind: 'accepted' });
  });

  test('are for who manages messages, and of messages that are there', () => {
    for (const type of ['PinMessage', 'UnpinMessage'] as const) {
      expect(given(messagesDecider, [posted('m1', 1)]).when(pin('m1', false, type))).toMatchObject({
        code: 'missing_permission',
      });
      expect(given(messagesDecider, []).when(pin('m1', true, type))).toMatchObject({ code: 'message_not_found' });
    }
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
