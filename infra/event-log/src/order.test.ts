import { expect, test } from 'vitest';
import { eventHeaders, eventKey, markerKey, originOf, parseEventKey, rises, TakenRecords } from './order.ts';

const at = (commandOffset: number, epoch: string, index: number) => ({ commandOffset, epoch, index });

test.each([
  ['the first record of all', at(0, 'a', 0), null, true],
  ['a later command', at(5, 'b', 0), at(4, 'a', 2), true],
  ['a later command by an epoch that had been replaced', at(5, 'a', 0), at(4, 'b', 2), true],
  ['the next record of the same command', at(4, 'a', 3), at(4, 'a', 2), true],
  ['the same record again', at(4, 'a', 2), at(4, 'a', 2), false],
  ['an earlier record of the same command', at(4, 'a', 1), at(4, 'a', 2), false],
  ['the same command by another owner', at(4, 'b', 3), at(4, 'a', 2), false],
  ['an older command', at(3, 'a', 9), at(4, 'a', 2), false],
])('%s', (_, origin, last, expected) => {
  expect(rises(origin, last)).toBe(expected);
});

const headers = (commandOffset: number, epoch: string, index: number) => ({
  headers: {
    [eventHeaders.commandOffset]: String(commandOffset),
    [eventHeaders.epoch]: epoch,
    [eventHeaders.index]: String(index),
  },
});

test('of two writers of one command the first counts, and records that no command wrote never do', () => {
  const taken = new TakenRecords(null);
  const records = [headers(1, 'a', 0), headers(1, 'b', 0), { headers: {} }, headers(1, 'a', 1), headers(0, 'a', 0)];
  expect(records.map((record) => taken.take(record))).toEqual([true, false, false, true, false]);
  expect(taken.last).toEqual(at(1, 'a', 1));
});

test('a record without any of the three has no origin', () => {
  const { [eventHeaders.index]: _, ...rest } = headers(1, 'a', 0).headers;
  expect(originOf(rest)).toBeNull();
});

test('keys tell events from markers', () => {
  expect(parseEventKey(eventKey('member:s:p', 12, 'e1'))).toEqual({ stream: 'member:s:p', version: 12 });
  expect(parseEventKey(markerKey('c1', 'e1'))).toBeNull();
  for (const foreign of ['', 's', 's/1', '/1/e', 's/x/e', 's//e', 's/1/e/more'])
    expect(parseEventKey(foreign)).toBeNull();
});
