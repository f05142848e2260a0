import { expect, test } from 'vitest';
import type { AvroRecord } from './avro.ts';
import { field, recordOf } from './changes.fixture.ts';
import { findingsOf, type Versions } from './judge.ts';
import type { Contract, Kind } from './source.ts';

const contract = (schema: AvroRecord, kind: Kind = 'events'): Contract => ({
  service: 'auth',
  kind,
  topic: `auth.${kind}`,
  fullName: `palaver.test.${schema.name}`,
  schema,
});
const known = (record: string, schemas: readonly AvroRecord[], kind: Kind = 'events'): Versions => ({
  topic: `auth.${kind}`,
  record,
  versions: schemas.map((schema, index) => ({ version: index + 1, schema })),
});
const judged = (before: readonly AvroRecord[], after: readonly AvroRecord[], kind: Kind = 'events') => {
  const versions = known('Noted', before, kind);
  const contracts = after.map((schema) => contract(schema, kind));
  return findingsOf(versions, contracts, [versions]).map(
    (one) => `${one.kind} ${one.path} ${one.versions} ${one.hits}`,
  );
};

const id = field('id', 'string');
const note = field('note', 'string', { default: '' });
const first = recordOf([id]);

test('each released version counts, not the last one alone', () => {
  const second = recordOf([id, note]);
  const third = recordOf([id, field('note', 'string')]);
  expect(judged([first, second], [third])).toEqual([
    'field added without a default note 1 new readers',
    'default changed note 2 new readers',
  ]);
});

test('the same break of several versions is told once', () => {
  const count = field('count', 'long', { default: 0 });
  expect(judged([first, recordOf([id, count])], [recordOf([count])])).toEqual(['field removed id 1,2 old readers']);
});

test('commands are not read by what is older than their writer', () => {
  expect(judged([first], [recordOf([id, note])], 'commands')).toEqual([]);
  expect(judged([first], [recordOf([id, field('more', 'string')])], 'commands')).toHaveLength(1);
});

test("a command's field goes after a release in which it was on its way out", () => {
  const leaving = recordOf([id, { ...note, deprecated: 'nobody notes any more' }]);
  expect(judged([recordOf([id, note])], [first], 'commands')).toEqual(['field removed note 1 new readers']);
  expect(judged([recordOf([id, note]), leaving], [first], 'commands')).toEqual([]);
});

test('an event that is gone is missed for ever', () => {
  expect(judged([first], [])).toEqual(['record removed  1 new readers']);
  expect(judged([{ ...first, deprecated: 'nobody notes any more' }], [])).toHaveLength(1);
});

test('a command goes after a release in which it was on its way out', () => {
  expect(judged([first], [], 'commands')).toHaveLength(1);
  expect(judged([first, { ...first, deprecated: 'nobody notes any more' }], [], 'commands')).toEqual([]);
});

test('an event under another name is renamed, with an alias or without', () => {
  expect(judged([first], [{ ...first, name: 'Remarked' }])).toEqual(['record renamed  1 new readers,old readers']);
  expect(judged([first], [{ ...first, name: 'Remarked', aliases: ['Noted'] }])).toEqual([
    'record renamed  1 old readers',
  ]);
});

test('a command may be renamed by an alias, which stays', () => {
  const renamed = { ...first, name: 'Remarked', aliases: ['Noted'] };
  expect(judged([first], [renamed], 'commands')).toEqual([]);
  const histories = [known('Noted', [first], 'commands'), known('Remarked', [renamed], 'commands')];
  expect(findingsOf(histories[0]!, [contract(renamed, 'commands')], histories)).toEqual([]);
});
