import { describe, expect, test } from 'vitest';
import { oneLine, webAddress } from './input.ts';

describe('a name', () => {
  const takes = (name: string): boolean => oneLine({ max: 32 }).safeParse(name).success;
  test.each(['Ada', 'Zoë 🦊', '👩‍👩‍👧', 'علي', '  Ada', '7'])('may be %j', (name) => {
    expect(takes(name)).toBe(true);
  });
  test.each(['', '  ', '\u200b', '\u3164', '\u115f', '\u061c', 'a\nb', '\u202eevil', 'a\u2066b', 'a\uffff'])(
    'may not be %j',
    (name) => {
      expect(takes(name)).toBe(false);
    },
  );
});

describe('a web address', () => {
  const takes = (address: string, http = false): boolean => webAddress({ http }).safeParse(address).success;
  test.each(['https://example.com/ada.png', 'https://example.com:8443/a?b=c#d', 'https://xn--bcher-kva.example/'])(
    'may be %s',
    (address) => {
      expect(takes(address)).toBe(true);
    },
  );
  test.each([
    'http://example.com/',
    'https:example.com',
    'https:///x',
    'https://user:pass@example.com/',
    'https://example.com/ x',
    'https://example.com/"><script>',
    'https://example.com\\@evil.com',
    'https://127.0.0.1/',
    'javascript:alert(1)',
    'ftp://example.com/',
    `https://example.com/${'x'.repeat(2_048)}`,
  ])('may not be %s', (address) => {
    expect(takes(address)).toBe(false);
  });
  test('may be of http where that is said', () => {
    expect(takes('http://example.com/', true)).toBe(true);
  });
});
