import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';

const said = (line: number, name: string, text: string) => ({
  file: '2004-12-25.log',
  line,
  name,
  text,
  postedAt: '2004-12-25T09:14:00.000Z',
});
const posted = (
  seq: number,
  authorId: string,
  content: string,
  importedAt: string | null = '2004-12-25T09:14:00Z',
) => ({
  id: `m${seq}`,
  seq,
  authorId,
  content,
  importedAt,
});
const names = new Map([
  ['p1', 'ada'],
  ['p2', 'linus'],
]);
const files = [said(1, 'ada', 'hi'), said(3, 'linus', 'lo')];
const channel = [posted(1, 'p1', 'hi'), posted(2, 'p2', 'lo')];

describe('compare', () => {
  it('finds no difference between a log and its replay', () => {
    expect(compare(files, channel, names)).toEqual({ expected: 2, found: 2, differences: [] });
  });

  it.each([
    ['order', [posted(1, 'p2', 'lo'), posted(2, 'p1', 'hi')], 2],
    ['author', [posted(1, 'p2', 'hi'), channel[1]!], 1],
    ['text', [posted(1, 'p1', 'ho'), channel[1]!], 1],
    ['time', [posted(1, 'p1', 'hi', '2004-12-25T09:15:00Z'), channel[1]!], 1],
    ['no time', [posted(1, 'p1', 'hi', null), channel[1]!], 1],
    ['loss', [channel[0]!], 1],
    ['repeat', [...channel, posted(3, 'p2', 'lo')], 1],
  ])('finds a difference of %s', (_what, found, count) => {
    expect(compare(files, found, names).differences).toHaveLength(count);
  });

  it('tells the first ten only', () => {
    const many = Array.from({ length: 30 }, (_, index) => said(index + 1, 'ada', 'hi'));
    expect(compare(many, [], names).differences).toHaveLength(10);
  });
});
