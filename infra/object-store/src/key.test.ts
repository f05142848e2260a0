import { expect, test } from 'vitest';
import { checkKey } from './key.ts';

test.each(['files/0198c1c2/räksmörgås + 50%.txt', 'a', '…/…', 'a/.../b', '007/x', `a/${'x'.repeat(1022)}`])(
  '%s is a key',
  (key) => {
    checkKey(key);
  },
);

test.each([
  ['', 'is empty'],
  ['a/\ud800', 'is not well-formed'],
  ['ä'.repeat(513), 'has more than 1024 bytes'],
  ['a/\u0000', 'has a control character'],
  ['a/"b"', 'has a quotation mark'],
  ["a/b's", 'has a quotation mark'],
  [' a', 'begins or ends with a blank'],
  ['007', 'is a number'],
  ['0x1f', 'is a number'],
  ['/a', 'has an empty segment'],
  ['a//b', 'has an empty segment'],
  ['a/', 'has an empty segment'],
  ['a/../b', 'has a segment . or ..'],
  ['./a', 'has a segment . or ..'],
])('%j is none: it %s', (key, fault) => {
  expect(() => checkKey(key)).toThrow(fault);
});
