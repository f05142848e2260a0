import { staticCodec } from '@palaver/event-log';
import avsc from 'avsc';
import { type Check, equal, type Figure } from './figures.ts';
import { benchSchemas, newChannels, postCommand, postedEvent, realContents } from './messages.ts';
import type { BenchOptions } from './options.ts';
import { overRounds, type Pair } from './statistics.ts';

const name = 'bench-codec';
const topic = `${name}.events`;
const records = 2_000;
/** Magic byte and schema id. */
const headerBytes = 5;

/** Encodes and decodes real messages by our codec, and by avsc alone, in turns so short that a busy moment of the machine hits both. */
export const benchCodec = (options: BenchOptions): Figure[] => {
  const schemas = benchSchemas(name).events;
  const codec = staticCodec(schemas);
  const { schema } = schemas.find(({ fullName }) => fullName.endsWith('.MessagePosted'))!;
  const bare = avsc.Type.forSchema(structuredClone(schema) as avsc.Schema, { wrapUnions: 'never' } as object);
  const nextContent = realContents();
  const [channel] = newChannels(1);
  const events = Array.from({ length: records }, (_, seq) => postedEvent(postCommand(channel!, nextContent()), seq));
  const values = events.map((event) => Buffer.from(codec.encode(topic, event)));
  const bareValues = events.map(({ data }) => bare.toBuffer(data));

  const encoding = inTurns(options, {
    ours: () => events.forEach((event) => void codec.encode(topic, event)),
    limit: () => events.forEach(({ data }) => void bare.toBuffer(data)),
  });
  const decoding = inTurns(options, {
    ours: () => values.forEach((value) => void codec.decode(value)),
    limit: () => bareValues.forEach((value) => void bare.fromBuffer(value)),
  });
  const sameBytes = values.filter((value, index) => value.subarray(headerBytes).equals(bareValues[index]!));
  const sameEvents = values.filter((value, index) => bare.compare(codec.decode(value).data, events[index]!.data) === 0);
  return [
    figure('a message encoded', 'type.toBuffer of avsc', encoding, equal('the same bytes', records, sameBytes.length)),
    figure('a message decoded', 'type.fromBuffer of avsc', decoding, equal('as encoded', records, sameEvents.length)),
  ];
};

const figure = (of: string, limitIs: string, rounds: readonly Pair[], check: Check): Figure => {
  const { ours, limit, ratio } = overRounds(rounds);
  return {
    name: of,
    durability: null,
    unit: '/s',
    ours,
    limit: { of: limitIs, value: limit },
    ratio,
    asked: { kind: 'ratio', atLeast: 0.8 },
    checks: [check],
  };
};

/** Records per second of both, per round. */
const inTurns = (
  { seconds, rounds }: BenchOptions,
  work: { readonly ours: () => void; readonly limit: () => void },
): Pair[] => {
  const timed = (run: () => void): number => {
    const startedMs = performance.now();
    run();
    return performance.now() - startedMs;
  };
  const round = (): Pair => {
    let turns = 0;
    let oursMs = 0;
    let limitMs = 0;
    for (; oursMs + limitMs < seconds * 1_000; turns += 1) {
      oursMs += timed(work.ours);
      limitMs += timed(work.limit);
    }
    const perSecond = (ms: number): number => (turns * records * 1_000) / ms;
    return { ours: perSecond(oursMs), limit: perSecond(limitMs) };
  };
  // The first one warms the compiler up.
  return Array.from({ length: rounds + 1 }, round).slice(1);
};
