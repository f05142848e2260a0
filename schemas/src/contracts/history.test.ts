import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { AvroRecord } from './avro.ts';
import { field, recordOf } from './changes.fixture.ts';
import { readHistory, release } from './history.ts';
import type { Contract } from './source.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'palaver-history-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

const id = field('id', 'string');
const contract = (schema: AvroRecord): Contract => ({
  service: 'auth',
  kind: 'events',
  topic: 'auth.events',
  fullName: `palaver.test.${schema.name}`,
  schema,
});
const released = (schema: AvroRecord): readonly number[] =>
  release([contract(schema)], folder).map(({ version }) => version);
const file = (): string => join(folder, 'auth.events', 'Noted.jsonl');
const versions = (): AvroRecord[] => readHistory(folder)[0]!.versions.map(({ schema }) => schema);

const first = recordOf([id]);
const second = recordOf([id, field('note', 'string', { default: '' })]);
const third = recordOf([id]);

test('a version is appended when it says something else, and only then', () => {
  expect(released(first)).toEqual([1]);
  expect(released(first)).toEqual([]);
  expect(released({ ...first, doc: 'Better said.' })).toEqual([]);
  expect(released(second)).toEqual([2]);
  expect(released(third)).toEqual([3]);
  expect(versions()).toEqual([first, second, third]);
  expect(readHistory(folder)[0]!.fault).toBeNull();
});

test('a release leaves what is there as it is', () => {
  released(first);
  const before = readFileSync(file(), 'utf8');
  released(second);
  expect(readFileSync(file(), 'utf8').startsWith(before)).toBe(true);
});

test.each([
  ['an edit', (lines: string[]) => lines.map((line) => line.replace('"note"', '"remark"')), 'version 2 was changed'],
  ['an edit of the first', (lines: string[]) => lines.map((line) => line.replace('"id"', '"key"')), 'version 1 was'],
  ['a line that is gone', ([one, , three]: string[]) => [one!, three!], 'version 2 is missing'],
  ['another order', ([one, two, three]: string[]) => [two!, one!, three!], 'version 1 is missing'],
  ['what is no JSON', ([one]: string[]) => [one!, '<<<<<<< main'], 'cannot be read'],
])('%s is told', (_, change, fault) => {
  for (const schema of [first, second, third]) released(schema);
  const lines = readFileSync(file(), 'utf8').trim().split('\n');
  writeFileSync(file(), `${change(lines).join('\n')}\n`);
  expect(readHistory(folder)[0]!.fault).toContain(fault);
});
