import { describe, expect, it } from 'vitest';
import { UsageError } from '../command.ts';
import { parseAsked } from './events.ts';

const nowMs = Date.UTC(2026, 0, 31, 12);
const parse = (values: Parameters<typeof parseAsked>[0]) => parseAsked(values, nowMs);

describe('the command line of events', () => {
  it('asks for all events when it says nothing', () => {
    expect(parse({})).toEqual({
      topics: ['auth.events', 'servers.events', 'messages.events', 'files.events'],
      wanted: { kinds: new Set(['event']) },
      untilMs: null,
      from: null,
      limit: Number.POSITIVE_INFINITY,
      follow: false,
      table: false,
    });
  });

  it('takes topics by their services, and a stream for the topics that have its kind', () => {
    expect(parse({ topic: 'messages, auth.events' }).topics).toEqual(['messages.events', 'auth.events']);
    expect(parse({ stream: 'message:a:b' }).topics).toEqual(['messages.events']);
    expect(parse({ stream: 'channel:a' }).topics).toEqual(['servers.events', 'messages.events']);
    expect(parse({ stream: '0197c0de' }).topics).toHaveLength(4);
  });

  it('takes times, types, positions and kinds of records', () => {
    expect(parse({ since: '1h', until: '2026-01-31T11:30' })).toMatchObject({
      wanted: { sinceMs: nowMs - 3_600_000 },
      untilMs: nowMs - 1_800_000,
    });
    expect(parse({ type: 'MessagePosted,MemberLeft' }).wanted.types).toEqual(new Set(['MessagePosted', 'MemberLeft']));
    expect(parse({ from: 'messages:3@42' }).from).toEqual([{ service: 'messages', partition: 3, offset: 42 }]);
    expect([...parse({ markers: true }).wanted.kinds]).toEqual(['event', 'marker']);
    expect(parse({ all: true }).wanted.kinds).toContain('tombstone');
  });

  it.each([
    [{ topic: 'news' }, 'there is no event topic "news"'],
    [{ stream: 'planet:a' }, 'there is no kind of stream "planet"'],
    [{ stream: 'message:a:b', topic: 'auth' }, 'there is no kind of stream "message"'],
    [{ type: 'Posted' }, 'there is no event "Posted"'],
    [{ since: 'soon' }, '--since is "soon"'],
    [{ limit: '0' }, '--limit is "0"'],
    [{ from: 'messages' }, '--from is "messages"'],
    [{ from: 'auth:1@2', topic: 'messages' }, '--from names auth'],
    [{ follow: true, until: '1h' }, '--follow has no end'],
    [{ json: true, table: true }, '--json or --table'],
  ])('refuses %o', (values, message) => {
    expect(() => parse(values)).toThrow(UsageError);
    expect(() => parse(values)).toThrow(message);
  });
});
