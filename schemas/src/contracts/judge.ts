import { type AvroRecord, fullNameOf } from './avro.ts';
import { type Break, breaksOf, goneFields, type Hit } from './comparison.ts';
import { type RecordHistory, saysTheSame } from './history.ts';
import type { Contract, Kind } from './source.ts';

/**
 * Judges the schemas as they are against every version that there was. Events are read for ever by old and new programs alike
 * (FULL_TRANSITIVE); commands are read by a program that is at least as new as their writer's (BACKWARD_TRANSITIVE).
 */

export type Compatibility = 'FULL_TRANSITIVE' | 'BACKWARD_TRANSITIVE';

export const compatibilityOf: Readonly<Record<Kind, Compatibility>> = {
  events: 'FULL_TRANSITIVE',
  commands: 'BACKWARD_TRANSITIVE',
};

/** Who counts under a compatibility. */
const mattering: Readonly<Record<Kind, readonly Hit[]>> = {
  events: ['new readers', 'old readers'],
  commands: ['new readers'],
};

/** A break, and the versions of the record that it is one from. */
export type Finding = Break & {
  readonly topic: string;
  readonly record: string;
  readonly versions: readonly number[];
};

/** A record that says something that was not released yet. */
export type Unreleased = { readonly topic: string; readonly record: string; readonly version: number };

export type Judgement = {
  readonly breaks: readonly Finding[];
  readonly unreleased: readonly Unreleased[];
  /** What is wrong with the history itself. */
  readonly edited: readonly string[];
};

/** A version of a record that somebody may have written: released, or held by a registry. */
export type Version = { readonly version: number; readonly schema: AvroRecord };
export type Versions = { readonly topic: string; readonly record: string; readonly versions: readonly Version[] };

export const kindOfTopic = (topic: string): Kind => (topic.endsWith('.commands') ? 'commands' : 'events');

export const judge = (contracts: readonly Contract[], history: readonly RecordHistory[]): Judgement => ({
  breaks: history.flatMap((one) => findingsOf(one, contracts, history)),
  unreleased: unreleasedOf(contracts, history),
  edited: history.flatMap(({ topic, record, fault }) =>
    fault === null ? [] : [`history/${topic}/${record}.jsonl: ${fault}`],
  ),
});

/** What the schemas as they are break of these versions of one record. `others`: what is known of all records. */
export const findingsOf = (
  { topic, record, versions }: Versions,
  contracts: readonly Contract[],
  others: readonly Versions[],
): readonly Finding[] => {
  const last = versions.at(-1);
  if (!last) return [];
  const kind = kindOfTopic(topic);
  const ofTopic = contracts.filter((contract) => contract.topic === topic);
  const current = ofTopic.find(({ schema }) => schema.name === record) ?? heirOf(last.schema, ofTopic, others);
  const judged = (before: AvroRecord): readonly Break[] =>
    current ? breaksOf(before, current.schema) : removed(last.schema, kind);
  const found = versions.flatMap(({ version, schema }) =>
    judged(schema).map((one): FoundIn => ({ ...one, versions: [version] })),
  );
  if (kind === 'commands' && current)
    found.push(...droppedFields(last.schema, current.schema).map((one) => ({ ...one, versions: [last.version] })));
  return merged(found.flatMap((one) => matteringTo(one, kind))).map((one) => ({ topic, record, ...one }));
};

/** What seems to stand in the place of a record that is gone: it says so by an alias, or it is new and holds the same fields. */
const heirOf = (gone: AvroRecord, ofTopic: readonly Contract[], known: readonly Versions[]): Contract | undefined => {
  const isNew = ({ topic, schema }: Contract): boolean =>
    !known.some((one) => one.topic === topic && one.record === schema.name);
  return (
    ofTopic.find(({ schema }) => schema.aliases?.some((alias) => [gone.name, fullNameOf(gone)].includes(alias))) ??
    ofTopic.find((one) => isNew(one) && saysTheSame({ ...one.schema, name: gone.name }, gone))
  );
};

/** Readers may pass over a field, by Avro's rules; whoever gave a command before it went would not get what they asked for. */
const droppedFields = (last: AvroRecord, current: AvroRecord): readonly Break[] =>
  goneFields(last, current)
    .filter(({ deprecated }) => deprecated === undefined)
    .map(({ name }) => ({
      kind: 'field removed',
      path: name,
      hits: ['new readers'],
      unreadable: false,
      what: 'commands that were given before hold it, and it would be passed over',
      instead: 'mark it "deprecated", release that, and remove it when what gave it was replaced for a day',
    }));

/** Commands are gone from the log after a day; events never are. */
const removed = (last: AvroRecord, kind: Kind): readonly Break[] => {
  if (kind === 'commands' && last.deprecated !== undefined) return [];
  const instead =
    kind === 'events'
      ? 'keep it, since such records lie on the log for ever; mark it "deprecated" when nobody writes it any more'
      : 'mark it "deprecated", release that, and remove it when what gave it was replaced for a day';
  return [
    {
      kind: 'record removed',
      path: '',
      hits: ['new readers'],
      unreadable: false,
      what: 'records of it are on the log, and no program knows them any more',
      instead,
    },
  ];
};

type FoundIn = Break & { readonly versions: readonly number[] };

const matteringTo = (found: FoundIn, kind: Kind): FoundIn[] => {
  const hits = found.hits.filter((hit) => mattering[kind].includes(hit));
  return hits.length === 0 ? [] : [{ ...found, hits }];
};

/** What is found of several versions, and is the same, is told once. */
export const merged = <Found extends { readonly versions: readonly number[] }>(
  found: readonly Found[],
): readonly Found[] => {
  const byText = new Map<string, Found>();
  for (const one of found) {
    const text = JSON.stringify({ ...one, versions: [] });
    const known = byText.get(text);
    byText.set(text, known ? { ...known, versions: [...known.versions, ...one.versions] } : one);
  }
  return [...byText.values()];
};

const unreleasedOf = (contracts: readonly Contract[], history: readonly RecordHistory[]): readonly Unreleased[] =>
  contracts.flatMap(({ topic, schema }) => {
    const last = history.find((one) => one.topic === topic && one.record === schema.name)?.versions.at(-1);
    if (last && saysTheSame(last.schema, schema)) return [];
    return [{ topic, record: schema.name, version: (last?.version ?? 0) + 1 }];
  });
