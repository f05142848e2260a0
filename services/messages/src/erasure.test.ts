import { newId } from '@palaver/decider';
import type { LeftMessage } from '@palaver/projection-messages';
import { describe, expect, test } from 'vitest';
import { eraseLeftMessages, erasureOf } from './erasure.ts';

const author = newId();
const left = (messages: LeftMessage['messages'], content = 'hello'): LeftMessage => ({
  kind: 'message',
  messages,
  message: {
    id: newId(),
    channelId: newId(),
    serverId: newId(),
    authorId: author,
    seq: 1,
    content,
    editedAt: null,
    replyToId: null,
    mentions: [],
    mentionsEveryone: false,
    importedAt: '2004-12-25T09:14:00.000Z',
    createdAt: '2026-01-01T00:00:00.000Z',
    fileIds: [],
  },
});

/** What is left to do, of which each given command does one; as the read model shows it, `lag` looks late. */
const world = (all: readonly LeftMessage[], { lag = 0 } = {}) => {
  const given: { id: string; type: string; actor: string }[] = [];
  const done = new Set<string>();
  let looks = 0;
  let waited = 0;
  const parts = {
    left: async ({ limit }: { limit: number }) => {
      looks += 1;
      return all.filter(({ message }) => looks <= lag || !done.has(message.id)).slice(0, limit);
    },
    commands: {
      submit: async (command: { id: string; type: string; actor: string; data: unknown }) => {
        given.push(command);
        done.add((command.data as { messageId: string }).messageId);
        return {
          outcome: { kind: 'accepted', result: null },
          position: { partition: 0, offset: given.length },
        } as const;
      },
    },
    positions: {
      connected: true,
      close: async () => undefined,
      waitFor: async (positions: readonly unknown[]) => {
        waited += positions.length;
        return true;
      },
    },
  };
  return { parts, given, waited: () => waited };
};

const asked = { since: new Date(0), signal: new AbortController().signal };

describe('the command that erases a message', () => {
  test('deletes it, and says nothing else of it', () => {
    const one = left('DELETE');
    const { id: messageId, channelId } = one.message;
    expect(erasureOf(one)).toEqual({ type: 'DeleteMessage', data: { messageId, channelId, by: null, manages: false } });
  });

  test('or says it again without its author', () => {
    const one = left('ANONYMIZE');
    const { id: messageId, channelId, serverId } = one.message;
    expect(erasureOf(one)).toEqual({
      type: 'AnonymizeMessage',
      data: {
        messageId,
        channelId,
        serverId,
        content: 'hello',
        editedAt: null,
        replyToId: null,
        importedAt: Date.UTC(2004, 11, 25, 9, 14),
        postedAt: Date.UTC(2026, 0, 1),
      },
    });
  });
});

describe('erasing what deleted accounts have left', () => {
  test('goes on until nothing is left, page by page, in the name of nobody', async () => {
    const all = Array.from({ length: 450 }, (_, index) => left(index % 2 ? 'DELETE' : 'ANONYMIZE'));
    const { parts, given, waited } = world(all);
    await eraseLeftMessages(parts, asked);
    expect(given).toHaveLength(450);
    expect(new Set(given.map(({ id }) => id)).size).toBe(450);
    expect(new Set(given.map(({ actor }) => actor))).toEqual(new Set(['system']));
    expect(JSON.stringify(given)).not.toContain(author);
    expect(waited()).toBe(450);
  });

  test('gives the very same command again for what is still visible', async () => {
    const { parts, given } = world([left('DELETE')], { lag: 2 });
    await eraseLeftMessages(parts, asked);
    await eraseLeftMessages(parts, asked);
    await eraseLeftMessages(parts, asked);
    expect(given).toHaveLength(2);
    expect(given[1]!.id).toBe(given[0]!.id);
  });

  test('ends between two pages when it is told to', async () => {
    const stop = new AbortController();
    const { parts, given } = world(Array.from({ length: 450 }, () => left('DELETE')));
    const { submit } = parts.commands;
    parts.commands.submit = (command) => {
      stop.abort();
      return submit(command);
    };
    await eraseLeftMessages(parts, { ...asked, signal: stop.signal });
    expect(given).toHaveLength(200);
  });
});
