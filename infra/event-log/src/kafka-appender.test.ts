import { expect, test } from 'vitest';
import { baseOffsets, nextRequest, type PendingAppend } from './kafka-appender.ts';

const append = (topic: string, partition: number, bytes: number, records = 1): PendingAppend => ({
  topic,
  partition,
  bytes,
  records: Array.from({ length: records }, () => ({ key: 'k', value: null, headers: {}, timestampMs: 0 })),
  resolve: () => undefined,
  reject: () => undefined,
});

test('all that waits goes into one request, over all partitions', () => {
  const queue = [append('a', 0, 100), append('b', 0, 100), append('a', 1, 100), append('a', 0, 100)];
  expect(nextRequest(queue)).toEqual({ now: queue, later: [] });
});

test('a full partition waits, with all that comes behind for it, and others do not', () => {
  const [first, tooMuch, small, other] = [
    append('a', 0, 600_000),
    append('a', 0, 600_000),
    append('a', 0, 10),
    append('a', 1, 600_000),
  ];
  expect(nextRequest([first, tooMuch, small, other])).toEqual({ now: [first, other], later: [tooMuch, small] });
});

test('one append above the limit of a run goes alone, whole', () => {
  const [large, next] = [append('a', 0, 3_000_000), append('a', 0, 10)];
  expect(nextRequest([large, next])).toEqual({ now: [large], later: [next] });
});

test('a request has a limit over all partitions', () => {
  const queue = Array.from({ length: 12 }, (_, partition) => append('a', partition, 800_000));
  const { now, later } = nextRequest(queue);
  expect([now.length, later.length]).toEqual([10, 2]);
});

test('appends that share a run get the offsets that follow each other', () => {
  const appends = [append('a', 0, 1, 2), append('a', 1, 1, 1), append('a', 0, 1, 3), append('a', 0, 1, 1)];
  const written = new Map([
    ['a:0', 10],
    ['a:1', 7],
  ]);
  expect(baseOffsets(appends, written)).toEqual([10, 7, 12, 15]);
});
