import type { SpanLine } from '@palaver/runtime';
import { harmless, table } from '../table.ts';
import type { SpanTree } from './find.ts';

type Row = { readonly span: SpanLine; readonly depth: number; readonly offsetMs: number };

/** A tree's spans from its root on, each before what happened because of it; offsets count from the root's start. */
const rowsOf = (root: SpanTree): readonly Row[] => {
  const walk = ({ span, below }: SpanTree, depth: number): readonly Row[] => [
    { span, depth, offsetMs: span.startMs - root.span.startMs },
    ...below.flatMap((one) => walk(one, depth + 1)),
  ];
  return walk(root, 0);
};

export const treeLines = (root: SpanTree): readonly string[] =>
  table(
    ['start ms', 'took ms', 'process', 'span', 'where', 'error'],
    rowsOf(root).map(({ span, depth, offsetMs }) => [
      milliseconds(offsetMs),
      milliseconds(span.durationMs),
      span.process,
      harmless('  '.repeat(depth) + span.name),
      placeOf(span),
      harmless(span.error ?? ''),
    ]),
  );

/** A line of JSON for each span. */
export const treeJson = (root: SpanTree): readonly string[] =>
  rowsOf(root).map(({ span, depth, offsetMs }) => JSON.stringify({ ...span, depth, offsetMs }));

const milliseconds = (ms: number): string => ms.toFixed(1).padStart(8);

/** Where on the log it read or wrote: `messages.events:3@1042`. */
const placeOf = ({ attributes }: SpanLine): string => {
  const {
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': partition,
    'messaging.kafka.offset': offset,
  } = attributes;
  return topic === undefined ? '' : `${topic}:${partition}${offset === undefined ? '' : `@${offset}`}`;
};
