import { expect, it } from 'vitest';
import type { Entry } from './entry.ts';
import { entryHead, entryJson, entryLine } from './show.ts';

const entry: Entry = {
  kind: 'event',
  topic: 'messages.events',
  partition: 3,
  offset: 1042,
  position: 'messages:3@1042',
  time: '2026-01-31T12:00:00.123Z',
  stream: 'message:0197c0de-0000-7000-8000-000000000001:0197c0de-0000-7000-8000-0000abcd1234',
  version: 2,
  type: 'MessageEdited',
  actor: '0197c0de-0000-7000-8000-00000000beef',
  command: 'c1',
  reason: null,
  outcome: null,
  data: { content: 'a\u001b[2J\u202eb', sealed: Buffer.from('secret') },
  error: null,
};

it('is a line of a table, in which ids are short and nothing steers the terminal', () => {
  expect(entryLine(entry)).toBe(
    '2026-01-31 12:00:00  messages:3@1042     message:…00000001:…abcd1234     v2       MessageEdited         …0000beef  ' +
      '{"content":"a\\u001b[2J\\u202eb","sealed":"c2VjcmV0"}',
  );
  expect(entryHead().indexOf('data')).toBe(entryLine(entry).indexOf('{"content"'));
});

it('says of a marker what its sender was told, and of others what they are', () => {
  const outcome = { kind: 'refused', code: 'not_a_member' };
  const bare = { ...entry, stream: null, version: null, type: null, data: null };
  expect(entryLine({ ...bare, kind: 'marker', outcome })).toContain(
    'marker                …0000beef  {"kind":"refused"',
  );
  expect(entryLine({ ...entry, kind: 'repeat' })).toContain('repeat MessageEdited');
  expect(entryLine({ ...bare, kind: 'tombstone', actor: null })).toMatch(/tombstone$/);
  expect(entryLine({ ...entry, type: null, data: null, error: 'schema 9 is not known' })).toMatch(
    /undecodable +…0000beef {2}schema 9 is not known$/,
  );
});

it('is a line of JSON without what it does not have', () => {
  const { reason, outcome, error, ...rest } = entry;
  expect(JSON.parse(entryJson(entry))).toEqual({ ...rest, data: { ...(rest.data as object), sealed: 'c2VjcmV0' } });
});
