import { expect, test } from 'vitest';
import type { SpanTree } from './find.ts';
import { treeJson, treeLines } from './show.ts';

const span = (
  name: string,
  startMs: number,
  more: Partial<SpanTree['span']> = {},
  below: readonly SpanTree[] = [],
): SpanTree => ({
  span: {
    traceId: 't',
    spanId: name,
    parentId: null,
    process: 'messages',
    instance: 'one',
    name,
    startMs,
    durationMs: 2.25,
    error: null,
    attributes: {},
    ...more,
  },
  below,
});

const place = {
  'messaging.destination.name': 'messages.events',
  'messaging.destination.partition.id': '3',
  'messaging.kafka.offset': 1042,
};
const tree = span('POST postMessage', 1_000, { process: 'gateway' }, [
  span('submit PostMessage', 1_000.5, { error: 'no\u001b[2J broker' }, [
    span('commit', 1_012.04, { attributes: place }),
  ]),
]);

test('a tree is a table: what lies below is further in, and times count from its root', () => {
  expect(treeLines(tree)).toEqual([
    'start ms  took ms   process   span                  where                   error',
    '     0.0       2.3  gateway   POST postMessage',
    '     0.5       2.3  messages    submit PostMessage                          no\\u001b[2J broker',
    '    12.0       2.3  messages      commit            messages.events:3@1042',
  ]);
});

test('or a line of JSON for each span', () => {
  expect(treeJson(tree).map((line) => JSON.parse(line))).toMatchObject([
    { name: 'POST postMessage', depth: 0, offsetMs: 0 },
    { name: 'submit PostMessage', depth: 1, offsetMs: 0.5 },
    { name: 'commit', depth: 2, attributes: place },
  ]);
});
