import { expect, test } from 'vitest';
import { canonicalJson, derivedId, fingerprint, newId } from './ids.ts';

const uuid = (version: number): RegExp =>
  new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`);

test('new ids are UUIDs of version 7 that sort by the time of their making', () => {
  const ids = Array.from({ length: 100 }, newId);
  for (const id of ids) expect(id).toMatch(uuid(7));
  expect(new Set(ids).size).toBe(100);
  expect(Math.abs(Number.parseInt(ids[0]!.replaceAll('-', '').slice(0, 12), 16) - Date.now())).toBeLessThan(5_000);
});

test('derived ids are UUIDs of version 8, the same for the same parts and for no others', () => {
  expect(derivedId('ann', 'key', 'command')).toMatch(uuid(8));
  expect(derivedId('ann', 'key', 'command')).toBe(derivedId('ann', 'key', 'command'));
  const others = [
    ['ann', 'key', 'server'],
    ['ann', 'keycommand'],
    ['annkey', 'command'],
    ['ann', 'key', 'command', ''],
  ];
  for (const parts of others) expect(derivedId(...parts)).not.toBe(derivedId('ann', 'key', 'command'));
});

test('a derived id never changes: it lies on logs', () => {
  expect(derivedId('ann', 'key', 'command')).toMatchInlineSnapshot(`"50355818-6b0c-810c-8237-3e55c76afcc3"`);
});

test('fingerprints do not depend on the order of fields, but on everything else', () => {
  expect(fingerprint({ a: 1, b: { c: [1, 2], d: null } })).toBe(fingerprint({ b: { d: null, c: [1, 2] }, a: 1 }));
  expect(fingerprint({ a: [1, 2] })).not.toBe(fingerprint({ a: [2, 1] }));
  expect(fingerprint({ a: 1 })).not.toBe(fingerprint({ a: '1' }));
  expect(fingerprint(undefined)).toBe(fingerprint(null));
  expect(fingerprint({})).toMatch(/^[\w-]{43}$/);
  expect(canonicalJson({ b: 1, a: [{ d: 1, c: 2 }] })).toBe('{"a":[{"c":2,"d":1}],"b":1}');
});
