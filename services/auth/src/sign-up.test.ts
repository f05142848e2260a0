import { describe, expect, test, vi } from 'vitest';
import type { DataKeys } from './data-keys.ts';
import { commandsAfter, startAuth } from './decider.fixture.ts';
import { passwords } from './passwords.ts';
import type { ProfileCreatedResult } from './profile.ts';
import { sealer } from './sealing.ts';
import { secretsOf } from './secrets.ts';
import { createProfileAfter, emailPlace, passwordPlace, prepareClaim, signUpProcess } from './sign-up.ts';

/** Data keys as the database keeps them, without one. */
const keptInMemory = (): DataKeys => {
  const kept = new Map<string, { fingerprint: string; key: Uint8Array }>();
  return {
    reserve: async (profileId, fingerprint) => {
      const row = kept.get(profileId) ?? { fingerprint, key: crypto.getRandomValues(new Uint8Array(32)) };
      kept.set(profileId, row);
      return row.fingerprint === fingerprint ? sealer(row.key) : null;
    },
    of: async (profileId) => {
      const row = kept.get(profileId);
      return row ? sealer(row.key) : null;
    },
    destroy: async (profileId) => void kept.delete(profileId),
  };
};

const ada = {
  name: 'Ada',
  email: 'ada@example.com',
  password: 'correct horse',
  profileId: '01900000-0000-7000-8000-000000000001',
  commandId: '01900000-0000-7000-8000-00000000000c',
};
const freshParts = () => ({
  secrets: secretsOf(Buffer.alloc(32, 1)),
  passwords: passwords(),
  dataKeys: keptInMemory(),
});

describe('the claim of a sign-up', () => {
  test('holds name and ids, and neither address nor password in the clear', async () => {
    const parts = freshParts();
    const prepared = await prepareClaim(ada, parts);
    expect(prepared?.claim).toMatchObject({ name: 'Ada', profileId: ada.profileId });
    const written = `${JSON.stringify(prepared)}${prepared?.claim.emailSealed.toString('latin1')}`;
    for (const secret of ['ada@example.com', 'correct horse', 'argon2id']) expect(written).not.toContain(secret);
  });

  test('can be opened by who holds the keys', async () => {
    const parts = freshParts();
    const { claim } = (await prepareClaim(ada, parts))!;
    const dataKey = await parts.dataKeys.of(ada.profileId);
    expect(dataKey?.unseal(claim.emailSealed, emailPlace(ada.profileId)).toString()).toBe(ada.email);
    const hash = parts.secrets.passwords.unseal(claim.passwordSealed, passwordPlace(ada.profileId)).toString();
    expect(await parts.passwords.verify(hash, ada.password)).toBe(true);
  });

  test('is the same to the byte when the request is repeated', async () => {
    const parts = freshParts();
    expect(await prepareClaim(ada, parts)).toEqual(await prepareClaim({ ...ada }, parts));
  });

  test.each([{ name: 'Eve' }, { email: 'eve@example.com' }, { password: 'wrong horse' }])(
    'is not made for another sign-up under the same ids: %o',
    async (change) => {
      const parts = freshParts();
      await prepareClaim(ada, parts);
      expect(await prepareClaim({ ...ada, ...change }, parts)).toBeNull();
    },
  );
});

describe('the process manager', () => {
  test('makes a profile of every claim, and nothing of anything else', async () => {
    const { claim } = (await prepareClaim(ada, freshParts()))!;
    expect(commandsAfter(signUpProcess, { type: 'EmailClaimed', data: claim })).toEqual([
      { type: 'CreateProfile', data: claim },
    ]);
    expect(commandsAfter(signUpProcess, { type: 'ProfileCreated', data: claim })).toEqual([]);
  });

  test('gives the very command that the request gives, whoever is first', async () => {
    const { given, give, startManager } = await startAuth();
    const { claim, fingerprint } = (await prepareClaim(ada, freshParts()))!;
    const at = { actor: ada.profileId, timeMs: Date.UTC(2026, 0, 1), traceparent: undefined };
    await give({ ...at, id: ada.commandId, type: 'ClaimEmail', data: claim, fingerprint });
    const create = createProfileAfter(claim, { ...at, commandId: ada.commandId });
    const created = await give<ProfileCreatedResult>(create);
    expect(created.result).toEqual({ profileId: ada.profileId, createdAtMs: at.timeMs });

    await startManager(signUpProcess);
    await vi.waitFor(() => expect(given(create.id)).toHaveLength(2));
    const [ofRequest, ofManager] = given(create.id);
    expect(ofManager).toEqual(ofRequest);
  });

  test('completes a sign-up whose request died after the claim, and the request tried again finds it done', async () => {
    const { give, startManager, happened } = await startAuth();
    const { claim, fingerprint } = (await prepareClaim(ada, freshParts()))!;
    const at = { actor: ada.profileId, timeMs: Date.UTC(2026, 0, 1), traceparent: undefined };
    const claimIt = { ...at, id: ada.commandId, type: 'ClaimEmail', data: claim, fingerprint } as const;
    await give(claimIt);
    await startManager(signUpProcess);
    const created = () => happened(`profile:${ada.profileId}`);
    await vi.waitFor(() => expect(created()).toEqual(['ProfileCreated']));

    const later = { ...at, timeMs: at.timeMs + 60_000 };
    await give({ ...claimIt, ...later });
    const again = await give<ProfileCreatedResult>(createProfileAfter(claim, { ...later, commandId: ada.commandId }));
    expect(again.result).toEqual({ profileId: ada.profileId, createdAtMs: at.timeMs });
    expect(created()).toEqual(['ProfileCreated']);
  });
});
