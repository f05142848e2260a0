import { expect, test } from 'vitest';
import type { AvroEnum, AvroField, AvroRecord, AvroType } from './avro.ts';
import { enumOf, field, recordOf } from './changes.fixture.ts';
import { faultsOfSources, recordFaults } from './rules.ts';

const colour = enumOf(['RED', 'BLUE'], { default: 'RED' }) as AvroEnum;
const faultsOf = (fields: readonly AvroField[], more: Partial<AvroRecord> = {}): string[] =>
  recordFaults(recordOf(fields, more), new Map([['palaver.test.Colour', colour]]));

test('the schemas keep the rules', () => {
  expect(faultsOfSources()).toEqual([]);
});

const time = { type: 'long', logicalType: 'timestamp-millis' };
const uuid = { type: 'string', logicalType: 'uuid' };

test.each<[string, AvroField, string]>([
  ['no doc', field('note', 'string', { doc: ' ' }), 'lacks a doc'],
  ['another attribute', { ...field('note', 'string'), docs: 'x' } as AvroField, 'nobody reads: docs'],
  ['an id as text', field('authorId', 'string'), 'must be uuid'],
  ['ids as text', field('roomIds', { type: 'array', items: 'string' }), 'must be uuid'],
  ['a nullable id as text', field('roomId', ['null', 'string'], { default: null }), 'must be uuid'],
  ['a time as a number', field('endsAt', 'long'), 'must be timestamp-millis'],
  ['a time by its doc', field('end', 'long', { doc: 'Ms since the epoch.' }), 'must be timestamp-millis'],
  ['a union of two', field('note', ['string', 'long']), 'a union of null and one type'],
  ['null at the end', field('note', ['string', 'null']), 'a union of null and one type'],
  ['null without a default', field('note', ['null', 'string']), 'its default must be null'],
  ['null with another default', field('note', ['null', 'string'], { default: '' }), 'its default must be null'],
  ['a default of another type', field('count', 'long', { default: '0' }), 'has a default of another type'],
  ['a default that is no symbol', field('colour', 'palaver.test.Colour', { default: 'GREEN' }), 'of another type'],
  ['an enum on the spot', field('colour', colour), 'must name its enum'],
  ['an unknown type', field('colour', 'palaver.test.Hue'), 'a type that is not there'],
  ['an unknown logical type', field('day', { type: 'int', logicalType: 'date' }), 'has no type of ours'],
  ['a map', field('names', { type: 'map', values: 'string' } as unknown as AvroType), 'has no type of ours'],
  ['no reason', field('note', 'string', { deprecated: '' }), 'must say why'],
])('%s is told', (_, given, fault) => {
  expect(faultsOf([given])).toEqual([expect.stringContaining(fault)]);
});

test('a field that stands there twice is told', () => {
  expect(faultsOf([field('note', 'string'), field('note', 'long')])).toEqual(['note stands there twice']);
});

test.each<[string, AvroField]>([
  ['an id', field('authorId', uuid)],
  ['an id of another form', field('passwordId', 'string')],
  ['an id that may be empty', field('categoryId', 'string', { doc: 'Empty: none; empty says so.' })],
  ['a time', field('endsAt', time)],
  ['a nullable enum', field('colour', ['null', 'palaver.test.Colour'], { default: null })],
  ['an enum with a default', field('colour', 'palaver.test.Colour', { default: 'BLUE' })],
  ['an array with a default', field('roomIds', { type: 'array', items: uuid }, { default: [] })],
])('%s is as it should be', (_, given) => {
  expect(faultsOf([given])).toEqual([]);
});
