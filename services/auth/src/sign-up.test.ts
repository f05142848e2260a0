import {
  commandClient,
  createReplies,
  memoryStateStore,
  newId,
  startProcessManager,
  startProcessor,
} from '@palaver/decider';
import { type MemoryBroker, memoryBroker, staticCodec } from '@palaver/event-log';
import { giveCommand } from '@palaver/http';
import { type AuthCommand, type AuthEvent, commandSchemas, eventSchemas } from '@palaver/schemas';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Give } from './commands.ts';
import type { DataKeys } from './data-keys.ts';
import { authDecider } from './decider.ts';
import { passwords } from './passwords.ts';
import type { ProfileCreatedResult } from './profile.ts';
import { sealer } from './sealing.ts';
import { secretsOf } from './secrets.ts';
import { createProfileAfter, emailPlace, followSignUp, passwordPlace, prepareClaim, signUpProcess } from './sign-up.ts';

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
    expect(followSignUp({ type: 'EmailClaimed', data: claim })).toEqual([{ type: 'CreateProfile', data: claim }]);
    expect(followSignUp({ type: 'ProfileCreated', data: claim })).toEqual([]);
  });

  test('gives the very command that the request gives, whoever is first', async () => {
    const { broker, give, startManager } = await startAuth();
    const { claim, fingerprint } = (await prepareClaim(ada, freshParts()))!;
    const at = { actor: ada.profileId, timeMs: Date.UTC(2026, 0, 1), traceparent: undefined };
    await give({ ...at, id: ada.commandId, type: 'ClaimEmail', data: claim, fingerprint });
    const created = await give<ProfileCreatedResult>(createProfileAfter(claim, { ...at, commandId: ada.commandId }));
    expect(created.result).toEqual({ profileId: ada.profileId, createdAtMs: at.timeMs });

    await startManager();
    const commands = () => everything(broker, 'auth.commands').filter(({ key }) => key !== ada.commandId);
    await vi.waitFor(() => expect(commands()).toHaveLength(2));
    const [ofRequest, ofManager] = commands().map(({ key, value, timestampMs, headers }) => {
      const { 'reply-to': _, ...told } = headers;
      return { key, value, timestampMs, told };
    });
    expect(ofManager).toEqual(ofRequest);
  });

  test('completes a sign-up whose request died after the claim, and the request tried again finds it done', async () => {
    const { broker, give, startManager } = await startAuth();
    const { claim, fingerprint } = (await prepareClaim(ada, freshParts()))!;
    const at = { actor: ada.profileId, timeMs: Date.UTC(2026, 0, 1), traceparent: undefined };
    const claimIt = { ...at, id: ada.commandId, type: 'ClaimEmail', data: claim, fingerprint } as const;
    await give(claimIt);
    await startManager();
    const created = () => everything(broker, 'auth.events').filter(({ key }) => key.startsWith('profile:'));
    await vi.waitFor(() => expect(created()).toHaveLength(1));

    const later = { ...at, timeMs: at.timeMs + 60_000 };
    await give({ ...claimIt, ...later });
    const again = await give<ProfileCreatedResult>(createProfileAfter(claim, { ...later, commandId: ada.commandId }));
    expect(again.result).toEqual({ profileId: ada.profileId, createdAtMs: at.timeMs });
    expect(created()).toHaveLength(1);
  });
});

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const crashed = (error: Error): never => {
  throw error;
};
const partitions = 8;

const everything = (broker: MemoryBroker, topic: string) =>
  Array.from({ length: partitions }, (_, partition) => broker.records(topic, partition)).flat();

/** This service on the log's twin in memory: its processor and its sender, and its process manager when that is started. */
const startAuth = async () => {
  const broker = memoryBroker({ partitions });
  const log = broker.log('auth');
  const events = staticCodec<AuthEvent>(eventSchemas.auth);
  const commands = staticCodec<AuthCommand>(commandSchemas.auth);
  const replies = createReplies('auth');
  const own = { log, decider: authDecider, newEpoch: newId, logger: silent, onCrash: crashed };
  const processor = await startProcessor({
    ...own,
    codecs: { commands, events },
    store: memoryStateStore(),
    groupId: 'auth-consumer-group',
    replies,
  });
  onTestFinished(() => processor.close());
  const client = await commandClient({ log, decider: authDecider, codec: commands, replies });
  onTestFinished(() => client.close());
  const startManager = async () => {
    const manager = await startProcessManager({
      ...own,
      name: signUpProcess,
      groupId: 'auth-sign-up',
      topic: 'auth.events',
      events,
      commands,
      checkpoints: memoryStateStore(),
      handle: followSignUp,
    });
    onTestFinished(() => manager.close());
  };
  return {
    broker,
    give: ((command) => giveCommand(client, command, { timeoutMs: 5_000 })) as Give,
    startManager,
  };
};
