import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assignPartitions } from './assignment.ts';

const member = (id: string, ...held: number[]) => ({ id, held });

test('a newcomer takes its share, and the others keep the rest', () => {
  const dealt = assignPartitions(8, [member('a', 0, 1, 2, 3, 4, 5, 6, 7), member('b')]);
  expect(dealt.get('a')).toEqual([0, 1, 2, 3]);
  expect(dealt.get('b')).toEqual([4, 5, 6, 7]);
});

test('the partitions of one that is gone are dealt out, and no other moves', () => {
  const dealt = assignPartitions(7, [member('a', 0, 1, 2), member('c', 5, 6)]);
  expect(dealt.get('a')).toEqual(expect.arrayContaining([0, 1, 2]));
  expect(dealt.get('c')).toEqual(expect.arrayContaining([5, 6]));
});

test('every partition has one owner, and shares differ by one at most, whatever members claim to have held', () => {
  const members = fc.uniqueArray(
    fc.record({ id: fc.string({ minLength: 1 }), held: fc.array(fc.integer({ min: -2, max: 40 })) }),
    { selector: ({ id }) => id, minLength: 1, maxLength: 9 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 33 }), members, (count, group) => {
      const shares = [...assignPartitions(count, group).values()];
      expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
      const sizes = shares.map((share) => share.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});
