import { parseArgs } from 'node:util';
import { RegistryRefusal, registryApi, SchemasRefused } from '@palaver/event-log';
import {
  type AvroRecord,
  type Contract,
  faultsOfSources,
  type Finding,
  findingsOf,
  judge,
  readContracts,
  readHistory,
  release,
  type Unreleased,
  type Versions,
} from '@palaver/schemas/contracts';
import { type Command, UsageError } from '../command.ts';
import { registerAll } from '../contracts/register.ts';
import { addresses } from '../models.ts';
import { formatCount } from '../progress.ts';

const check: Command = {
  name: 'schemas check',
  summary: 'judge the schemas against every version that was ever released, and against a registry',
  usage: `[--registry URL] [--json]

Says what a change breaks, for whom, and how to do it instead. Events must be readable by old and new programs for ever
(FULL_TRANSITIVE), commands by newer ones (BACKWARD_TRANSITIVE); besides, logical types and defaults keep their meaning, each field has a
doc, and the released history is as it was. The exit code is 1 when anything breaks.

  --registry URL       also against every version that the registry's subjects hold
  --json               one object: breaks, faults, edited, unreleased, registry`,
  async run(args) {
    const options = { registry: { type: 'string' }, json: { type: 'boolean', default: false } } as const;
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    if (positionals.length > 0) throw new UsageError(`schemas check takes no "${positionals[0]}"`);
    const contracts = readContracts();
    const judgement = judge(contracts, readHistory());
    const faults = faultsOfSources();
    const registry = values.registry === undefined ? [] : await registryFindings(values.registry, contracts);
    const broken = [faults, judgement.edited, judgement.breaks, registry].some((some) => some.length > 0);
    if (values.json) console.log(JSON.stringify({ ...judgement, faults, registry }));
    else for (const line of linesOf({ contracts, ...judgement, faults, registry })) console.log(line);
    return broken ? 1 : 0;
  },
};

/** What the schemas as they are break of what a registry holds of them. */
const registryFindings = async (registryUrl: string, contracts: readonly Contract[]): Promise<readonly Finding[]> => {
  const api = registryApi(registryUrl);
  const held = await Promise.all(contracts.map((contract) => versionsIn(api, contract)));
  return held.flatMap((versions) => findingsOf(versions, contracts, held));
};

const versionsIn = async (
  api: ReturnType<typeof registryApi>,
  { topic, fullName, schema }: Contract,
): Promise<Versions> => {
  try {
    const versions = await api.versions(`${topic}-${fullName}`);
    return {
      topic,
      record: schema.name,
      versions: versions.map(({ version, schema }) => ({ version, schema: schema as AvroRecord })),
    };
  } catch (error) {
    if (error instanceof RegistryRefusal && error.status === 404) return { topic, record: schema.name, versions: [] };
    throw error;
  }
};

const linesOf = (found: {
  readonly contracts: readonly Contract[];
  readonly faults: readonly string[];
  readonly edited: readonly string[];
  readonly breaks: readonly Finding[];
  readonly registry: readonly Finding[];
  readonly unreleased: readonly Unreleased[];
}): readonly string[] => {
  const problems = [
    ...found.faults,
    ...found.edited,
    ...found.breaks.flatMap((one) => findingLines(one, 'released')),
    ...found.registry.flatMap((one) => findingLines(one, 'registered')),
  ];
  const unreleased = found.unreleased.map(
    ({ topic, record, version }) =>
      `${topic} ${record}: version ${version} is not released yet (palaver schemas release)`,
  );
  if (problems.length > 0) return [...problems, ...unreleased];
  return [...unreleased, `${formatCount(found.contracts.length)} schemas break nobody`];
};

const findingLines = (
  { topic, record, path, kind, what, instead, hits, versions }: Finding,
  where: string,
): readonly string[] => [
  `${topic} ${record}${path === '' ? '' : `.${path}`}: ${kind}`,
  `  ${what}; hits ${hits.join(' and ')} of ${where} version ${versions.join(', ')}`,
  `  instead: ${instead}`,
];

const register: Command = {
  name: 'schemas register',
  summary: 'give the registry every schema that it lacks, as the deploy step does',
  usage: `[--registry URL]

May be repeated: what is there stays. A schema that its subject does not take is named, and the exit code is 1.

Environment: PALAVER_REGISTRY_URL; by default that of the local stack.`,
  async run(args) {
    const { values } = parseArgs({ args: [...args], options: { registry: { type: 'string' } } });
    const registryUrl = values.registry ?? addresses(process.env).registry;
    try {
      const { registered, there } = await registerAll(registryUrl, { unavailableMs: 10_000 });
      for (const subject of registered) console.log(`registered ${subject}`);
      console.log(`${formatCount(registered.length)} registered, ${formatCount(there.length)} were there`);
      return 0;
    } catch (error) {
      if (!(error instanceof SchemasRefused)) throw error;
      for (const { subject, reason } of error.refused) console.error(`${subject} was refused: ${reason}`);
      console.error('palaver schemas check --registry says what breaks, and how to do it instead');
      return 1;
    }
  },
};

const releaseCommand: Command = {
  name: 'schemas release',
  summary: 'add the schemas as they are to the history of released versions',
  usage: `

Appends to schemas/history what is new or has changed; run it, and commit what it writes, with the release that brings the change.
Nothing is released that breaks anybody.`,
  async run(args) {
    parseArgs({ args: [...args], options: {} });
    const contracts = readContracts();
    const { breaks, edited } = judge(contracts, readHistory());
    if (breaks.length + edited.length > 0) {
      for (const line of [...edited, ...breaks.flatMap((one) => findingLines(one, 'released'))]) console.error(line);
      return 1;
    }
    const released = release(contracts);
    for (const { contract, version } of released)
      console.log(`${contract.topic} ${contract.schema.name}: version ${version}`);
    console.log(`${formatCount(released.length)} released`);
    return 0;
  },
};

export const schemasCommands: readonly Command[] = [check, register, releaseCommand];
