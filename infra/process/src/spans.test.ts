import type { CommandClient, DecidedBatch } from '@palaver/decider';
import { type LogRecord, memoryBroker, type NewRecord } from '@palaver/event-log';
import { recordedTraces } from '@palaver/runtime/testing';
import { expect, test } from 'vitest';
import { traceAppends, traceCommands, traceCommits, traceDecisions } from './spans.ts';

const traceparent = (digit: string, flags: '00' | '01' = '01'): string =>
  `00-${digit.repeat(32)}-${digit.repeat(16)}-${flags}`;
const unsampled = traceparent('e', '00');

const newRecord = (parent?: string, value: Uint8Array | null = new Uint8Array(1)): NewRecord => ({
  key: 'k',
  value,
  headers: parent === undefined ? {} : { traceparent: parent },
  timestampMs: 0,
});
const record = (offset: number, parent?: string, value?: Uint8Array | null): LogRecord => ({
  ...newRecord(parent, value),
  topic: 'rooms.events',
  partition: 3,
  offset,
});

test('an append has a span for each recorded trace in it, with the offset of its first record', async () => {
  const { traces, spans } = await recordedTraces('rooms');
  const appender = traceAppends(memoryBroker({ partitions: 4 }).log('test'), traces).appender();
  await appender.append('rooms.events', 3, [newRecord(), newRecord(unsampled)]);
  await appender.append(
    'rooms.events',
    3,
    [traceparent('a'), traceparent('a'), undefined, traceparent('b')].map((one) => newRecord(one)),
  );
  await expect(appender.append('rooms.events', 9, [newRecord(traceparent('c'))])).rejects.toThrow();
  const found = await spans();
  expect(
    found.map(({ traceId, attributes, error }) => [traceId[0], attributes['messaging.kafka.offset'], error === null]),
  ).toEqual([
    ['a', 2, true],
    ['b', 5, true],
    ['c', undefined, false],
  ]);
  expect(found[0]).toMatchObject({
    name: 'append to rooms.events',
    parentId: 'a'.repeat(16),
    attributes: { 'messaging.destination.name': 'rooms.events', 'messaging.destination.partition.id': '3' },
  });
});

test('a command has a span until its reply, and goes on its way with it; one that nobody records is left as it is', async () => {
  const { traces, spans } = await recordedTraces('rooms');
  const given: unknown[] = [];
  const submit: CommandClient['submit'] = async ({ traceparent }) => {
    given.push(traceparent);
    throw new Error('late');
  };
  const commands = traceCommands({ submit, close: async () => undefined }, traces);
  const command = { id: 'c', type: 'Open', data: {}, actor: 'ann', timeMs: 0, fingerprint: 'f' };
  for (const parent of [traceparent('a'), unsampled, undefined]) {
    await expect(commands.submit({ ...command, traceparent: parent }, { timeoutMs: 1 })).rejects.toThrow('late');
  }
  const [span, ...others] = await spans();
  expect(others).toEqual([]);
  expect(span).toMatchObject({ name: 'submit Open', parentId: 'a'.repeat(16), error: 'Error: late' });
  expect(given).toEqual([`00-${span!.traceId}-${span!.spanId}-01`, unsampled, undefined]);
});

const decided = (parent: string | undefined, more: Partial<DecidedBatch['decided'][number]> = {}) => ({
  command: { ...record(7, parent), topic: 'rooms.commands' },
  type: 'Open',
  seen: 'accepted' as const,
  outcome: { kind: 'accepted', result: null } as const,
  position: { partition: 3, offset: 42 },
  ...more,
});

test('decisions and commits have a span for each recorded command of a batch, from when the batch was begun', async () => {
  const { traces, spans } = await recordedTraces('rooms');
  const refused = {
    type: null,
    seen: 'refused',
    outcome: { kind: 'refused', code: 'room_closed', detail: '' },
  } as const;
  const answers = [
    decided(undefined),
    decided(unsampled),
    decided(traceparent('a')),
    decided(traceparent('b'), refused),
  ];
  traceDecisions(traces, { decided: answers, durationMs: 12 });
  const records = [
    record(40, traceparent('a')),
    record(41, traceparent('a')),
    record(42, unsampled),
    record(43, traceparent('b'), null),
  ];
  traceCommits(traces, { topic: 'rooms.events', partition: 3, records, nextOffset: 44, events: 3, durationMs: 5 });
  const found = await spans();
  expect(found.map(({ name, traceId, attributes }) => [name, traceId[0], attributes['palaver.position']])).toEqual([
    ['decide Open', 'a', 'rooms:3@42'],
    ['decide unknown', 'b', 'rooms:3@42'],
    ['commit rooms.events', 'a', 'rooms:3@42'],
  ]);
  expect(found.map(({ attributes }) => attributes['palaver.outcome'])).toEqual(['accepted', 'room_closed', undefined]);
  expect(found[2]!.attributes).toMatchObject({ 'palaver.events': 2, 'palaver.batch_records': 4 });
  for (const [index, tookMs] of [12, 12, 5].entries()) {
    expect(found[index]!.durationMs).toBeGreaterThanOrEqual(tookMs);
    expect(found[index]!.durationMs).toBeLessThan(tookMs + 10);
  }
});

test('one batch has no more spans than can be handed on', async () => {
  const { traces, spans } = await recordedTraces('rooms');
  const parents = Array.from(
    { length: 1_000 },
    (_, index) => `00-${String(index + 1).padStart(32, '0')}-${'a'.repeat(16)}-01`,
  );
  const records = parents.map((parent, index) => record(index, parent));
  traceCommits(traces, {
    topic: 'rooms.events',
    partition: 3,
    records,
    nextOffset: 1_000,
    events: 1_000,
    durationMs: 1,
  });
  traceDecisions(traces, { decided: parents.map((parent) => decided(parent)), durationMs: 1 });
  expect(await spans()).toHaveLength(2 * 256);
});
