import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SpanLine } from '@palaver/runtime';
import { expect, onTestFinished, test } from 'vitest';
import { readSpans, type SpanTree, treesOf } from './find.ts';

const span = (spanId: string, parentId: string | null, startMs: number, requestId?: string): SpanLine => ({
  traceId: 't1',
  spanId,
  parentId,
  process: 'messages',
  instance: 'one',
  name: spanId,
  startMs,
  durationMs: 1,
  error: null,
  attributes: requestId === undefined ? {} : { 'palaver.request_id': requestId },
});

const names = ({ span: { name }, below }: SpanTree): object => ({ [name]: below.map(names) });

test('a tree begins where the request is named first, and holds what lies below by its starts', () => {
  const spans = [
    span('late', 'service', 30),
    span('service', 'forward', 12, 'r'),
    span('early', 'service', 20),
    span('gateway', 'of a client', 10, 'r'),
    span('forward', 'gateway', 11),
    span('other request', 'of a client', 9, 'q'),
  ];
  expect(treesOf(spans, 'r').map(names)).toEqual([
    { gateway: [{ forward: [{ service: [{ early: [] }, { late: [] }] }] }] },
  ]);
});

test('a request that was sent again has a tree for each time', () => {
  expect(treesOf([span('second', null, 2, 'r'), span('first', null, 1, 'r')], 'r').map(names)).toEqual([
    { first: [] },
    { second: [] },
  ]);
});

test('spans are found in all files, also one whose last line is half written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'palaver-traces-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lines = (...spans: SpanLine[]) => spans.map((one) => `${JSON.stringify(one)}\n`).join('');
  const elsewhere = { ...span('elsewhere', null, 0, 'q'), traceId: 't2' };
  writeFileSync(join(folder, 'gateway.jsonl'), lines(elsewhere, span('gateway', null, 1, 'r')));
  writeFileSync(join(folder, 'messages.jsonl.1'), lines(span('service', 'gateway', 2)));
  writeFileSync(join(folder, 'messages.jsonl'), `${lines(span('below', 'service', 3))}{"traceId":"t1","na`);
  expect((await readSpans(folder, 'r')).map(({ name }) => name).sort()).toEqual(['below', 'gateway', 'service']);
  expect(await readSpans(folder, 'nobody')).toEqual([]);
  expect(await readSpans(join(folder, 'nowhere'), 'r')).toEqual([]);
});
