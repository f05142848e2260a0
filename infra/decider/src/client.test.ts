import { type AppendFate, memoryBroker } from '@palaver/event-log';
import { expect, onTestFinished, test } from 'vitest';
import { CommandTimeout, commandClient, LogUnavailable } from './client.ts';
import { replyRecord, waiterKey } from './outcome.ts';
import { createReplies } from './replies.ts';
import { bankDecider, jsonCodec } from './simulation/bank.ts';

const command = {
  id: 'c1',
  type: 'Open',
  data: { account: 'a' },
  actor: 'ann',
  timeMs: 7,
  fingerprint: 'f',
  reason: 'Spam, ö',
  traceparent: '00-1-2-01',
};
const reply = { outcome: { kind: 'accepted', result: null }, position: { partition: 0, offset: 3 } } as const;

const startClient = async (fates: AppendFate[] = [], maxWaiting = 10) => {
  const broker = memoryBroker({ partitions: 1, fate: () => fates.shift() ?? 'written' });
  const replies = createReplies('edge');
  const client = await commandClient({
    log: broker.log('edge'),
    decider: bankDecider(),
    codec: jsonCodec(),
    replies,
    maxWaiting,
  });
  onTestFinished(() => client.close());
  const answer = ({ fingerprint = 'f', replyTo = 'edge/0' } = {}) =>
    broker.write('bank.replies', 0, [
      replyRecord({ replyTo, replies: [{ ...reply, waiter: waiterKey('c1', fingerprint) }], timestampMs: 0 }),
    ]);
  return { broker, client, replies, answer };
};

test('a command lies on the log with all that its decision needs, and where the answer goes', async () => {
  const { broker, client, answer } = await startClient();
  const submitted = client.submit(command, { timeoutMs: 5_000 });
  await expect.poll(() => broker.records('bank.commands', 0)).toHaveLength(1);
  expect(broker.records('bank.commands', 0)[0]).toMatchObject({
    key: 'c1',
    timestampMs: 7,
    headers: { actor: 'ann', fingerprint: 'f', 'reply-to': 'edge/0', reason: 'Spam, ö', traceparent: '00-1-2-01' },
  });
  answer();
  expect(await submitted).toEqual(reply);
});

test('answers for other processes, and to other contents of the same id, are not for this one', async () => {
  const { client, answer } = await startClient();
  const submitted = client.submit(command, { timeoutMs: 300 });
  answer({ replyTo: 'another/0' });
  answer({ fingerprint: 'g' });
  await expect(submitted).rejects.toThrow(CommandTimeout);
});

test('a rejected append means that nothing was accepted', async () => {
  const { broker, client, replies } = await startClient(['rejected']);
  await expect(client.submit(command, { timeoutMs: 5_000 })).rejects.toThrow(LogUnavailable);
  expect(broker.records('bank.commands', 0)).toEqual([]);
  expect(replies.waiting).toBe(0);
});

test('an append of unknown outcome is sent again, with the same id', async () => {
  const { broker, client, answer } = await startClient(['lost-ack', 'rejected', 'never']);
  const submitted = client.submit(command, { timeoutMs: 5_000 });
  await expect.poll(() => broker.records('bank.commands', 0).map(({ key }) => key)).toEqual(['c1', 'c1']);
  answer();
  expect(await submitted).toEqual(reply);
});

test('no answer in time leaves the outcome unknown, and nobody waiting', async () => {
  const { client, replies } = await startClient();
  const failure = await client.submit(command, { timeoutMs: 20 }).catch((error) => error);
  expect(failure).toBeInstanceOf(CommandTimeout);
  expect(failure.commandId).toBe('c1');
  expect(replies.waiting).toBe(0);
});

test('what does not fit, or is no command of the service, is the sender’s error', async () => {
  const { client } = await startClient();
  await expect(client.submit({ ...command, type: 'Rob' }, { timeoutMs: 50 })).rejects.toThrow(TypeError);
});

test('only so many commands wait at once', async () => {
  const { client, answer } = await startClient([], 1);
  const first = client.submit(command, { timeoutMs: 5_000 });
  await expect(client.submit({ ...command, id: 'c2' }, { timeoutMs: 5_000 })).rejects.toThrow(LogUnavailable);
  answer();
  await first;
});
