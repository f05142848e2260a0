import { expect, it } from 'vitest';
import { fitWidth, harmless, table } from './table.ts';

it('lays columns out by their longest cell, numbers to the right', () => {
  const rows = [
    ['a', 5, 'x'],
    ['longer', 12_345, ''],
  ];
  expect(table(['name', 'n', 'note'], rows, (count) => count.toLocaleString('en-US'))).toEqual([
    'name         n  note',
    'a            5  x',
    'longer  12,345',
  ]);
});

it('writes out what would steer a terminal', () => {
  expect(harmless('a\u001b[31mb\u009b\u202ec é')).toBe('a\\u001b[31mb\\u009b\\u202ec é');
});

it('cuts lines on a terminal alone', () => {
  const terminal = { isTTY: true, columns: 5 } as NodeJS.WriteStream;
  expect([fitWidth('123456', terminal), fitWidth('12345', terminal)]).toEqual(['1234…', '12345']);
  expect(fitWidth('123456', { isTTY: false } as NodeJS.WriteStream)).toBe('123456');
});
