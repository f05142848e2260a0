import { parseArgs } from 'node:util';
import { type RowDifference, type Verification, verify as verifyModel } from '@palaver/projector';
import type { Command } from '../command.ts';
import { chooseModels, type OpenModel, withModels } from '../models.ts';
import { formatCount } from '../progress.ts';
import { phaseProgress } from './phases.ts';

export const verify: Command = {
  name: 'verify',
  summary: 'fold the whole log into fresh models and compare them with the live ones',
  usage: `[projection...]

Compares every row of every table, while everything goes on. Prints the counts and the first differences; the exit code is
1 when there is any, and when events are parked.

Environment: as for rebuild.`,
  async run(args) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} });
    const stop = new AbortController();
    const interrupt = () => stop.abort(new Error('interrupted'));
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    let same = true;
    let parked = 0;
    await withModels(chooseModels(positionals.length === 0 ? ['all'] : positionals), process.env, async (model) => {
      const verification = await verifyOne(model, stop.signal);
      for (const line of describe(model.name, verification)) console.log(line);
      same &&= isSame(verification);
      parked += parkedIn(verification);
    });
    console.log(conclusion(same, parked));
    return same && parked === 0 ? 0 : 1;
  },
};

const verifyOne = async ({ name, ...model }: OpenModel, signal: AbortSignal): Promise<Verification> => {
  const progress = phaseProgress(name);
  try {
    return await verifyModel({ ...model, signal, onProgress: progress.update });
  } finally {
    progress.end();
  }
};

const isSame = ({ tables }: Verification): boolean => tables.every(({ differences }) => differences === 0);

/** By the code as it is now, fewer may be, or more: the models are not whole either way. */
const parkedIn = ({ parked }: Verification): number => Math.max(parked.live, parked.fresh);

const conclusion = (same: boolean, parked: number): string => {
  const events = `${formatCount(parked)} parked event${parked === 1 ? '' : 's'} (palaver parked list)`;
  if (same) return `the live models equal the log${parked === 0 ? '' : `, but for ${events}`}`;
  return `the live models differ from the log${parked === 0 ? '' : `; there are ${events}`}`;
};

const describe = (name: string, { events, tables, firstDifferences, parked }: Verification): readonly string[] => [
  `${name}: ${formatCount(events)} events`,
  ...tables.map(
    ({ table, liveRows, freshRows, differences }) =>
      `  ${table.padEnd(16)} ${formatCount(liveRows)} rows live, ${formatCount(freshRows)} from the log, ${formatCount(differences)} differ`,
  ),
  ...(parked.live + parked.fresh > 0
    ? [`  ${'parked events'.padEnd(16)} ${formatCount(parked.live)} live, ${formatCount(parked.fresh)} from the log`]
    : []),
  ...firstDifferences.map((difference) => `  ${describeDifference(difference)}`),
];

const describeDifference = ({ table, kind, key, columns }: RowDifference): string => {
  const where = `${table} ${JSON.stringify(key)}`;
  if (kind === 'missing') return `${where} is missing from the live model`;
  if (kind === 'surplus') return `${where} is in the live model alone`;
  const changes = columns.map(
    ({ column, live, fresh }) => `${column} is ${JSON.stringify(live)}, not ${JSON.stringify(fresh)}`,
  );
  return `${where}: ${changes.join('; ')}`;
};
