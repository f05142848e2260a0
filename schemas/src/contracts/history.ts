import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AvroRecord } from './avro.ts';
import { type Contract, schemasFolder } from './source.ts';

/**
 * Every version of a record that was ever released, one file a record, one line a version: `history/<topic>/<Record>.jsonl`. Lines are added and
 * never changed, since records of each version lie on the log. Each line carries a digest of itself and of the one before, so that an
 * edit, or a line that is gone from the middle, shows. What is gone from the end shows in a registry, which has it still.
 */

export type Released = { readonly version: number; readonly digest: string; readonly schema: AvroRecord };

/** The released versions of one record, oldest first. */
export type RecordHistory = {
  readonly topic: string;
  readonly record: string;
  readonly versions: readonly Released[];
  /** Of the line that is not what was released; null when all are. */
  readonly fault: string | null;
};

export const historyFolder: string = join(schemasFolder, 'history');

const fileOf = (folder: string, topic: string, record: string): string => join(folder, topic, `${record}.jsonl`);

const digestOf = (before: string, version: number, schema: AvroRecord): string =>
  createHash('sha256')
    .update(`${before}\n${version}\n${JSON.stringify(schema)}`)
    .digest('hex')
    .slice(0, 32);

/** The first thing that is wrong with these lines. */
const faultOf = (versions: readonly Released[]): string | null => {
  let before = '';
  for (const [index, { version, digest, schema }] of versions.entries()) {
    if (version !== index + 1) return `version ${index + 1} is missing`;
    if (digest !== digestOf(before, version, schema)) return `version ${version} was changed after its release`;
    before = digest;
  }
  return null;
};

const parse = (text: string): readonly Released[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Released);

const readFile = (path: string): Pick<RecordHistory, 'versions' | 'fault'> => {
  try {
    const versions = parse(readFileSync(path, 'utf8'));
    return { versions, fault: faultOf(versions) };
  } catch (error) {
    return { versions: [], fault: `cannot be read: ${(error as Error).message}` };
  }
};

export const readHistory = (folder = historyFolder): readonly RecordHistory[] => {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((topic) =>
      readdirSync(join(folder, topic))
        .sort()
        .map((file) => ({
          topic,
          record: file.replace(/\.jsonl$/, ''),
          ...readFile(join(folder, topic, file)),
        })),
    );
};

/** What a version says but for its docs: they may get better without a release. */
const withoutDocs = (schema: AvroRecord): string =>
  JSON.stringify(schema, (key, value: unknown) => (key === 'doc' && typeof value === 'string' ? undefined : value));

export const saysTheSame = (one: AvroRecord, other: AvroRecord): boolean => withoutDocs(one) === withoutDocs(other);

/** Appends each contract that is not what was released last, and returns those with their new versions. */
export const release = (
  contracts: readonly Contract[],
  folder = historyFolder,
): readonly { readonly contract: Contract; readonly version: number }[] => {
  const histories = new Map(readHistory(folder).map((one) => [`${one.topic}/${one.record}`, one.versions]));
  return contracts.flatMap((contract) => {
    const { topic, schema } = contract;
    const last = histories.get(`${topic}/${schema.name}`)?.at(-1);
    if (last && saysTheSame(last.schema, schema)) return [];
    const version = (last?.version ?? 0) + 1;
    const line: Released = { version, digest: digestOf(last?.digest ?? '', version, schema), schema };
    mkdirSync(join(folder, topic), { recursive: true });
    appendFileSync(fileOf(folder, topic, schema.name), `${JSON.stringify(line)}\n`);
    return [{ contract, version }];
  });
};
