import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faultOf, isoText, sqlType, toText } from './sql.ts';
import { copyText } from './write.ts';

describe('the bare type of a column', () => {
  test.each([
    ['text not null', 'text'],
    ['double precision not null', 'double precision'],
    ['TIMESTAMP WITH TIME ZONE', 'timestamp with time zone'],
    ['text[] not null', 'text[]'],
    ['numeric(10, 2) default 0', 'numeric(10, 2)'],
    ['text collate "C" not null', 'text'],
    ['bigint generated always as (1) stored', 'bigint'],
  ])('%s', (definition, type) => {
    expect(sqlType(definition)).toBe(type);
  });
});

describe('what Postgres would refuse', () => {
  test.each([
    ['a\u0000', 'text', 'holds a NUL character'],
    [{ a: [{ b: '\u0000' }] }, 'jsonb', 'holds a NUL character'],
    [{ a: 'a \\u0000 that is none' }, 'jsonb', null],
    ['x', 'uuid', 'is no uuid'],
    ['01890a5d-ac96-774b-bcce-b302099a8057', 'uuid', null],
    [1.5, 'bigint', 'is no integer'],
    [1.5, 'double precision', null],
    [new Date(Number.NaN), 'timestamptz', 'is no date'],
    [null, 'text', null],
  ])('%j as %s', (value, type, fault) => {
    expect(faultOf(value, type)).toBe(fault);
  });
});

describe('a value in text form', () => {
  test.each([
    [null, 'text', null],
    ['a"b', 'text', 'a"b'],
    ['a"b', 'jsonb', '"a\\"b"'],
    [['a"b', 'c\\d', ''], 'text[]', '{"a\\"b","c\\\\d",""}'],
    [['a'], 'jsonb', '["a"]'],
    [{ a: 1 }, 'jsonb', '{"a":1}'],
    [true, 'boolean', 'true'],
    [12, 'bigint', '12'],
    [new Date(0), 'timestamptz', '1970-01-01T00:00:00.000Z'],
  ])('%j as %s', (value, type, text) => {
    expect(toText(value, type)).toBe(text);
  });

  test('of a date, as ISO 8601 has it', () => {
    fc.assert(fc.property(fc.date({ noInvalidDate: true }), (date) => isoText(date) === date.toISOString()));
  });

  test('for COPY', () => {
    expect([null, '', '\\N', 'a\tb\nc\rd'].map(copyText)).toEqual(['\\N', '', '\\\\N', 'a\\tb\\nc\\rd']);
  });
});
