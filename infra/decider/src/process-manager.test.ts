import { type AppendFate, memoryBroker, type NewRecord } from '@palaver/event-log';
import { expect, onTestFinished, test } from 'vitest';
import { newId } from './ids.ts';
import { causedId, type ProcessManager, startProcessManager } from './process-manager.ts';
import { type BankCommand, type BankEvent, bankDecider, jsonCodec } from './simulation/bank.ts';
import { memoryStateStore } from './state-store.ts';

const opened = (account: string, from: number, epoch = 'e'): NewRecord => ({
  key: `account:${account}/1/${epoch}`,
  value: Buffer.from(JSON.stringify({ type: 'Opened', data: { account, by: 'ann' } })),
  headers: { command: `c${from}`, 'command-offset': String(from), index: '0', epoch, actor: 'ann' },
  timestampMs: 100 + from,
});

/** Whoever opens an account is given 1. */
const welcome: ProcessManager<BankEvent, BankCommand, string> = {
  name: 'welcome',
  commands: {
    Opened: ({ account }) => [{ type: 'Deposit', data: { account, amount: 1 }, actor: 'system' }],
  },
  tasks: { Opened: ({ account }) => (account === 'nobody' ? null : account) },
};

const startWelcome = async (fates: AppendFate[] = [], act?: (account: string) => Promise<void>) => {
  const broker = memoryBroker({ partitions: 1, fate: () => fates.shift() ?? 'written' });
  const checkpoints = memoryStateStore();
  const mend = { asked: 0, done: false };
  const codec = jsonCodec<BankEvent>();
  const events = {
    ...codec,
    decode: (bytes: Uint8Array): BankEvent => {
      if (Buffer.from(bytes).toString() !== 'no json') return codec.decode(bytes);
      mend.asked += 1;
      if (!mend.done) return codec.decode(bytes);
      return { type: 'Opened', data: { account: 'b', by: 'ann' } };
    },
  };
  const start = async (process: string) => {
    const manager = await startProcessManager<BankEvent, BankCommand, string>({
      log: broker.log(process),
      groupId: 'welcome-group',
      topic: 'bank.events',
      events,
      decider: bankDecider(),
      commands: jsonCodec<BankCommand>(),
      checkpoints,
      manager: welcome,
      ...(act ? { act } : {}),
      newEpoch: newId,
      logger: { info: () => {}, warn: () => {}, error: () => {} },
      onCrash: (error) => {
        throw error;
      },
    });
    onTestFinished(() => manager.close());
    return manager;
  };
  const ids = () => broker.records('bank.commands', 0).map(({ key }) => key);
  return { broker, start, ids, mend };
};

const idOf = (from: number): string => causedId('welcome', { commandId: `c${from}`, index: 0 });

test('commands follow from events, with ids and times that derive from them', async () => {
  const { broker, start, ids } = await startWelcome();
  broker.write('bank.events', 0, [opened('a', 0)]);
  await start('one');
  await expect.poll(ids).toEqual([idOf(0)]);
  const [record] = broker.records('bank.commands', 0);
  expect(record).toMatchObject({ timestampMs: 100, headers: { actor: 'system' } });
  expect(JSON.parse(Buffer.from(record!.value!).toString())).toEqual({
    type: 'Deposit',
    data: { account: 'a', amount: 1 },
  });
});

test('an event that does not count causes nothing', async () => {
  const { broker, start, ids } = await startWelcome();
  broker.write('bank.events', 0, [opened('a', 0), opened('a', 0, 'late'), opened('b', 1)]);
  await start('one');
  await expect.poll(ids).toEqual([idOf(0), idOf(1)]);
});

test('another goes on where one has stopped', async () => {
  const { broker, start, ids } = await startWelcome();
  const first = await start('one');
  broker.write('bank.events', 0, [opened('a', 0)]);
  await expect.poll(ids).toEqual([idOf(0)]);
  await first.close();
  broker.write('bank.events', 0, [opened('a', 0, 'late'), opened('b', 1)]);
  await start('two');
  await expect.poll(ids).toEqual([idOf(0), idOf(1)]);
});

test('an append of unknown outcome is repeated under the same id', async () => {
  const { broker, start, ids } = await startWelcome(['lost-ack']);
  broker.write('bank.events', 0, [opened('a', 0)]);
  await start('one');
  await expect.poll(ids).toEqual([idOf(0), idOf(0)]);
});

test('what else follows is tried until it is done, before the position moves on', async () => {
  const seen: string[] = [];
  const answers = [new Error('away'), new Error('still away')];
  const act = async (account: string): Promise<void> => {
    seen.push(account);
    const error = answers.shift();
    if (error) throw error;
  };
  const { broker, start, ids } = await startWelcome([], act);
  broker.write('bank.events', 0, [opened('a', 0), opened('a', 0, 'late'), opened('b', 1)]);
  const first = await start('one');
  await expect.poll(ids).toEqual([idOf(0), idOf(1)]);
  expect(seen).toEqual(['a', 'a', 'a', 'b']);
  await first.close();
  broker.write('bank.events', 0, [opened('nobody', 2), opened('c', 3)]);
  await start('two');
  await expect.poll(ids).toHaveLength(4);
  expect(seen).toEqual(['a', 'a', 'a', 'b', 'c']);
});

test('at an event that it cannot read it waits, and goes on when it can', async () => {
  const { broker, start, ids, mend } = await startWelcome();
  const value = Buffer.from('no json');
  broker.write('bank.events', 0, [opened('a', 0), { ...opened('b', 1), value }, opened('c', 2)]);
  await start('one');
  await expect.poll(() => mend.asked).toBeGreaterThan(1);
  expect(ids()).toEqual([]);
  mend.done = true;
  await expect.poll(ids).toEqual([idOf(0), idOf(1), idOf(2)]);
});
