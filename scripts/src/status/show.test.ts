import type { PartitionLag, ProjectionStatus } from '@palaver/projector';
import { describe, expect, it } from 'vitest';
import { type ProjectionView, viewOf } from './look.ts';
import { statusJson, statusLines } from './show.ts';

const lagOf = (partition: number, lag: number, seconds: number): PartitionLag => ({
  topic: 'messages.events',
  partition,
  checkpoint: 1_000,
  end: 1_000 + lag,
  lag,
  seconds,
});
const live: ProjectionStatus = {
  projection: 'messages',
  state: 'live',
  version: { code: 6, model: 6 },
  partitions: [lagOf(0, 0, 0), lagOf(1, 250, 12)],
  parked: { streams: 0, events: 0 },
  next: null,
};
const view = (change: Partial<ProjectionStatus> = {}): ProjectionView =>
  viewOf('messages', { ...live, ...change }, { ratePerSecond: 80, maxLagSeconds: 60 });

describe('what needs a person', () => {
  it.each([
    ['nothing', {}, 'live', []],
    ['a lag below the limit', { partitions: [lagOf(0, 9_000_000, 60)] }, 'live', []],
    ['a lag above it', { partitions: [lagOf(0, 1, 61)] }, 'behind', ['it is 61 s behind; does its worker run?']],
    [
      'what is parked',
      { parked: { streams: 2, events: 5 } },
      'live',
      ['5 event(s) of 2 stream(s) are parked; see palaver parked list'],
    ],
    [
      'no model',
      { state: 'absent', version: { code: 6, model: null } },
      'absent',
      [expect.stringContaining('no model')],
    ],
    [
      'an old one',
      { state: 'outdated', version: { code: 6, model: 5 } },
      'outdated',
      [expect.stringContaining('version 5')],
    ],
    ['one that does not fit', { state: 'mismatch', reason: 'it has version 7' }, 'mismatch', ['it has version 7']],
    [
      'but none that is being rebuilt',
      { state: 'rebuilding', version: { code: 6, model: 5 }, partitions: [lagOf(0, 1, 999)] },
      'rebuilding',
      [],
    ],
  ] as const)('%s', (_name, change, state, needs) => {
    expect(view(change as Partial<ProjectionStatus>)).toMatchObject({ state, needs });
  });
});

it('is a line for each projection, and one for each partition when asked', () => {
  const away: ProjectionView = {
    name: 'auth',
    found: null,
    state: 'unreachable',
    ratePerSecond: null,
    needs: ['it is away'],
  };
  expect(statusLines([view(), away], { partitions: true })).toEqual([
    'projection  state        version  partitions  checkpoint    end  lag  seconds  rate/s  parked',
    'messages    live         6                 2       2,000  2,250  250       12      80       0',
    'auth        unreachable  –                 –           –      –    –        –       –       –',
    '',
    'projection  partition          checkpoint    end  lag  seconds',
    'messages    messages.events:0       1,000  1,000    0        0',
    'messages    messages.events:1       1,000  1,250  250       12',
    'auth: it is away',
  ]);
});

it('shows versions that differ, and how far a rebuild is', () => {
  const next = { events: 45, total: 100 };
  const line = (change: Partial<ProjectionStatus>) => statusLines([view(change)], { partitions: false })[1];
  expect(line({ state: 'rebuilding', version: { code: 6, model: 5 }, next })).toContain('rebuilding 45 %  5 of 6');
  expect(line({ next })).toContain('live, a rebuild stopped at 45 %');
});

it('gives as JSON also the positions that a verification takes', () => {
  expect(JSON.parse(statusJson([view()])).projections).toMatchObject([
    {
      projection: 'messages',
      state: 'live',
      needs: [],
      checkpoint: 2_000,
      end: 2_250,
      lag: { events: 250, seconds: 12 },
      ratePerSecond: 80,
      positions: 'messages:0@1000,messages:1@1000',
    },
  ]);
});
