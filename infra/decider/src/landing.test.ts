import type { LogRecord, NewRecord } from '@palaver/event-log';
import { describe, expect, test } from 'vitest';
import { judgeLanding } from './landing.ts';

const recordOf = (from: number, epoch: string, index = 0, text = `decision ${from}`): NewRecord => ({
  key: `account:a/${from}${index}/${epoch}`,
  value: Buffer.from(text),
  headers: { command: `c${from}`, 'command-offset': String(from), index: String(index), epoch },
  timestampMs: 0,
});
const onLog = (records: readonly NewRecord[]): LogRecord[] =>
  records.map((record, offset) => ({ ...record, topic: 't', partition: 0, offset }));
const taken = { commandOffset: 4, epoch: 'former', index: 0 };

describe('an append that landed behind', () => {
  test('nothing counts itself', () => {
    const own = [recordOf(5, 'mine'), recordOf(6, 'mine')];
    expect(judgeLanding([], own, taken)).toEqual({
      kind: 'agreed',
      taken: { commandOffset: 6, epoch: 'mine', index: 0 },
      lost: [],
    });
  });

  test("the sweep's tombstones counts itself", () => {
    const gap = onLog([{ key: 'account:a/1/former', value: null, headers: {}, timestampMs: 0 }]);
    expect(judgeLanding(gap, [recordOf(5, 'mine')], taken)).toMatchObject({ kind: 'agreed', lost: [] });
  });

  test('the same decisions agrees; its own copies of them are lost', () => {
    const own = [recordOf(5, 'mine'), recordOf(6, 'mine')];
    expect(judgeLanding(onLog([recordOf(5, 'late')]), own, taken)).toEqual({
      kind: 'agreed',
      taken: { commandOffset: 6, epoch: 'mine', index: 0 },
      lost: [own[0]!.key],
    });
  });

  test('records that no reader takes agrees, and finds them lost', () => {
    const late = recordOf(3, 'late');
    expect(judgeLanding(onLog([late]), [recordOf(5, 'mine')], taken)).toMatchObject({
      kind: 'agreed',
      lost: [late.key],
    });
  });
});

describe('an append conflicts with', () => {
  const own = [recordOf(5, 'mine', 0), recordOf(5, 'mine', 1)];
  const cases: [string, NewRecord[]][] = [
    ['another decision of its command', [recordOf(5, 'late', 0, 'something else')]],
    ['a part of its decision', [recordOf(5, 'late', 0)]],
    ['more than its decision', [recordOf(5, 'late', 0), recordOf(5, 'late', 1), recordOf(5, 'late', 2)]],
    ['a command that it has not decided', [recordOf(6, 'late')]],
    ['the same decision behind one that it has not made', [recordOf(6, 'late'), recordOf(5, 'late')]],
  ];
  test.each(cases)('%s', (_name, gap) => {
    expect(judgeLanding(onLog(gap), own, taken)).toMatchObject({ kind: 'conflict' });
  });

  test('a later one of its own commands, which leaves the earlier ones behind', () => {
    const two = [recordOf(5, 'mine'), recordOf(6, 'mine')];
    expect(judgeLanding(onLog([recordOf(6, 'late')]), two, taken)).toMatchObject({ kind: 'conflict', about: two[0] });
  });

  test('another answer to the same events', () => {
    const [first, second] = own as [NewRecord, NewRecord];
    const answering = { ...second, headers: { ...second.headers, outcome: '{}' } };
    const gap = onLog([recordOf(5, 'late', 0), recordOf(5, 'late', 1)]);
    expect(judgeLanding(gap, [first, answering], taken)).toMatchObject({ kind: 'conflict' });
  });
});
