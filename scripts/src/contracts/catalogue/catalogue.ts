import type { AnyDecider } from '@palaver/decider';
import { type Topic, topics } from '@palaver/schemas';
import { type AvroRecord, type Contract, type RecordHistory, saysTheSame } from '@palaver/schemas/contracts';
import { deciders } from '../../deciders.ts';
import type { ProcessName } from '../../house/processes.ts';
import { consumers, managers, meta } from '../consumers.ts';
import { knownRecords, type Read, readsOf } from '../exploration.ts';
import { recording } from '../recording.ts';
import { samplesOf } from '../samples.ts';

/** All that is said on the log, with who says it and who reads it: what the catalogue's pages and the AsyncAPI document are made of. */

/** Somebody, and the processes that run it. */
export type Party = { readonly name: string; readonly processes: readonly ProcessName[] };
export type Reader = Party & { readonly fields: readonly string[] };

/** What a released version said otherwise than the one before it. `version`: null for what is not released yet. */
export type Edition = {
  readonly version: number | null;
  readonly added: readonly string[];
  readonly removed: readonly string[];
};

export type Entry = {
  readonly contract: Contract;
  /** The form of the record's key. */
  readonly key: string;
  /** Whose partition it lies in. */
  readonly root: string;
  readonly producers: readonly Party[];
  readonly readers: readonly Reader[];
  readonly editions: readonly Edition[];
};

export type TopicEntries = { readonly topic: Topic; readonly entries: readonly Entry[] };

/** Replies have no schema, and so no entries. */
export const catalogueOf = (
  contracts: readonly Contract[],
  history: readonly RecordHistory[],
): readonly TopicEntries[] => {
  const reads = readsOf(consumers, knownRecords(contracts, history));
  return topics.map((topic) => ({
    topic,
    entries: contracts
      .filter((contract) => contract.topic === topic.name)
      .map((contract) => ({
        contract,
        ...placeOf(contract, contracts),
        producers: producersOf(contract, contracts),
        readers: readersOf(contract, reads),
        editions: editionsOf(contract, history),
      })),
  }));
};

// Who says it.

/** Commands that are given by another process than their service's. */
const givers: Readonly<Record<string, Party>> = {
  AddThumbnail: { name: 'jobs of thumbnails', processes: ['files-jobs'] },
};

const producersOf = (contract: Contract, contracts: readonly Contract[]): readonly Party[] => {
  const { service, kind, schema } = contract;
  if (kind === 'events') return [{ name: `decider ${service}`, processes: [service] }];
  const causing = managers.filter((one) => one.service === service && causes(one, contracts).includes(schema.name));
  return [
    givers[schema.name] ?? { name: `service ${service}`, processes: [service] },
    ...causing.map(({ manager, process }) => ({ name: `process manager ${manager.name}`, processes: [process] })),
  ];
};

/** The types of the commands that follow from some event. */
const causes = ({ service, manager }: (typeof managers)[number], contracts: readonly Contract[]): readonly string[] =>
  Object.entries(manager.commands ?? {}).flatMap(([type, follow]) => {
    const event = contracts.find((one) => one.topic === `${service}.events` && one.schema.name === type);
    const given = event ? samplesOf(event.schema).flatMap((data) => follow?.(data, meta) ?? []) : [];
    return given.map((command) => command.type);
  });

// Who reads it.

const readersOf = ({ topic, schema }: Contract, reads: readonly Read[]): readonly Reader[] =>
  reads
    .filter((one) => one.topic === topic && one.record === schema.name)
    .map(({ consumer: { name, processes }, fields }) => ({ name, processes, fields }));

// Where it lies.

const placeOf = (contract: Contract, contracts: readonly Contract[]): Pick<Entry, 'key' | 'root'> => {
  const decider = deciders[`${contract.service}.events`]!;
  if (contract.kind === 'commands') return { key: '<command id>', root: rootOf(contract.schema, decider) };
  const stream = streamOf(contract.schema, decider, contracts);
  return { key: `${stream}/<version>/<owner epoch>`, root: stream.split(':')[1] ?? '' };
};

/** The field that a command's partition follows from. */
const rootOf = (command: AvroRecord, { rules }: AnyDecider): string => {
  const read: string[] = [];
  rules[command.name]?.root(recording(samplesOf(command)[0]!, (field) => read.push(field)));
  return read.map((field) => `<${field}>`).join(', ');
};

/** The form of the stream that an event lies in: of the kind that folds it without being touched by it, with ids as commands name them. */
const streamOf = (event: AvroRecord, decider: AnyDecider, contracts: readonly Contract[]): string => {
  const touched = samplesOf(event).flatMap((data) => decider.touches?.({ type: event.name, data }) ?? []);
  const others = new Set(touched.map(({ kind }) => kind.kind));
  const own = decider.kinds.find(({ kind, evolve }) => event.name in evolve && !others.has(kind))!;
  const forms = contracts
    .filter((one) => one.topic === `${decider.name}.commands`)
    .flatMap(({ schema }) => streamForms(schema, decider))
    .filter((form) => form.startsWith(`${own.kind}:`));
  const isOf = (form: string): boolean =>
    [...form.matchAll(/<([^>]+)>/g)].every(([, name]) => event.fields.some((field) => field.name === name));
  return forms.find(isOf) ?? forms[0] ?? `${own.kind}:<id>`;
};

/** The streams that a command's decision reads, with the names of its fields in the place of their values. */
const streamForms = (command: AvroRecord, { rules }: AnyDecider): readonly string[] =>
  samplesOf(command).flatMap((sample) => {
    const names = new Map(Object.entries(sample).flatMap(([name, value]) => namesOf(name, value)));
    const refs = Object.values(rules[command.name]?.reads(sample) ?? {});
    const parts = refs.map(({ stream }) => stream.split(':')).filter((ids) => !ids.includes(''));
    return parts.map(([kind, ...ids]) => [kind, ...ids.map((id) => `<${names.get(id) ?? 'id'}>`)].join(':'));
  });

const namesOf = (name: string, value: unknown): readonly (readonly [unknown, string])[] =>
  Array.isArray(value) ? value.map((item) => [item, `${name}[]`]) : [[value, name]];

// What it was.

const editionsOf = ({ topic, schema }: Contract, history: readonly RecordHistory[]): readonly Edition[] => {
  const released = history.find((one) => one.topic === topic && one.record === schema.name)?.versions ?? [];
  const last = released.at(-1)?.schema;
  const all: readonly { readonly version: number | null; readonly schema: AvroRecord }[] =
    last && saysTheSame(last, schema) ? released : [...released, { version: null, schema }];
  return all.map(({ version, schema: { fields } }, index) => {
    const before = all[index - 1]?.schema.fields ?? fields;
    return { version, added: namesOnlyIn(fields, before), removed: namesOnlyIn(before, fields) };
  });
};

type Named = readonly { readonly name: string }[];

const namesOnlyIn = (some: Named, others: Named): readonly string[] =>
  some.map(({ name }) => name).filter((name) => !others.some((other) => other.name === name));
