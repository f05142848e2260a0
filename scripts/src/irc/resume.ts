import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resume } from './replay.ts';

const writeEveryMs = 500;

export type ResumeFile = Resume & {
  /** Writes what has not been written yet. */
  flush(): void;
};

/**
 * Keeps the last acknowledged line of each file in `<folder>/<server id>.json`, written now and then: lines since the last write are
 * posted again, and found by their Idempotency-Key.
 */
export const resumeFile = (folder: string): ResumeFile => {
  const servers = new Map<string, Record<string, number>>();
  const unwritten = new Set<string>();
  let writtenMs = 0;
  const pathOf = (serverId: string): string => join(folder, `${serverId}.json`);

  const linesOf = (serverId: string): Record<string, number> => {
    const known = servers.get(serverId) ?? readLines(pathOf(serverId));
    servers.set(serverId, known);
    return known;
  };
  const flush = (): void => {
    writtenMs = performance.now();
    for (const serverId of unwritten) {
      const path = pathOf(serverId);
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${path}.partial`, JSON.stringify(linesOf(serverId)));
      renameSync(`${path}.partial`, path);
    }
    unwritten.clear();
  };
  return {
    lineOf: (serverId, file) => linesOf(serverId)[file] ?? 0,
    acknowledged(serverId, { file, line }) {
      linesOf(serverId)[file] = line;
      unwritten.add(serverId);
      if (performance.now() - writtenMs >= writeEveryMs) flush();
    },
    flush,
  };
};

const readLines = (path: string): Record<string, number> => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, number>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
};
