import { expect, test } from 'vitest';
import { entityTag, expectedVersion } from './versions.ts';

test('a tag names its version, and changes with all that is answered', () => {
  expect(expectedVersion([entityTag(7, { members: 1 })])).toBe(7);
  expect(entityTag(7, { members: 1 })).not.toBe(entityTag(7, { members: 2 }));
  expect(entityTag(7, { members: 1 })).toMatch(/^7\.[\w-]{16}$/);
});

test('a change is meant for one version, or for any', () => {
  expect([null, '*' as const, ['7'], ['7', '7.abc', 'x']].map(expectedVersion)).toEqual([null, null, 7, 7]);
  for (const tags of [[], ['v7'], ['07'], ['0'], ['-1'], ['7.'], ['9'.repeat(16)]])
    expect(() => expectedVersion(tags)).toThrow(expect.objectContaining({ code: 'precondition_failed' }));
  expect(() => expectedVersion(['7', '8'])).toThrow(expect.objectContaining({ code: 'malformed_header' }));
});
