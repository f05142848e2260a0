export * from './avro.ts';
export { type Break, type BreakKind, breaksOf, type Hit } from './comparison.ts';
export { historyFolder, type RecordHistory, type Released, readHistory, release, saysTheSame } from './history.ts';
export {
  type Compatibility,
  compatibilityOf,
  type Finding,
  findingsOf,
  type Judgement,
  judge,
  kindOfTopic,
  merged,
  type Unreleased,
  type Version,
  type Versions,
} from './judge.ts';
export { faultsOfSources } from './rules.ts';
export { type Contract, contractsOf, type Kind, kinds, readContracts, schemasFolder } from './source.ts';
