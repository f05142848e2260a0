import { randomBytes } from 'node:crypto';
import { type EventLog, kafkaLog, TakenRecords } from '@palaver/event-log';
import { createTopics } from '@palaver/local';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type CommandClient, commandClient } from './client.ts';
import { fingerprint, newId } from './ids.ts';
import type { Command } from './outcome.ts';
import { postgresStateStore } from './postgres-state-store.ts';
import { type Processor, startProcessor, topicsOf } from './processor.ts';
import { createReplies } from './replies.ts';
import { type BankCommand, bankDecider, jsonCodec } from './simulation/bank.ts';

const broker = process.env.PALAVER_TEST_KAFKA;
const server = process.env.PALAVER_TEST_POSTGRES;
if (!broker || !server)
  throw new Error(
    'PALAVER_TEST_KAFKA (host:port) and PALAVER_TEST_POSTGRES (postgres://user:password@host:port) are needed',
  );

const random = randomBytes(6).toString('hex');
const decider = { ...bankDecider(), name: `bank-${random}` };
const topics = topicsOf(decider.name);
const database = `decider_${random}`;
const admin = new Pool({ connectionString: `${server}/postgres`, max: 1 });
let pool: Pool;

beforeAll(async () => {
  const config = { 'cleanup.policy': 'compact' };
  await createTopics(
    [broker],
    [
      { name: topics.commands, partitions: 2 },
      { name: topics.events, partitions: 2, config },
      { name: topics.replies, partitions: 2 },
    ],
  );
  await admin.query(`create database ${database}`);
  pool = new Pool({ connectionString: `${server}/${database}`, max: 4 });
  // At the end the database goes even if a connection has not closed yet.
  pool.on('error', () => {});
  await postgresStateStore(pool).migrate();
});

afterAll(async () => {
  await pool.end();
  // The pool's connections may still be closing; forced, they would end with an error that nobody hears.
  await vi.waitFor(() => admin.query(`drop database ${database}`), 10_000);
  await admin.end();
});

type Instance = { log: EventLog; processor: Processor; client: CommandClient; close: () => Promise<void> };

const startInstance = async (): Promise<Instance> => {
  const instanceId = newId();
  const log = kafkaLog({ brokers: [broker], clientId: instanceId, logger: () => {} });
  const replies = createReplies(instanceId);
  const codec = jsonCodec();
  const processor = await startProcessor({
    log,
    decider,
    codecs: { commands: codec, events: codec },
    store: postgresStateStore(pool),
    groupId: `${decider.name}-group`,
    replies,
    newEpoch: newId,
    logger: { info: () => {}, warn: console.warn, error: console.error },
    onCrash: (error) => {
      throw error;
    },
  });
  const client = await commandClient({ log, decider, codec, replies });
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await processor.close();
    await client.close();
    await log.close();
  };
  const once = () => {
    closing ??= close();
    return closing;
  };
  onTestFinished(once);
  return { log, processor, client, close: once };
};

const commandOf = (given: BankCommand): Command => ({
  id: newId(),
  ...given,
  actor: 'ann',
  timeMs: Date.now(),
  fingerprint: fingerprint(given),
});

/** Every counted event's amount, read from the log by a reader of its own. */
const movements = async (log: EventLog): Promise<number[]> => {
  const amounts: number[] = [];
  const taken = new Map<number, TakenRecords>();
  await log.read(
    topics.events,
    [0, 1].map((partition) => ({ partition, from: 0 })),
    ({ partition, records }) => {
      const reader = taken.get(partition) ?? new TakenRecords(null);
      taken.set(partition, reader);
      for (const record of records) {
        if (!reader.take(record) || record.value === null) continue;
        const { type, data } = JSON.parse(Buffer.from(record.value).toString());
        if (type === 'Moved') amounts.push(data.amount);
      }
    },
  );
  return amounts;
};

test('commands are decided, answered and taken over by another instance', { timeout: 60_000 }, async () => {
  const one = await startInstance();
  const timeoutMs = 20_000;
  await one.client.submit(commandOf({ type: 'Open', data: { account: 'a' } }), { timeoutMs });
  const deposits = Array.from({ length: 500 }, () => commandOf({ type: 'Deposit', data: { account: 'a', amount: 1 } }));
  const replies = await Promise.all(deposits.map((command) => one.client.submit(command, { timeoutMs })));
  expect(replies.every(({ outcome }) => outcome.kind === 'accepted')).toBe(true);

  const two = await startInstance();
  await expect.poll(() => [...one.processor.held, ...two.processor.held].sort(), { timeout: 20_000 }).toEqual([0, 1]);
  // Whichever instance owns the bank's partition, both are answered: one in its own process, the other over the log.
  for (const { client } of [one, two])
    expect(await client.submit(deposits[0]!, { timeoutMs })).toMatchObject({ outcome: replies[0]!.outcome });

  await one.close();
  const withdraw = commandOf({ type: 'Withdraw', data: { account: 'a', amount: 500 } });
  const { outcome, position } = await two.client.submit(withdraw, { timeoutMs });
  expect(outcome).toEqual({ kind: 'accepted', result: { number: 501, left: 0 } });
  expect(two.processor.stats).toMatchObject({ conflicts: 0, storeFailures: 0 });
  const [end] = (await two.log.offsets(topics.events)).filter(({ partition }) => partition === position.partition);
  expect(position.offset).toBe(end?.end);
  const amounts = await movements(two.log);
  expect(amounts).toHaveLength(501);
  expect(amounts.reduce((sum, amount) => sum + amount, 0)).toBe(0);
});
