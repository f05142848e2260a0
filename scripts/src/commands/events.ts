import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { type EventLog, type OffsetAt, partitionOf } from '@palaver/event-log';
import { eventTopic, type Position, parsePositions } from '@palaver/projector';
import { eventSchemas } from '@palaver/schemas';
import { type Command, onInterrupt, parseCount, UsageError } from '../command.ts';
import { chooseTopics, topicsOfStream } from '../deciders.ts';
import { type Entry, type EntryKind, rootOfWanted, type Wanted } from '../events/entry.ts';
import { entryHead, entryJson, entryLine } from '../events/show.ts';
import { type Walk, walk } from '../events/walk.ts';
import { type Parts, withLog } from '../models.ts';
import { fitWidth } from '../table.ts';
import { parseTime } from '../times.ts';

export const events: Command = {
  name: 'events',
  summary: 'browse and follow the log, decoded',
  usage: `[--topic T,...] [--stream S] [--type T,...] [--since TIME] [--until TIME] [--from POSITIONS] [--limit N] [--follow]
                [--markers] [--all] [--json|--table]

Events as readers take them, by their time; those of a partition in their order. With --stream the life of one server, channel,
message, member. A table on a terminal, else lines of JSON. Secrets stay sealed, as they lie on the log.

  --topic T,...        auth, servers, messages, files (all)
  --stream S           a stream's name, such as message:<channel>:<message>; or an id alone: all streams that it occurs in
  --type T,...         types of events, such as MessagePosted
  --since TIME         2026-01-31T12:00 (UTC), or 10m, 2h, 3d ago
  --until TIME         the same; what is as late is left out
  --from POSITIONS     messages:3@1042,...: of these partitions alone, from these offsets on
  --limit N            the first N
  --follow             goes on with what is appended, until Ctrl-C
  --markers            also what commands left that were refused or changed nothing
  --all                also repeats, which readers pass over, tombstones, and fillers of the sweep
  --json, --table      whatever the output is

Environment: as for rebuild.`,
  async run(args) {
    const { values } = parseArgs({ args: [...args], options });
    const asked = parseAsked(values, Date.now());
    const interrupted = onInterrupt('interrupted');
    const signal = AbortSignal.any([interrupted, outputClosed()]);
    try {
      const printed = await withLog(process.env, (parts) => print(parts, asked, signal));
      if (printed === 0 && values.stream !== undefined && !signal.aborted) {
        console.error(`palaver: there are no such events of ${values.stream}`);
        return 1;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return interrupted.aborted && !asked.follow ? 130 : 0;
  },
};

const flag = { type: 'boolean', default: false } as const;
const text = { type: 'string' } as const;
const options = {
  topic: text,
  stream: text,
  type: text,
  since: text,
  until: text,
  from: text,
  limit: text,
  follow: flag,
  markers: flag,
  all: flag,
  json: flag,
  table: flag,
} as const;

type Values = Partial<ReturnType<typeof parseArgs<{ options: typeof options }>>['values']>;

/** What the command line asks for. */
export type Asked = {
  readonly topics: readonly string[];
  readonly wanted: Wanted;
  readonly untilMs: number | null;
  /** The partitions to read and where to begin; null for all. */
  readonly from: readonly Position[] | null;
  readonly limit: number;
  readonly follow: boolean;
  readonly table: boolean;
};

/** Throws `UsageError`. */
export const parseAsked = (values: Values, nowMs: number): Asked => {
  const { stream, follow } = values;
  const topics = chooseTopics(list(values.topic));
  if (follow && values.until !== undefined) throw new UsageError('--follow has no end, so it takes no --until');
  if (values.json && values.table) throw new UsageError('the output is --json or --table');
  const types = list(values.type);
  const since = values.since === undefined ? null : parseTime('--since', values.since, nowMs);
  return {
    topics: stream?.includes(':') ? topicsOfStream(stream, topics) : topics,
    wanted: {
      kinds: kindsFor(values),
      ...(stream === undefined ? {} : { stream }),
      ...(types.length === 0 ? {} : { types: new Set(types.map(knownType)) }),
      ...(since === null ? {} : { sinceMs: since }),
    },
    untilMs: values.until === undefined ? null : parseTime('--until', values.until, nowMs),
    from: values.from === undefined ? null : parseFrom(values.from, topics),
    limit: values.limit === undefined ? Number.POSITIVE_INFINITY : parseCount('--limit', values.limit, anyLimit),
    follow: follow ?? false,
    table: values.table || (!values.json && process.stdout.isTTY === true),
  };
};

const anyLimit = { from: 1, to: 999_999_999 };

const list = (given: string | undefined): readonly string[] =>
  given === undefined ? [] : given.split(',').map((part) => part.trim());

const kindsFor = ({ markers, all }: Values): ReadonlySet<EntryKind> => {
  if (all) return new Set(['event', 'marker', 'repeat', 'tombstone', 'filler']);
  return new Set(markers ? ['event', 'marker'] : ['event']);
};

const knownTypes: ReadonlySet<string> = new Set(
  Object.values(eventSchemas)
    .flat()
    .map(({ fullName }) => fullName.slice(fullName.lastIndexOf('.') + 1)),
);

const knownType = (type: string): string => {
  if (knownTypes.has(type)) return type;
  throw new UsageError(`there is no event "${type}"; there are ${[...knownTypes].sort().join(', ')}`);
};

const parseFrom = (given: string, topics: readonly string[]): readonly Position[] => {
  const positions = parsePositions(given);
  if (!positions) throw new UsageError(`--from is "${given}"; it takes positions such as messages:3@1042`);
  const foreign = positions.find(({ service }) => !topics.includes(eventTopic(service)));
  if (foreign) throw new UsageError(`--from names ${foreign.service}; it is read from ${topics.join(', ')}`);
  return positions;
};

/** Yields how many. */
const print = async ({ log, openCodec }: Parts, asked: Asked, signal: AbortSignal): Promise<number> => {
  const codec = await openCodec();
  const walks = await walksFor(log, asked);
  const line = asked.table ? (entry: Entry) => fitWidth(entryLine(entry), process.stdout) : entryJson;
  if (asked.table) await write(fitWidth(entryHead(), process.stdout));
  let printed = 0;
  for await (const entry of walk({ log, codec, wanted: asked.wanted, signal }, walks, asked)) {
    await write(line(entry));
    printed += 1;
    if (printed === asked.limit || signal.aborted) break;
  }
  return printed;
};

const write = async (line: string): Promise<void> => {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
};

/** Aborted when nobody reads the output any more, as behind `| head`: an end like any other. */
const outputClosed = (): AbortSignal => {
  const closed = new AbortController();
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    closed.abort(error);
  });
  return closed.signal;
};

/** The partitions that may hold what is asked for, and between which offsets. */
const walksFor = async (log: EventLog, asked: Asked): Promise<readonly Walk[]> => {
  const ofTopic = async (topic: string): Promise<Walk[]> => {
    const offsets = await log.offsets(topic);
    const { sinceMs, stream } = asked.wanted;
    const since = sinceMs === undefined ? [] : await log.offsetsAt(topic, sinceMs);
    const until = asked.untilMs === null ? [] : await log.offsetsAt(topic, asked.untilMs);
    const root = stream === undefined ? null : rootOfWanted(stream);
    const only = root === null ? null : partitionOf(root, offsets.length);
    return offsets.flatMap(({ partition, start, end }): Walk[] => {
      const named = asked.from?.find((at) => eventTopic(at.service) === topic && at.partition === partition);
      if ((asked.from && !named) || (only !== null && only !== partition)) return [];
      const from = Math.max(start, named?.offset ?? 0, offsetIn(since, partition) ?? 0);
      return [{ topic, partition, start, from, to: Math.max(from, offsetIn(until, partition) ?? end) }];
    });
  };
  return (await Promise.all(asked.topics.map(ofTopic))).flat();
};

const offsetIn = (offsets: readonly OffsetAt[], partition: number): number | undefined =>
  offsets.find((at) => at.partition === partition)?.offset;
