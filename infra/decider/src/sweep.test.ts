import { memoryBroker, type NewRecord } from '@palaver/event-log';
import { expect, test } from 'vitest';
import { bankDecider, jsonCodec } from './simulation/bank.ts';
import { foldOf } from './simulation/model.ts';
import { sweepPartition } from './sweep.ts';

const topic = 'bank.events';

/** A record as an owner writes it; `value` null makes it a marker. */
const recordOf = (given: {
  key: string;
  from: number;
  epoch?: string;
  index?: number;
  event?: { type: string; data: object };
  outcome?: object;
}): NewRecord => {
  const { key, from, epoch = 'e', index = 0, event, outcome } = given;
  const headers: Record<string, string> = {
    command: `c${from}`,
    'command-offset': String(from),
    index: String(index),
    epoch,
  };
  if (outcome) headers.outcome = JSON.stringify(outcome);
  return { key, value: event ? Buffer.from(JSON.stringify(event)) : null, headers, timestampMs: 1_000 + from };
};
const told = (result: string) => ({ kind: 'accepted', result });
const opened = (account: string) => ({ type: 'Opened', data: { account, by: 'ann' } });
const moved = (account: string, number: number) => ({ type: 'Moved', data: { account, amount: 1, number } });

const swept = async (records: readonly NewRecord[]) => {
  const broker = memoryBroker({ partitions: 1 });
  broker.write(topic, 0, records);
  const log = broker.log('sweep');
  const options = { log, appender: log.appender(), topic, partition: 0, codec: jsonCodec(), maxBatch: 2 };
  const sweep = () => sweepPartition({ ...options, ends: ({ type }) => type === 'Closed' });
  return { broker, swept: await sweep(), sweep };
};

const closing = {
  key: 'account:a/3/e',
  from: 3,
  event: { type: 'Closed', data: { account: 'a', number: 3 } },
  outcome: told('closed'),
};

const history = [
  recordOf({ key: 'account:a/1/e', from: 0, event: opened('a'), outcome: told('opened a') }),
  recordOf({ key: 'account:b/1/e', from: 1, event: opened('b'), outcome: told('opened b') }),
  recordOf({ key: 'account:a/2/e', from: 2, event: moved('a', 1) }),
  recordOf({ key: 'account:b/2/e', from: 2, index: 1, event: moved('b', 2), outcome: told('moved') }),
  // A late writer's repeat, which no reader takes.
  recordOf({ key: 'account:a/2/z', from: 2, epoch: 'z', event: moved('a', 1) }),
  recordOf(closing),
];

test('erases what a deletion has ended, and what no reader takes; the deletion itself stays', async () => {
  const { broker, swept: found } = await swept(history);
  expect(found).toEqual({ ended: { account: 2 }, lost: 1, unreadable: 0 });
  broker.compact(topic, { dropTombstones: true });
  const keys = broker.records(topic, 0).map(({ key }) => key);
  expect(keys).toEqual(['account:b/1/e', 'account:b/2/e', 'account:a/3/e', 'sweep']);
});

test('leaves every fold as it was, and what senders were told', async () => {
  const { broker } = await swept(history);
  const before = foldOf(bankDecider(), broker.records(topic, 0));
  broker.compact(topic);
  const after = foldOf(bankDecider(), broker.records(topic, 0));
  expect(after.streams).toEqual(new Map([...before.streams].filter(([, { version }]) => version > 0 || true)));
  expect(new Map([...after.commands].sort())).toEqual(new Map([...before.commands].sort()));
  expect(after.commands.get('c0')?.outcome).toEqual(told('opened a'));
});

test('finds nothing more to erase the second time', async () => {
  const { broker, sweep } = await swept(history);
  const nothing = { ended: {}, lost: 0, unreadable: 0 };
  expect(await sweep()).toEqual(nothing);
  broker.compact(topic);
  expect(await sweep()).toEqual(nothing);
});

test('erases what a stream held up to its last end, when it was begun again and ended again', async () => {
  const close = (key: string, from: number) =>
    recordOf({ key, from, event: { type: 'Closed', data: { account: 'a', number: from } } });
  const { broker, swept: found } = await swept([
    recordOf({ key: 'account:a/1/e', from: 0, event: opened('a') }),
    close('account:a/2/e', 1),
    recordOf({ key: 'account:a/3/e', from: 2, event: opened('a') }),
    close('account:a/4/e', 3),
    recordOf({ key: 'account:a/5/e', from: 4, event: opened('a') }),
  ]);
  expect(found).toEqual({ ended: { account: 3 }, lost: 0, unreadable: 0 });
  broker.compact(topic, { dropTombstones: true });
  expect(broker.records(topic, 0).map(({ key }) => key)).toEqual(['account:a/4/e', 'account:a/5/e', 'sweep']);
});

test('an event that cannot be read keeps no other stream from being erased', async () => {
  const foreign = { ...recordOf({ key: 'account:b/3/e', from: 4 }), value: Buffer.from('no json') };
  const { swept: found } = await swept([...history.slice(0, 2), foreign, recordOf({ ...closing, from: 5 })]);
  expect(found).toEqual({ ended: { account: 1 }, lost: 0, unreadable: 1 });
});
