import { parseArgs } from 'node:util';
import { type EventPlace, rootIdOf, type StreamAt, streamAt, type Until } from '@palaver/decider';
import { partitionOf } from '@palaver/event-log';
import { formatPosition } from '@palaver/projector';
import { type Command, UsageError } from '../command.ts';
import { chooseTopics, deciders, topicsOfStream } from '../deciders.ts';
import { toJson } from '../json.ts';
import { withLog } from '../models.ts';
import { parseTime } from '../times.ts';

export const state: Command = {
  name: 'state',
  summary: 'what a stream is or was, as its decider folds it',
  usage: `<stream> [--at VERSION|TIME] [--topic TOPIC]

A stream is named as its records' keys name it: profile:<id>, server:<id>, member:<server>:<profile>, channel:<server>:<channel>,
message:<channel>:<message>. Prints as JSON the state that decisions are made on, its version, and the last event folded. What
happened to it, \`palaver events --stream\` tells. What was erased is left out, also where compaction has not passed yet.

  --at VERSION         right after the event of that version
  --at TIME            at a time: 2026-01-31T12:00 (UTC), or 2h ago
  --topic TOPIC        of this topic alone; channel:<...> is a kind of servers.events and of messages.events

Environment: as for rebuild.`,
  async run(args) {
    const options = { at: { type: 'string' }, topic: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const [stream, more] = positionals;
    if (stream === undefined || more !== undefined) throw new UsageError('state needs the name of one stream');
    if (!stream.includes(':')) throw new UsageError(`"${stream}" is no stream; it takes a name such as server:<id>`);
    const topics = topicsOfStream(stream, chooseTopics(values.topic === undefined ? [] : [values.topic]));
    const until = values.at === undefined ? undefined : parseUntil(values.at, Date.now());
    const found = await findStream(stream, topics, until);
    if (found.length > 1) throw new UsageError(`${stream} is in ${topics.join(' and in ')}; say --topic`);
    const [one] = found;
    if (one === undefined) return absent(`there is no stream ${stream}`);
    const why = whyNothing(one.at, until);
    if (why !== null) return absent(`${stream} ${why}`);
    console.log(toJson(show(stream, one), 2));
    return 0;
  },
};

const parseUntil = (text: string, nowMs: number): Until => {
  if (!/^\d{1,9}$/.test(text)) return { timeMs: parseTime('--at', text, nowMs, 'a version, or a time') };
  if (Number(text) === 0) throw new UsageError('--at is "0"; the first version is 1');
  return { version: Number(text) };
};

type Found = { readonly topic: string; readonly partition: number; readonly at: StreamAt };

/** The topics on which there is anything of the stream, at whatever time. */
const findStream = (stream: string, topics: readonly string[], until: Until | undefined): Promise<readonly Found[]> =>
  withLog(process.env, async ({ log, openCodec }) => {
    const codec = await openCodec();
    const found: Found[] = [];
    for (const topic of topics) {
      const decider = deciders[topic]!;
      const at = await streamAt({ log, codec, decider, stream, ...(until && { until }) });
      const partition = partitionOf(rootIdOf(stream), await log.partitions(topic));
      if (at.first !== null) found.push({ topic, partition, at });
    }
    return found;
  });

const absent = (why: string): number => {
  console.error(`palaver: ${why}`);
  return 1;
};

const timeOf = ({ timeMs }: EventPlace): string => new Date(timeMs).toISOString();

/** Why there is no state to show at that version or time; null where there is one. */
const whyNothing = ({ first, last, version, latest }: StreamAt, until: Until | undefined): string | null => {
  if (until && 'version' in until && latest < until.version)
    return `has no version ${until.version}; its last is ${latest}`;
  if (last === null && first!.version > 1)
    return `is erased up to version ${first!.version - 1}, before ${timeOf(first!)}`;
  if (last === null) return `begins later, at ${timeOf(first!)}`;
  if (until && 'version' in until && version < until.version) return `has an erased version ${until.version}`;
  return null;
};

const show = (stream: string, { topic, partition, at }: Found): object => {
  const last = at.last!;
  return {
    stream,
    topic,
    version: at.version,
    position: formatPosition({ service: deciders[topic]!.name, partition, offset: last.offset + 1 }),
    time: timeOf(last),
    events: at.events,
    erased: at.erased,
    latestVersion: at.latest,
    state: at.state,
  };
};
