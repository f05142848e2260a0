import { newId } from '@palaver/decider';
import { kafkaLog, staticCodec } from '@palaver/event-log';
import type { Message } from 'kafkajs';
import { type Arena, deployBenchTopics, pidsOf } from './arena.ts';
import type { Check, Durability, Figure } from './figures.ts';
import { equal } from './figures.ts';
import { benchSchemas, newChannels, postCommand, postedRecord, realContents } from './messages.ts';
import type { BenchOptions } from './options.ts';
import { median, overRounds, type Pair, percentile } from './statistics.ts';
import { cpuDetails, type Pids, withCpu } from './usage.ts';
import { checkEvents } from './verify.ts';
import type { ProducerCalls, ProducerResult } from './workers/bare-producer.ts';
import type { AppendTotals, ProcessorCalls, ProcessorResult } from './workers/processor.ts';

/**
 * Commands through the processor as an instance of a service gives and decides them, without HTTP:
 *
 *   command client ──▶ commands ──▶ processor ──▶ events
 *     ▲                                 │
 *     └────────── in one process ───────┘
 */
export const benchProcessor = async (arena: Arena, options: BenchOptions): Promise<Figure[]> => {
  const figures: Figure[] = [];
  for (const durability of options.durabilities) figures.push(...(await benchDurability(arena, options, durability)));
  return figures;
};

/** V8 needs some ten thousand commands to have compiled what is hot, and the broker's Java half a minute of them. */
const warmUps = [
  { inFlight: 256, seconds: 12 },
  { inFlight: 64, seconds: 18 },
] as const;
/** Shorter than a measurement of throughput: one at a time, they are many enough. */
const latencyShare = 0.5;

const benchDurability = async (arena: Arena, options: BenchOptions, durability: Durability): Promise<Figure[]> => {
  const { brokers, registryUrl } = arena.stack;
  const name = durability === 'default' ? 'bench' : 'bench-flushed';
  await deployBenchTopics(arena.stack, name, durability);
  await deployBenchTopics(arena.stack, `${name}-limit`, durability);
  const log = kafkaLog({ brokers, clientId: 'bench' });
  const sides = await startSides(arena, name, await log.partitions(`${name}-limit.events`));
  try {
    let acknowledged = 0;
    for (const { inFlight, seconds } of warmUps) {
      acknowledged += (await sides.processor.ask.run({ inFlight, seconds })).accepted;
      await sides.producer.ask.run({ records: inFlight, spread: 8, seconds: 2 });
    }
    const throughputs: Throughput[] = [];
    for (const inFlight of options.inFlight) {
      arena.say(`commands through the processor, ${inFlight} in flight, ${durability}`);
      const rounds: Round[] = [];
      for (let round = 0; round < options.rounds; round += 1) {
        rounds.push(await throughputRound(sides, { inFlight, seconds: options.seconds }));
        acknowledged += rounds.at(-1)!.driven.accepted;
      }
      throughputs.push({ inFlight, rounds });
    }
    arena.say(`command -> reply, 1 in flight, ${durability}`);
    const latencies: LatencyRound[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      latencies.push(await latencyRound(sides, options.seconds * latencyShare));
      acknowledged += latencies.at(-1)!.driven.accepted;
    }
    const { conflicts } = await sides.processor.ask.totals();
    const checks = [...(await checkEvents({ log, registryUrl, name }, acknowledged)), equal('conflicts', 0, conflicts)];
    return [
      ...throughputs.map((throughput) => throughputFigure(throughput, durability, checks)),
      latencyFigure(latencies, durability, checks),
    ];
  } finally {
    await Promise.all([sides.processor.stop(), sides.producer.stop()]);
    await log.close();
  }
};

const startSides = async (arena: Arena, name: string, partitions: number) => {
  const { brokers, registryUrl } = arena.stack;
  const postgresUrl = await arena.database(name.replaceAll('-', '_'));
  const processor = arena.worker<ProcessorCalls>('processor');
  const producer = arena.worker<ProducerCalls>('bare-producer');
  await processor.ask.start({ name, brokers, registryUrl, postgresUrl });
  const messages = eventMessages(`${name}-limit`);
  await producer.ask.start({ topic: `${name}-limit.events`, brokers, partitions, messages });
  const pids = (): Pids => pidsOf(arena, { processor: processor.pid });
  return { processor, producer, pids };
};
type Sides = Awaited<ReturnType<typeof startSides>>;

type Cpu = { readonly cpuMs: Readonly<Record<string, number>> };
type Batches = { readonly records: number; readonly spread: number };
type Round = { readonly driven: ProcessorResult & Cpu; readonly produced: ProducerResult; readonly batches: Batches };
type Throughput = { readonly inFlight: number; readonly rounds: readonly Round[] };
type LatencyRound = { readonly driven: ProcessorResult; readonly produced: ProducerResult };

/** Ours, then the limit with requests as large, and as spread over partitions, as ours just were on average. */
const throughputRound = async (
  { processor, producer, pids }: Sides,
  { inFlight, seconds }: { inFlight: number; seconds: number },
): Promise<Round> => {
  const before = await processor.ask.totals();
  const { value, cpuMs } = await withCpu(pids, () => processor.ask.run({ inFlight, seconds }));
  const batches = averageBatches(before, await processor.ask.totals());
  return { driven: { ...value, cpuMs }, batches, produced: await producer.ask.run({ ...batches, seconds }) };
};

const averageBatches = (before: AppendTotals, after: AppendTotals): Batches => {
  const requests = Math.max(1, after.requests - before.requests);
  return {
    records: Math.max(1, Math.round((after.records - before.records) / requests)),
    spread: Math.max(1, Math.round((after.runs - before.runs) / requests)),
  };
};

const latencyRound = async ({ processor, producer }: Sides, seconds: number): Promise<LatencyRound> => ({
  driven: await processor.ask.run({ inFlight: 1, seconds }),
  produced: await producer.ask.run({ records: 1, spread: 1, seconds }),
});

const preparedRecords = 4_096;

/** Of the size of the records that the processor appends. */
const eventMessages = (name: string): Message[] => {
  const topic = `${name}.events`;
  const codec = staticCodec(benchSchemas(name).events);
  const channels = newChannels(64);
  const nextContent = realContents();
  const epoch = newId();
  return Array.from({ length: preparedRecords }, (_, index) => {
    const command = postCommand(channels[index % channels.length]!, nextContent());
    const record = postedRecord(codec, topic, { command, seq: index + 1, commandOffset: index, epoch });
    return {
      key: record.key,
      value: Buffer.from(record.value!),
      headers: { ...record.headers },
      timestamp: String(record.timestampMs),
    };
  });
};

const throughputFigure = (
  { inFlight, rounds }: Throughput,
  durability: Durability,
  checks: readonly Check[],
): Figure => {
  const { ours, limit, ratio } = overRounds(
    rounds.map(
      ({ driven, produced }): Pair => ({
        ours: driven.accepted / (driven.elapsedMs / 1_000),
        limit: produced.records / (produced.elapsedMs / 1_000),
      }),
    ),
  );
  const records = median(rounds.map(({ batches }) => batches.records));
  return {
    name: `commands through the processor, ${inFlight} in flight`,
    durability,
    unit: '/s',
    ours,
    limit: { of: `bare kafkajs producer, ${records} a send`, value: limit },
    ratio,
    asked: { kind: 'ratio', atLeast: 0.4 },
    checks: [
      ...checks,
      equal(
        'refused',
        0,
        rounds.reduce((sum, { driven }) => sum + driven.refused, 0),
      ),
    ],
    details: {
      p50Ms: median(rounds.map(({ driven }) => percentile(driven.latenciesMs, 50))),
      p99Ms: median(rounds.map(({ driven }) => percentile(driven.latenciesMs, 99))),
      recordsPerSend: records,
      partitionsPerSend: median(rounds.map(({ batches }) => batches.spread)),
      ...cpuDetails(rounds.map(({ driven }) => ({ requests: driven.accepted, cpuMs: driven.cpuMs }))),
    },
  };
};

const latencyFigure = (rounds: readonly LatencyRound[], durability: Durability, checks: readonly Check[]): Figure => {
  const { ours, limit, ratio } = overRounds(
    rounds.map(
      ({ driven, produced }): Pair => ({
        ours: percentile(driven.latenciesMs, 50),
        limit: percentile(produced.latenciesMs, 50),
      }),
    ),
  );
  return {
    name: 'command -> reply p50, 1 in flight',
    durability,
    unit: 'ms',
    ours,
    limit: { of: 'one append of a bare kafkajs producer, p50', value: limit },
    ratio,
    asked: { kind: 'value', atMost: 5 },
    checks,
    details: { p99Ms: median(rounds.map(({ driven }) => percentile(driven.latenciesMs, 99))) },
  };
};
