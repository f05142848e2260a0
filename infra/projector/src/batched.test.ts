import { expect, test } from 'vitest';
import { batched } from './batched.ts';

test('one query is under way; what is asked meanwhile goes into the next', async () => {
  const queries: number[][] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const double = batched(async (keys: readonly number[]) => {
    queries.push([...keys]);
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    await gate.promise;
    return keys.map((key) => key * 2);
  });
  const first = [double(1), double(2)];
  await expect.poll(() => gates.length).toBe(1);
  const second = [double(3), double(4), double(5)];
  expect(queries).toEqual([[1, 2]]);
  gates[0]!.resolve();
  expect(await Promise.all(first)).toEqual([2, 4]);
  await expect.poll(() => gates.length).toBe(2);
  gates[1]!.resolve();
  expect(await Promise.all(second)).toEqual([6, 8, 10]);
  expect(queries).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
});

test('a failed query fails those who asked, and the next ones are asked anew', async () => {
  let broken = true;
  const ask = batched(async (keys: readonly string[]) => {
    if (broken) throw new Error('away');
    return keys;
  });
  await expect(ask('a')).rejects.toThrow('away');
  broken = false;
  expect(await ask('b')).toBe('b');
});

test('no query is larger than it may be', async () => {
  const sizes: number[] = [];
  const ask = batched(
    async (keys: readonly number[]) => {
      sizes.push(keys.length);
      return keys;
    },
    { most: 2 },
  );
  expect(await Promise.all([1, 2, 3, 4, 5].map(ask))).toEqual([1, 2, 3, 4, 5]);
  expect(sizes).toEqual([2, 2, 1]);
});
