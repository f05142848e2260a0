import { memoryBroker, type NewRecord } from '@palaver/event-log';
import { expect, test } from 'vitest';
import { bankDecider, jsonCodec } from './simulation/bank.ts';
import { streamAt, type Until } from './stream-at.ts';
import { sweepPartition } from './sweep.ts';

const topic = 'bank.events';

/** One event of one command, at second `from`. */
const record = (key: string, from: number, event: { type: string; data: object }, epoch = 'e'): NewRecord => ({
  key: `${key}/${epoch}`,
  value: Buffer.from(JSON.stringify(event)),
  headers: { command: `c${from}`, 'command-offset': String(from), index: '0', epoch },
  timestampMs: from * 1_000,
});
const opened = (account: string) => ({ type: 'Opened', data: { account, by: 'ann' } });
const moved = (account: string, amount: number, number: number) => ({
  type: 'Moved',
  data: { account, amount, number },
});
const closed = (account: string, number: number) => ({ type: 'Closed', data: { account, number } });

const history = [
  record('account:a/1', 1, opened('a')),
  record('account:b/1', 2, opened('b')),
  record('account:a/2', 3, moved('a', 10, 1)),
  // A late writer's repeat, which no reader takes.
  record('account:a/2', 3, moved('a', 10, 1), 'late'),
  record('account:b/2', 4, moved('b', 5, 2)),
  record('account:a/3', 5, moved('a', -3, 3)),
];
const end = record('account:a/4', 6, closed('a', 4));

const bank = (records: readonly NewRecord[]) => {
  const broker = memoryBroker({ partitions: 1 });
  broker.write(topic, 0, records);
  const log = broker.log('test');
  const codec = jsonCodec();
  return {
    broker,
    at: (stream: string, until?: Until) =>
      streamAt({ log, codec, decider: bankDecider(), stream, ...(until ? { until } : {}) }),
    sweep: () =>
      sweepPartition({ log, appender: log.appender(), topic, partition: 0, codec, ends: (e) => e.type === 'Closed' }),
  };
};
const open = (balance: number) => ({ status: 'open', balance });

test('a stream is the fold of its events up to a version or a time, those of that time included', async () => {
  const { at } = bank(history);
  const first = { version: 1, offset: 0, timeMs: 1_000 };
  const last = { version: 3, offset: 5, timeMs: 5_000 };
  expect(await at('account:a')).toEqual({ state: open(7), version: 3, events: 3, erased: 0, first, last, latest: 3 });
  expect(await at('account:a', { version: 2 })).toMatchObject({ state: open(10), version: 2, events: 2, latest: 3 });
  expect(await at('account:a', { timeMs: 4_999 })).toMatchObject({ state: open(10), last: { offset: 2 } });
  expect(await at('account:a', { timeMs: 5_000 })).toMatchObject({ state: open(7) });
});

test('what lies in other streams counts where it touches this one', async () => {
  const { at } = bank(history);
  expect(await at('statement:bank', { timeMs: 4_000 })).toMatchObject({ state: { last: 2 }, version: 0, events: 2 });
  expect(await at('statement:bank')).toMatchObject({ state: { last: 3 }, latest: 0 });
});

test('before it began there is nothing to fold, and it says when that was; of an unknown one there is nothing at all', async () => {
  const { at } = bank(history);
  expect(await at('account:b', { timeMs: 1_999 })).toMatchObject({ events: 0, last: null, first: { timeMs: 2_000 } });
  expect(await at('account:c')).toMatchObject({ events: 0, first: null, latest: 0 });
  await expect(at('house:a')).rejects.toThrow('bank has no stream house:a');
});

test('what was erased is gone at once, and the same after compaction', async () => {
  const { broker, at, sweep } = bank([...history, end]);
  expect(await at('account:a', { version: 3 })).toMatchObject({ state: open(7), erased: 0 });
  await sweep();
  const ask = async () => [await at('account:a', { version: 3 }), await at('account:a'), await at('account:b')];
  const swept = await ask();
  expect(swept).toMatchObject([
    { events: 0, first: { version: 4 }, latest: 4 },
    { state: { status: 'closed', balance: 0 }, version: 4, events: 1, erased: 3 },
    { state: open(5), erased: 0 },
  ]);
  broker.compact(topic, { dropTombstones: true });
  expect(await ask()).toEqual(swept);
});
