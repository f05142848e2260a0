import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { REQUEST_ID, type SpanLine } from '@palaver/runtime';

/** A span, and what happened because of it, by their starts. */
export type SpanTree = { readonly span: SpanLine; readonly below: readonly SpanTree[] };

/** The spans of the traces that a request is in, from all files of a folder. None where there is no such folder. */
export const readSpans = async (folder: string, requestId: string): Promise<readonly SpanLine[]> => {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const paths = files.map((file) => join(folder, file));
  const traceIds = new Set<string>();
  // A look at the text first: reading the JSON of all lines would take ten times as long.
  await eachSpan(paths, [requestId], (span) => {
    if (span.attributes[REQUEST_ID] === requestId) traceIds.add(span.traceId);
  });
  const spans: SpanLine[] = [];
  await eachSpan(paths, [...traceIds], (span) => {
    if (traceIds.has(span.traceId)) spans.push(span);
  });
  return spans;
};

/** Each span whose line holds one of these texts. What a killed process has left half written is passed over. */
const eachSpan = async (
  paths: readonly string[],
  texts: readonly string[],
  take: (span: SpanLine) => void,
): Promise<void> => {
  for (const path of paths) {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const span = texts.some((text) => line.includes(text)) ? parse(line) : null;
      if (span) take(span);
    }
  }
};

const parse = (line: string): SpanLine | null => {
  try {
    return JSON.parse(line) as SpanLine;
  } catch {
    return null;
  }
};

/**
 * The trees of a request, one each time that it was sent: the spans that name it and lie below no other that does. The rest of the trace, which may
 * be a client's own and hold many requests, is left out.
 */
export const treesOf = (spans: readonly SpanLine[], requestId: string): readonly SpanTree[] => {
  const inOrder = spans.toSorted((a, b) => a.startMs - b.startMs);
  const below = Map.groupBy(inOrder, ({ parentId }) => parentId);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const names = (span: SpanLine): boolean => span.attributes[REQUEST_ID] === requestId;
  const hasNamedAbove = ({ parentId }: SpanLine): boolean => {
    const parent = parentId === null ? undefined : byId.get(parentId);
    return parent !== undefined && (names(parent) || hasNamedAbove(parent));
  };
  const treeOf = (span: SpanLine): SpanTree => ({ span, below: (below.get(span.spanId) ?? []).map(treeOf) });
  return inOrder.filter((span) => names(span) && !hasNamedAbove(span)).map(treeOf);
};
