import {
  type Contract,
  type Finding,
  findingsOf,
  judge,
  type RecordHistory,
  saysTheSame,
  type Unreleased,
  type Versions,
} from '@palaver/schemas/contracts';
import { formatCount } from '../progress.ts';
import type { Consumer } from './consumers.ts';
import { knownRecords, type Read, readsOf } from './exploration.ts';
import { type Need, needsOf } from './needs.ts';

/** The whole judgement of the schemas: what changes break, for whom, and what anybody needs and does not get. */

/** With the names of the consumers that read what is about to change. */
export type NamedFinding = Finding & { readonly readBy: readonly string[] };

export type Check = {
  readonly breaks: readonly NamedFinding[];
  readonly needs: readonly Need[];
  readonly faults: readonly string[];
  /** What is wrong with the history itself. */
  readonly edited: readonly string[];
  readonly unreleased: readonly Unreleased[];
  /** What breaks of what the registry holds. */
  readonly registry: readonly NamedFinding[];
};

export type Checked = {
  readonly contracts: readonly Contract[];
  readonly history: readonly RecordHistory[];
  readonly consumers: readonly Consumer[];
  /** What is wrong with the files as they are written. */
  readonly faults: readonly string[];
  /** What a registry holds, where one is asked. */
  readonly held?: readonly Versions[];
};

export const checkContracts = ({ contracts, history, consumers, faults, held = [] }: Checked): Check => {
  const { breaks, edited, unreleased } = judge(contracts, history);
  const records = knownRecords(contracts, history);
  const reads = readsOf(consumers, records);
  const named = (finding: Finding): NamedFinding => ({ ...finding, readBy: readersOf(finding, reads) });
  return {
    breaks: breaks.map(named),
    needs: needsOf({ consumers, contracts, records, reads }, history),
    faults,
    edited: [...edited, ...held.flatMap((one) => neverReleased(one, history))],
    unreleased,
    registry: held.flatMap((one) => findingsOf(one, contracts, held)).map(named),
  };
};

export const isBroken = ({ breaks, needs, faults, edited, registry }: Check): boolean =>
  [breaks, needs, faults, edited, registry].some((some) => some.length > 0);

/** By the old name and by the new one: whose code has followed the change already needs what older records do not hold. */
const readersOf = ({ topic, record, path, successor }: Finding, reads: readonly Read[]): readonly string[] => {
  const field = path.replaceAll('[]', '');
  const names = [field === '' ? record : field, successor];
  const concerned = reads.filter((one) => {
    if (one.topic !== topic) return false;
    if (field === '') return names.includes(one.record);
    return one.record === record && one.fields.some((name) => names.includes(name));
  });
  return [...new Set(concerned.map(({ consumer }) => consumer.name))];
};

/** Lines that were cut from the end of a file leave no gap; who registered them knows them still. */
const neverReleased = ({ topic, record, versions }: Versions, history: readonly RecordHistory[]): readonly string[] => {
  const released = history.find((one) => one.topic === topic && one.record === record)?.versions ?? [];
  return versions
    .filter(({ schema }) => !released.some((one) => saysTheSame(one.schema, schema)))
    .map(
      ({ version }) =>
        `history/${topic}/${record}.jsonl: it does not hold what the registry has as version ${version}; its line was cut, or it was registered before its release`,
    );
};

export const linesOf = (check: Check, count: number): readonly string[] => {
  const problems = [
    ...check.faults,
    ...check.edited,
    ...check.breaks.flatMap((one) => findingLines(one, 'released')),
    ...check.needs.map(needLine),
    ...check.registry.flatMap((one) => findingLines(one, 'registered')),
  ];
  const unreleased = check.unreleased.map(
    ({ topic, record, version }) =>
      `${topic} ${record}: version ${version} is not released yet (palaver schemas release)`,
  );
  if (problems.length > 0) return [...problems, ...unreleased];
  return [...unreleased, `${formatCount(count)} schemas break nobody`];
};

export const findingLines = (
  { topic, record, path, kind, what, instead, hits, versions, readBy }: NamedFinding,
  where: string,
): readonly string[] => [
  `${topic} ${record}${path === '' ? '' : `.${path}`}: ${kind}`,
  `  ${what}; hits ${hits.join(' and ')} of ${where} version ${versions.join(', ')}`,
  `  read by: ${readBy.join(', ') || 'nobody in this version of the code'}`,
  `  instead: ${instead}`,
];

const needLine = ({ consumer, topic, record, field, versions, what }: Need): string => {
  const from = versions.length === 0 ? '' : ` from released version ${versions.join(', ')}`;
  return `${consumer} needs ${topic} ${record}${field === null ? '' : `.${field}`}${from}: ${what}`;
};
