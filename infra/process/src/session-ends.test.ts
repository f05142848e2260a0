import { type Message, memoryBroker, type RecordSchema, staticCodec } from '@palaver/event-log';
import { endedSessions } from '@palaver/http';
import { createLogger } from '@palaver/runtime';
import { expect, onTestFinished, test, vi } from 'vitest';
import { followSessionEnds, longestTokenMs } from './session-ends.ts';

const topic = 'things.events';
const recordOf = (name: string): RecordSchema => ({
  topic,
  fullName: `test.${name}`,
  schema: { type: 'record', name, namespace: 'test', fields: [{ name: 'id', type: 'string' }] },
});
const codec = staticCodec<Message>([recordOf('Ended'), recordOf('Begun')]);
const ends = {
  topic,
  endedSession: ({ type, data }: Message) => (type === 'Ended' ? (data as { id: string }).id : null),
};
const logger = createLogger({ name: 'test', level: 'silent' });

const start = () => {
  const broker = memoryBroker({ partitions: 2 });
  const write = (partition: number, type: string, id: string, agoMs = 0) =>
    broker.write(topic, partition, [
      {
        key: `${type}:${id}/1/e`,
        value: codec.encode(topic, { type, data: { id } }),
        headers: {},
        timestampMs: Date.now() - agoMs,
      },
    ]);
  const ended = endedSessions({ keepMs: longestTokenMs });
  const follow = async (name: string) => {
    const following = await followSessionEnds({ log: broker.log(name), codec, ends, ended, logger });
    onTestFinished(() => following.close());
  };
  return { broker, write, ended, follow };
};

test('a process that starts knows what has ended while a token may still be good', async () => {
  const { write, ended, follow } = start();
  write(0, 'Ended', 'long ago', longestTokenMs + 1_000);
  write(0, 'Begun', 'begun');
  write(0, 'Ended', 'lately', 60_000);
  write(1, 'Ended', 'elsewhere', longestTokenMs - 1_000);
  await follow('a');
  expect(['long ago', 'begun', 'lately', 'elsewhere'].filter(ended.has)).toEqual(['lately', 'elsewhere']);
});

test('and what ends from then on', async () => {
  const { write, ended, follow } = start();
  await follow('a');
  write(1, 'Ended', 'now');
  await vi.waitFor(() => expect(ended.has('now')).toBe(true));
});

test('goes on behind a record that nobody can read, and behind a tombstone', async () => {
  const { broker, write, ended, follow } = start();
  await follow('a');
  const record = { key: 'x/1/e', headers: {}, timestampMs: Date.now() };
  broker.write(topic, 0, [{ ...record, value: Buffer.from('nonsense') }]);
  broker.write(topic, 0, [{ ...record, value: null }]);
  write(0, 'Ended', 'after');
  await vi.waitFor(() => expect(ended.has('after')).toBe(true));
});
