import type { PartitionLag } from '@palaver/projector';
import { expect, test } from 'vitest';
import { lagCheck } from './lag.ts';

const nowMs = Date.UTC(2026, 0, 1);
const lagOf = (partition: number, lag: number, seconds: number) => ({
  topic: 'rooms.events',
  partition,
  checkpoint: 10,
  end: 10 + lag,
  lag,
  seconds,
});
const check = (lags: readonly PartitionLag[], ageMs = 0) =>
  lagCheck({ lags, atMs: nowMs - ageMs }, { maxSeconds: 60, nowMs });

test('the partition that waits longest speaks for all', () => {
  const detail = 'rooms.events:1: 3 events, 60 s';
  expect(check([lagOf(0, 900, 0), lagOf(1, 3, 60)])).toEqual({ name: 'lag', ok: true, detail });
  expect(check([lagOf(0, 900, 0), lagOf(1, 3, 61)])).toMatchObject({ ok: false });
  expect(check([lagOf(0, 900, 0), lagOf(1, 3, 0)])).toMatchObject({ detail: 'rooms.events:0: 900 events, 0 s' });
});

test('a model that has folded everything has none', () => {
  expect(check([lagOf(0, 0, 0)])).toEqual({ name: 'lag', ok: true, detail: 'none' });
});

test('what was not seen, or too long ago, is not known', () => {
  expect(lagCheck(null, { maxSeconds: 60, nowMs })).toEqual({ name: 'lag', ok: false, detail: 'not known' });
  expect(check([lagOf(0, 0, 0)], 30_001)).toMatchObject({ ok: false, detail: 'not known' });
});
