import { describe, expect, it } from 'vitest';
import { Busy, passwords, turns } from './passwords.ts';

const salt = Buffer.alloc(16, 7);

describe('passwords', () => {
  it("hashes with argon2id at OWASP's parameters", async () => {
    expect(await passwords().hash('correct horse', salt)).toMatch(/^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$/);
  });

  it('gives the same hash for the same salt, and another for another', async () => {
    const { hash } = passwords();
    const first = await hash('correct horse', salt);
    expect(await hash('correct horse', salt)).toBe(first);
    expect(await hash('correct horse', Buffer.alloc(16, 8))).not.toBe(first);
    expect(await hash('correct house', salt)).not.toBe(first);
  });

  it('knows the password again, however its characters were composed', async () => {
    const { hash, verify } = passwords();
    const known = await hash('cafe\u0301 au lait', salt);
    expect(await verify(known, 'caf\u00e9 au lait')).toBe(true);
    expect(await verify(known, 'cafe au lait')).toBe(false);
  });

  it('knows no password of no account, and takes as long over it', async () => {
    const { hash, verify } = passwords();
    const known = await hash('correct horse', salt);
    await verify(null, 'warm up');
    const timed = async (against: string | null) => {
      const startedMs = performance.now();
      expect(await verify(against, 'wrong horse')).toBe(false);
      return performance.now() - startedMs;
    };
    const fastest = async (against: string | null) =>
      Math.min(
        await timed(against),
        await timed(against),
        await timed(against),
        await timed(against),
        await timed(against),
      );
    const [unknownMs, wrongMs] = [await fastest(null), await fastest(known)];
    expect(unknownMs / wrongMs).toBeGreaterThan(1 / 3);
    expect(unknownMs / wrongMs).toBeLessThan(3);
  });

  it('lets a few wait in the order of their coming, and refuses the rest at once', async () => {
    const { hash } = passwords({ maxInFlight: 1, maxWaiting: 4 });
    const done: number[] = [];
    const answers = await Promise.allSettled(
      [0, 1, 2, 3, 4, 5, 6].map(async (index) => {
        await hash(`password ${index}`, salt);
        done.push(index);
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual([
      ...Array<string>(5).fill('fulfilled'),
      ...Array<string>(2).fill('rejected'),
    ]);
    const refused = answers[6] as PromiseRejectedResult;
    expect(refused.reason).toBeInstanceOf(Busy);
    expect((refused.reason as Busy).retryAfterSeconds).toBeGreaterThan(0);
    expect(done).toEqual([0, 1, 2, 3, 4]);
    expect(await hash('room again', salt)).toContain('argon2id');
  });

  it('gives the turn back when hashing fails', async () => {
    const { hash, verify } = passwords({ maxInFlight: 1, maxWaiting: 0 });
    await expect(verify('no hash', 'correct horse')).rejects.toThrow();
    expect(await hash('correct horse', salt)).toContain('argon2id');
  });
});

describe('turns', () => {
  // Which of two hashes ends first is up to the machine, so these tasks end when the test says.
  it('gives a few at once, and each that is freed to the next in line', async () => {
    const take = turns(2, 3);
    const tasks = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const started: number[] = [];
    const taken = tasks.map(({ promise }, index) =>
      take(() => {
        started.push(index);
        return promise;
      }),
    );
    await expect(take(async () => undefined)).rejects.toBeInstanceOf(Busy);
    expect(started).toEqual([0, 1]);
    for (const [ended, startedThen] of [
      [1, [0, 1, 2]],
      [2, [0, 1, 2, 3]],
      [0, [0, 1, 2, 3, 4]],
    ] as const) {
      tasks[ended]!.resolve();
      await taken[ended];
      expect(started).toEqual(startedThen);
    }
    for (const { resolve } of tasks) resolve();
    await Promise.all(taken);
    expect(await take(async () => 'room again')).toBe('room again');
  });
});
