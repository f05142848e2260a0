import { expect, test } from 'vitest';
import { samplesOf } from './samples.ts';

const doc = 'Said.';
const colour = { type: 'enum', name: 'Colour', namespace: 'palaver.test', doc, symbols: ['RED', 'BLUE'] } as const;
const samples = samplesOf({
  type: 'record',
  name: 'Noted',
  namespace: 'palaver.test',
  doc,
  fields: [
    { name: 'id', doc, type: { type: 'string', logicalType: 'uuid' } },
    { name: 'otherId', doc, type: { type: 'string', logicalType: 'uuid' } },
    { name: 'colour', doc, type: ['null', colour] },
    { name: 'colours', doc, type: { type: 'array', items: 'palaver.test.Colour' } },
    { name: 'done', doc, type: 'boolean' },
  ],
});
const said = (field: string) => [...new Set(samples.map((sample) => JSON.stringify(sample[field])))];

test('every branch, every symbol, and arrays with and without items come up', () => {
  expect(said('colour')).toEqual(['"RED"', '"BLUE"', 'null']);
  expect(said('colours')).toEqual(['["RED"]', '["BLUE"]', '[]']);
  expect(said('done')).toEqual(['true', 'false']);
});

test('each value comes up beside all that may be there, and beside nothing', () => {
  const beside = samples.filter(({ colour }) => colour === 'BLUE').map(({ colours, done }) => ({ colours, done }));
  expect(beside).toEqual([
    { colours: ['RED'], done: true },
    { colours: [], done: false },
  ]);
});

test('ids of different fields differ', () => {
  expect(samples.every(({ id, otherId }) => id !== otherId)).toBe(true);
});
