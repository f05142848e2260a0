import { LocalError } from '@palaver/local';
import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';

describe('parseOptions', () => {
  it('runs every part with both durabilities by default', () => {
    const { parts, durabilities, json } = parseOptions([]);
    expect(parts).toEqual(['processor', 'http', 'replay', 'lag', 'servers', 'history', 'codec']);
    expect(durabilities).toEqual(['default', 'flush.messages=1']);
    expect(json).toBe(null);
  });

  it('takes parts and options in any order', () => {
    const options = parseOptions([
      '--seconds',
      '1',
      'replay',
      '--in-flight',
      '1,8',
      '--log',
      'default',
      '--messages',
      '5000',
      '--json',
      'x.json',
    ]);
    expect(options).toMatchObject({
      parts: ['replay'],
      seconds: 1,
      inFlight: [1, 8],
      durabilities: ['default'],
      messages: 5_000,
      json: 'x.json',
    });
  });

  it.each([
    [['speed'], 'speed is no part'],
    [['--json'], '--json is no part and no option with a value'],
    [['--seconds', 'x'], '--seconds takes a number above 0, not "x"'],
    [['--events', '0'], '--events takes a number above 0'],
    [['--messages', '99'], '--messages takes 100 or more, not "99"'],
    [['--log', 'never'], '--log takes default or flush.messages=1, not "never"'],
  ])('refuses %j', (words, message) => {
    expect(() => parseOptions(words)).toThrow(LocalError);
    expect(() => parseOptions(words)).toThrow(message);
  });
});
