import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { namesOf, parseIrcLog, UndatedLog } from './parse.ts';

const parse = (...lines: string[]) => parseIrcLog('logs/2012-12-15.log', `${lines.join('\n')}\n`);

describe('parseIrcLog', () => {
  it('reads a message with its line, name, text and time', () => {
    expect(parse('[09:14] <crimsun> kleedrac: I am <sorry>  ').messages).toEqual([
      {
        file: '2012-12-15.log',
        line: 1,
        name: 'crimsun',
        text: 'kleedrac: I am <sorry>  ',
        postedAt: '2012-12-15T09:14:00.000Z',
      },
    ]);
  });

  it('counts actions, joins, renames and notices, and keeps the numbers of the lines', () => {
    const log = parse(
      '=== spiv [~andrew@host]  has joined #ubuntu',
      '[14:56]  * AdemoS on retrospect',
      '=== jiyuu0 here to witness...',
      '=== natea is now known as natea|nyc',
      '[01:26] -yqitx:#ubuntu- a notice',
      '[15:00] <a[b]^|> hi',
    );
    expect(log.otherLines).toBe(5);
    expect(log.messages.map(({ line, name }) => [line, name])).toEqual([[6, 'a[b]^|']]);
  });

  it('passes midnight where the clock goes back', () => {
    const { messages } = parse('[23:59] <a> late', '[00:00] <a> early', '[00:00] <b> too');
    expect(messages.map((message) => message.postedAt)).toEqual([
      '2012-12-15T23:59:00.000Z',
      '2012-12-16T00:00:00.000Z',
      '2012-12-16T00:00:00.000Z',
    ]);
  });

  it('takes an empty text for the blank that it was', () => {
    expect(parse('[09:05] <SurfnKid>', '[09:05] <SurfnKid> ').messages.map((message) => message.text)).toEqual([
      ' ',
      ' ',
    ]);
  });

  it('refuses a file without a date', () => {
    expect(() => parseIrcLog('ubuntu.log', '')).toThrow(UndatedLog);
    expect(() => parseIrcLog('2012-13-45.log', '')).toThrow(UndatedLog);
  });

  it.each([
    ['2015-02-04.log', 1041, 139, 1100],
    ['2015-11-26.log', 959, 100, 1100],
  ])('finds in %s all %i messages of %i names', (file, messages, names, lines) => {
    const path = new URL(`../../fixtures/${file}`, import.meta.url);
    const log = parseIrcLog(path.pathname, readFileSync(path, 'utf8'));
    expect(log.messages).toHaveLength(messages);
    expect(namesOf([log])).toHaveLength(names);
    expect(log.messages.length + log.otherLines).toBe(lines);
  });
});
