import { expect, test } from 'vitest';
import { hasLink, withoutRules, withoutSchemes } from './links.ts';

test.each([
  ['http://example.com', true],
  ['look (HTTPS://Example.com/a?b)', true],
  ['seehttp://example.com', true],
  ['http://', false],
  ['http:// example.com', false],
  ['example.com', false],
  ['ftp://example.com', false],
  ['', false],
])('%j holds a link: %j', (content, expected) => {
  expect(hasLink(content)).toBe(expected);
});

test('an address is looked for without its scheme', () => {
  expect(withoutSchemes('HTTP://a.org/x or "https://b.org"')).toBe('a.org/x or "b.org"');
  expect(withoutSchemes('http and https: words')).toBe('http and https: words');
});

test.each([
  ['-'.repeat(60), ''],
  ['- - - -', ''],
  ['-!-!-!a', '-a'],
  ['kernel -panic', 'kernel -panic'],
  ['kernel --panic !!', 'kernel -panic '],
  ['one - two', 'one two'],
  ['"-quoted-"', '"-quoted-"'],
])('of %j no run of dashes is left', (text, left) => {
  expect(withoutRules(text)).toBe(left);
});
