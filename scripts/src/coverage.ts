import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { OpenApiDocument } from '@palaver/http';

/** Which operations of the API nobody has called with success, by the access logs: unlike counters, they outlive their processes. */

const methods = ['get', 'put', 'post', 'delete', 'patch'] as const;

export const operationIdsOf = ({ paths }: Pick<OpenApiDocument, 'paths'>): readonly string[] =>
  Object.values(paths).flatMap((path) =>
    methods.flatMap((method) => {
      const operation = path[method] as { operationId: string } | undefined;
      return operation ? [operation.operationId] : [];
    }),
  );

/** The request id of made-up requests, whose success is chance and proves nothing. */
export const FUZZED = 'fuzzed';

/** The operation of an access log's line that tells of a 2xx; null for every other line. */
export const calledBy = (line: string): string | null => {
  if (!line.includes('"msg":"request"')) return null;
  const { route, status, requestId } = JSON.parse(line) as { route: string; status: number; requestId?: string };
  return status >= 200 && status < 300 && requestId !== FUZZED ? route : null;
};

/** Operations of the gateway's document that no log in the folder shows done. */
export const neverCalled = async ({
  gatewayUrl,
  logDir,
  names,
}: {
  readonly gatewayUrl: string;
  readonly logDir: string;
  /** Of the processes that keep access logs. */
  readonly names: readonly string[];
}): Promise<readonly string[]> => {
  const response = await fetch(`${gatewayUrl}/api/openapi.json`);
  const left = new Set(operationIdsOf((await response.json()) as OpenApiDocument));
  const files = (await readdir(logDir)).filter((file) => names.includes(file.replace(/(-\d+)?\.log$/, '')));
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(join(logDir, file)) })) {
      const called = calledBy(line);
      if (called !== null) left.delete(called);
    }
  }
  return [...left];
};
