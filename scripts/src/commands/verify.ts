import { parseArgs } from 'node:util';
import {
  eventTopic,
  formatPosition,
  type ModelAt,
  modelAt,
  type Position,
  parsePositions,
  serviceOfTopic,
  type RowDifference,
  type Verification,
  verify as verifyModel,
} from '@palaver/projector';
import { type Command, onInterrupt, parseCount, UsageError } from '../command.ts';
import { chooseModels, jobsOption, models, type OpenModel, withModels } from '../models.ts';
import { formatCount } from '../progress.ts';
import { parseTime } from '../times.ts';
import { createReport, type Report } from './phases.ts';

export const verify: Command = {
  name: 'verify',
  summary: 'fold the whole log into fresh models and compare them with the live ones',
  usage: `[projection...] [--at POSITIONS|TIME] [--jobs N] [--json]

Compares every row of every table, while everything goes on. Prints the counts and the first differences; the exit code is
1 when there is any, and when events are parked. Where one fails, the others are done all the same.

  --at POSITIONS       folds up to there (messages:3@1042,messages:4@7; of other partitions nothing) and prints how many rows each
                       table had, and a digest of them: equal digests are equal rows, on another deployment, or in a backup that
                       stood there. A live model that stands exactly there is compared row by row as well. \`palaver status --json\`
                       prints the positions of a live model
  --at TIME            the same up to the first record of each partition that is as late (2026-01-31T12:00, or 2h ago)
  --jobs N             how many at the same time (${jobsOption.default})
  --json               lines of JSON: progress, and the result or the error of each

Environment: as for rebuild.`,
  async run(args) {
    const options = { at: { type: 'string' }, jobs: jobsOption, json: { type: 'boolean', default: false } } as const;
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const at = values.at === undefined ? null : parseAt(values.at, Date.now());
    const names = namesFor(at, positionals);
    const jobs = parseCount('--jobs', values.jobs, { from: 1, to: 16 });
    const signal = onInterrupt('interrupted');
    const report = createReport({ json: values.json });
    let [failed, differ, parked] = [false, false, 0];
    const onFailed = (name: string, error: unknown): void => {
      failed = true;
      report.failed(name, error);
    };
    await withModels({ names, jobs, signal, onFailed }, process.env, async (model) => {
      const found = at ? await foldOne(model, at, { report, signal }) : await verifyOne(model, { report, signal });
      differ ||= !found.same;
      parked += found.parked;
    });
    report.end();
    if (!values.json && (differ || !(failed || at))) console.log(conclusion(!differ, parked));
    return failed || differ || parked > 0 ? 1 : 0;
  },
};

type At = { readonly positions: readonly Position[] } | { readonly timeMs: number };

const parseAt = (text: string, nowMs: number): At => {
  const positions = parsePositions(text);
  return positions ? { positions } : { timeMs: parseTime('--at', text, nowMs) };
};

/** Those that were asked for; with positions and no names, those that read one of their topics. */
const namesFor = (at: At | null, names: readonly string[]): readonly string[] => {
  const chosen = chooseModels(names.length === 0 ? ['all'] : names);
  if (!at || !('positions' in at)) return chosen;
  const reads = (name: string): boolean => positionsOf(name, at.positions).length > 0;
  const without = chosen.find((name) => !reads(name));
  if (names.length > 0 && without !== undefined)
    throw new UsageError(
      `--at names no position of what ${without} reads: ${models[without]!.projection.topics.join(', ')}`,
    );
  const reading = chosen.filter(reads);
  if (reading.length === 0) throw new UsageError('--at names no position that a projection reads');
  return reading;
};

const positionsOf = (name: string, positions: readonly Position[]): readonly Position[] =>
  positions.filter(({ service }) => models[name]!.projection.topics.includes(eventTopic(service)));

type Watched = { readonly report: Report; readonly signal: AbortSignal };

/** Whether the live model equals the log, and how many events neither could take in. */
type Found = { readonly same: boolean; readonly parked: number };

const verifyOne = async ({ name, ...model }: OpenModel, { report, signal }: Watched): Promise<Found> => {
  const onProgress = (progress: Parameters<Report['progress']>[1]) => report.progress(name, progress);
  const verification = await verifyModel({ ...model, signal, onProgress });
  const same = isSame(verification);
  report.result(name, { same, ...verification }, describe(name, verification));
  return { same, parked: parkedIn(verification) };
};

/** The live model is compared where it stands there. */
const foldOne = async ({ name, ...model }: OpenModel, at: At, { report, signal }: Watched): Promise<Found> => {
  const positions = 'positions' in at ? positionsOf(name, at.positions) : await positionsAt(model, at.timeMs);
  const onProgress = (progress: Parameters<Report['progress']>[1]) => report.progress(name, progress);
  const found = await modelAt({ ...model, positions, signal, onProgress });
  report.result(name, { positions: positions.map(formatPosition), ...found }, describeAt(name, found));
  return { same: found.verification === null || isSame(found.verification), parked: found.parked };
};

const positionsAt = async ({ log, projection }: Omit<OpenModel, 'name'>, timeMs: number): Promise<Position[]> => {
  const ofTopic = async (topic: string): Promise<Position[]> =>
    (await log.offsetsAt(topic, timeMs)).map((at) => ({ service: serviceOfTopic(topic), ...at }));
  return (await Promise.all(projection.topics.map(ofTopic))).flat();
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

const describeAt = (name: string, { events, tables, parked, verification }: ModelAt): readonly string[] => [
  `${name}: ${formatCount(events)} events`,
  ...tables.map(({ table, rows, digest }) => `  ${table.padEnd(16)} ${digest}  ${formatCount(rows)} rows`),
  ...(parked > 0 ? [`  ${'parked events'.padEnd(16)} ${formatCount(parked)}`] : []),
  ...(verification === null
    ? ['  the live model stands elsewhere and was not compared']
    : describe('  compared with the live model', verification)),
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
