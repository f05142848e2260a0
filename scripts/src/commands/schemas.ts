import { parseArgs } from 'node:util';
import { registryApi, SchemasRefused } from '@palaver/event-log';
import {
  type Contract,
  faultsOfSources,
  readContracts,
  readHistory,
  release,
  shortName,
  type Version,
  type Versions,
} from '@palaver/schemas/contracts';
import { type Command, UsageError } from '../command.ts';
import { writeCatalogue } from '../contracts/catalogue/write.ts';
import { type Check, checkContracts, isBroken, linesOf } from '../contracts/check.ts';
import { consumers } from '../contracts/consumers.ts';
import { registerAll } from '../contracts/register.ts';
import { addresses } from '../models.ts';
import { formatCount } from '../progress.ts';

const checkCommand: Command = {
  name: 'schemas check',
  summary: 'judge the schemas against every version that was ever released, and against a registry',
  usage: `[--registry URL] [--released] [--json]

Says what a change breaks, who reads it, and how to do it instead, and who needs what a released version does not give. Events must be readable by old and new programs for ever
(FULL_TRANSITIVE), commands by newer ones (BACKWARD_TRANSITIVE); besides, logical types and defaults keep their meaning, each field has a
doc, and the released history is as it was. The exit code is 1 when anything breaks.

  --registry URL       also against every version that the registry's subjects hold; what it has and was never released is told
  --released           also 1 when something is not in the history yet: for a pipeline, since what is deployed is released
  --json               one object: breaks, needs, faults, edited, unreleased, registry`,
  async run(args) {
    const flag = { type: 'boolean', default: false } as const;
    const options = { registry: { type: 'string' }, released: flag, json: flag } as const;
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    if (positionals.length > 0) throw new UsageError(`schemas check takes no "${positionals[0]}"`);
    const { check, contracts } = await checkAll(values.registry);
    if (values.json) console.log(JSON.stringify(check));
    else for (const line of linesOf(check, contracts.length)) console.log(line);
    return isBroken(check) || (values.released && check.unreleased.length > 0) ? 1 : 0;
  },
};

/** What is not written as it is to be may be nothing that can be compared: then this alone is told. */
const checkAll = async (
  registryUrl?: string,
): Promise<{ readonly check: Check; readonly contracts: readonly Contract[] }> => {
  const faults = faultsOfSources();
  try {
    const contracts = readContracts();
    const held = registryUrl === undefined ? [] : await heldBy(registryUrl, contracts);
    const check = checkContracts({ contracts, history: readHistory(), consumers, faults, held });
    return { check, contracts };
  } catch (error) {
    if (faults.length === 0) throw error;
    const nothing = { breaks: [], needs: [], edited: [], unreleased: [], registry: [] };
    return { check: { ...nothing, faults }, contracts: [] };
  }
};

/** All that a registry holds of our topics, also of records that are gone from the schemas. */
const heldBy = async (registryUrl: string, contracts: readonly Contract[]): Promise<readonly Versions[]> => {
  const api = registryApi(registryUrl);
  const topics = [...new Set(contracts.map(({ topic }) => topic))];
  const subjects = (await api.subjects()).filter((subject) => topics.some((topic) => subject.startsWith(`${topic}-`)));
  return Promise.all(
    subjects.map(async (subject) => {
      const versions = (await api.versions(subject)) as readonly Version[];
      const [topic = '', fullName = ''] = subject.split('-');
      return { topic, record: shortName(fullName), versions };
    }),
  );
};

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
    const { check, contracts } = await checkAll();
    if (isBroken(check)) {
      for (const line of linesOf(check, contracts.length)) console.error(line);
      return 1;
    }
    const released = release(contracts);
    for (const { contract, version } of released)
      console.log(`${contract.topic} ${contract.schema.name}: version ${version}`);
    console.log(`${formatCount(released.length)} released`);
    return 0;
  },
};

const catalogue: Command = {
  name: 'schemas catalogue',
  summary: 'write the catalogue of all commands and events: pages, and an AsyncAPI document',
  usage: `[--check]

Writes schemas/catalogue: README.md, index.html and asyncapi.json. It is part of \`pnpm generate\`.

  --check              write nothing; the exit code is 1 when a file is not what the schemas, their history and their consumers say`,
  async run(args) {
    const { values } = parseArgs({ args: [...args], options: { check: { type: 'boolean', default: false } } });
    const drifted = writeCatalogue({ check: values.check });
    if (!values.check) return 0;
    for (const name of drifted) console.error(`schemas/catalogue/${name} is not up to date: run \`pnpm generate\``);
    return drifted.length === 0 ? 0 : 1;
  },
};

export const schemasCommands: readonly Command[] = [checkCommand, register, releaseCommand, catalogue];
