import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import {
  countParked,
  listParked,
  listSkipped,
  type ParkedRecord,
  type ParkedStream,
  type Retried,
  retryParked,
  type SkippedEvent,
  type StreamRef,
  showParked,
  skipParked,
} from '@palaver/projector';
import { type Command, UsageError } from '../command.ts';
import { chooseModels, type OpenModel, withEachModel } from '../models.ts';
import { formatCount } from '../progress.ts';
import { createReport } from './phases.ts';
import { rebuildOne } from './rebuild.ts';

const list: Command = {
  name: 'parked list',
  summary: 'list the streams whose events a read model could not take in',
  usage: `[projection...] [options]

A line a stream: where it is, its first parked event, and why that one could not be folded.

  --skipped            the events that were left out for good, with who and why, in their place
  --limit <n>          at most so many lines a projection (50)

Environment: as for rebuild.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { skipped: { type: 'boolean', default: false }, limit: { type: 'string', default: '50' } },
    });
    const limit = readCount('--limit', values.limit);
    const names = chooseModels(positionals.length === 0 ? ['all'] : positionals);
    await withEachModel(names, process.env, async ({ name, pool }) => {
      const lines = values.skipped
        ? await skippedLines(name, await listSkipped(pool, { limit }))
        : await parkedLines(name, pool, limit);
      for (const line of lines) console.log(line);
    });
    return 0;
  },
};

const parkedLines = async (name: string, pool: OpenModel['pool'], limit: number): Promise<readonly string[]> => {
  const { events, streams } = await countParked(pool);
  const items = await listParked(pool, { limit });
  const more = streams - items.length;
  return [
    events === 0
      ? `${name}: nothing is parked`
      : `${name}: ${countOf(events, 'event')} of ${countOf(streams, 'stream')}`,
    ...items.map((item) => `  ${parkedLine(item)}`),
    ...(more > 0 ? [`  and ${countOf(more, 'stream')} more`] : []),
  ];
};

const parkedLine = (item: ParkedStream): string =>
  `${nameOf(item)} ${formatCount(item.events)} from offset ${item.offset}, since ${item.since.toISOString()}: ${oneLine(whatAndWhy(item))}`;

const skippedLines = (name: string, items: readonly SkippedEvent[]): readonly string[] => [
  items.length === 0 ? `${name}: nothing was skipped` : `${name}: skipped, the latest first`,
  ...items.map(
    (item) =>
      `  ${nameOf(item)} offset ${item.offset}, by ${item.skippedBy} at ${item.skippedAt.toISOString()}: ${item.reason} (${oneLine(whatAndWhy(item))})`,
  ),
];

const show: Command = {
  name: 'parked show',
  summary: 'show the parked events of a stream as the log holds them',
  usage: `<projection> <topic>:<partition> <stream> [options]

The place and the stream are those that \`palaver parked list\` prints.

  --limit <n>          the first so many (10)

Environment: as for rebuild.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { limit: { type: 'string', default: '10' } },
    });
    const { names, of } = streamOf(positionals);
    const limit = readCount('--limit', values.limit);
    let shown = 0;
    await withEachModel(names, process.env, async (model) => {
      const events = await showParked(model, of, { limit });
      shown = events.length;
      for (const line of events.flatMap(recordLines)) console.log(line);
    });
    if (shown === 0) console.log(nothingParked(of));
    return shown === 0 ? 1 : 0;
  },
};

const recordLines = ({ record, ...event }: ParkedRecord): readonly string[] => [
  `offset ${event.offset}: ${oneLine(whatAndWhy(event))}`,
  ...(record === null
    ? ['  erased from the log']
    : [
        `  at       ${new Date(record.timestampMs).toISOString()}`,
        `  key      ${record.key}`,
        `  headers  ${JSON.stringify(record.headers)}`,
        record.fault === null ? `  data     ${JSON.stringify(record.data)}` : `  unreadable: ${record.fault}`,
      ]),
];

const retry: Command = {
  name: 'parked retry',
  summary: 'fold parked events again, by this code',
  usage: `<projection> [<topic>:<partition> <stream>] [options]

All streams of the projection, or one. Each is folded in order, up to an event that fails again. Workers go on meanwhile. Where later
events of other streams have changed the same rows, nothing is written, and the projection needs a rebuild. The exit code is 1 when
something is still parked.

  --rebuild            rebuild the projection where that is needed

Environment: as for rebuild.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { rebuild: { type: 'boolean', default: false } },
    });
    const { names, of } =
      positionals.length === 1 ? { names: chooseOne(positionals), of: undefined } : streamOf(positionals);
    let left = 0;
    await withEachModel(names, process.env, async (model) => {
      const retried = await retryParked(model, of);
      for (const line of retriedLines(model.name, retried, of)) console.log(line);
      if (retried.some(needsRebuild)) await rebuildOrSay(model, values.rebuild);
      left = (await countParked(model.pool)).events;
    });
    return left === 0 ? 0 : 1;
  },
};

const needsRebuild = ({ outcome }: Retried): boolean => outcome === 'needs rebuild';

const rebuildOrSay = async (model: OpenModel, rebuilds: boolean): Promise<void> => {
  if (!rebuilds) {
    console.log(`run: palaver rebuild ${model.name} (or give --rebuild)`);
    return;
  }
  const report = createReport({ json: false });
  await rebuildOne(model, { report, signal: new AbortController().signal });
  report.end();
};

const skip: Command = {
  name: 'parked skip',
  summary: 'leave the first parked event of a stream out for good, and retry the rest',
  usage: `<projection> <topic>:<partition> <stream> <offset> --reason <text> [options]

The event is named by its offset, as \`palaver parked list\` prints it: a skip that is repeated leaves out nothing more. Rebuilds and
verifications leave it out too; \`palaver parked list --skipped\` shows it.

  --reason <text>      why
  --by <name>          who; by default the user of this machine

Environment: as for rebuild.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { reason: { type: 'string', default: '' }, by: { type: 'string', default: userInfo().username } },
    });
    const { names, of } = streamOf(positionals, `${ofStream} <offset>`);
    const event = { ...of, offset: readCount('the offset', positionals[3]!) };
    const { reason, by } = values;
    if (reason.trim() === '') throw new UsageError('a skip needs --reason');
    let drained = false;
    await withEachModel(names, process.env, async (model) => {
      const retried = await skipParked(model, event, { reason, by });
      console.log(`${model.name}: skipped ${nameOf(event)} offset ${event.offset}`);
      for (const line of retriedLines(model.name, [retried], of)) console.log(line);
      if (needsRebuild(retried)) await rebuildOrSay(model, false);
      drained = retried.outcome === 'drained';
    });
    return drained ? 0 : 1;
  },
};

const retriedLines = (name: string, retried: readonly Retried[], of: StreamRef | undefined): readonly string[] =>
  retried.length === 0
    ? [`${name}: ${of ? nothingParked(of) : 'nothing is parked'}`]
    : retried.map((one) => `${name}: ${retriedLine(one)}`);

const retriedLine = (one: Retried): string => {
  const { outcome, folded, dropped, left, reason } = one;
  const done = [`${formatCount(folded)} folded`, ...(dropped > 0 ? [`${formatCount(dropped)} gone`] : [])].join(', ');
  const rest = outcome === 'drained' ? '' : `, ${formatCount(left)} still parked: ${oneLine(reason ?? '')}`;
  return `${nameOf(one)} ${outcome}, ${done}${rest}`;
};

const nameOf = ({ topic, partition, stream }: StreamRef): string => `${topic}:${partition} ${stream}`;
const nothingParked = (of: StreamRef): string => `nothing of ${nameOf(of)} is parked`;
const whatAndWhy = ({ type, error }: { readonly type: string | null; readonly error: string }): string =>
  `${type ?? 'unreadable'}, ${error}`;
const countOf = (count: number, what: string): string => `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');

const chooseOne = (names: readonly string[]): readonly string[] => {
  if (names.length !== 1 || names[0] === 'all') throw new UsageError('name one projection');
  return chooseModels(names);
};

const ofStream = '<projection> <topic>:<partition> <stream>';

/** Reads the arguments that name a stream, of as many as are wanted. */
const streamOf = (
  positionals: readonly string[],
  wanted = ofStream,
): { readonly names: readonly string[]; readonly of: StreamRef } => {
  const [name, place = '', stream = ''] = positionals;
  const match = /^([\w.-]+):(\d{1,5})$/.exec(place);
  if (positionals.length !== wanted.split(' ').length || !match) throw new UsageError(`it takes ${wanted}`);
  return { names: chooseOne([name!]), of: { topic: match[1]!, partition: Number(match[2]), stream } };
};

const readCount = (what: string, text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${what} must be a whole number, not "${text}"`);
  return Number(text);
};

export const parkedCommands: readonly Command[] = [list, show, retry, skip];
