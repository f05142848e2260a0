import { newId } from '@palaver/decider';
import { avroCodec, type EventLog, kafkaLog, type NewRecord, partitionOf } from '@palaver/event-log';
import { messagesProjection } from '@palaver/projection-messages';
import { modelPool } from '@palaver/projector';
import type pg from 'pg';
import { type Arena, deployBenchTopics, pidsOf } from './arena.ts';
import { type Check, equal, type Figure } from './figures.ts';
import { benchSchemas, newChannels, postCommand, postedRecord, realContents } from './messages.ts';
import type { BenchOptions } from './options.ts';
import { overRounds } from './statistics.ts';
import { cpuDetails, withCpu } from './usage.ts';
import type { CopierCalls } from './workers/copier.ts';
import type { ReaderCalls } from './workers/reader.ts';
import type { RebuilderCalls, ReplayOf } from './workers/rebuilder.ts';

const name = 'bench-replay';
const topic = `${name}.events`;

/** Of `--events`: logs whose rebuilds are compared by the memory that they take. */
const memoryShares = { small: 0.1, large: 3 } as const;

/**
 * Folds a log of messages into the read model by `rebuild`, beside reading it alone and copying the same rows alone. The log grows:
 * memory at a tenth of the events, speed at all of them, memory again at three times as many.
 */
export const benchReplay = async (arena: Arena, options: BenchOptions): Promise<Figure[]> => {
  const { brokers, registryUrl } = arena.stack;
  await deployBenchTopics(arena.stack, name, 'default');
  const postgresUrl = await arena.database('bench_replay');
  const log = kafkaLog({ brokers, clientId: 'bench' });
  const pool = modelPool({ connectionString: postgresUrl, max: 2 });
  const given = { topic, brokers, registryUrl, postgresUrl };
  try {
    const growing = await growingLog({ log, registryUrl });
    const growTo = (events: number): Promise<Appended> => {
      arena.say(`append up to ${events.toLocaleString('en-US')} events`);
      return growing(Math.round(events));
    };
    const small = await memoryOf({ arena, pool, given, appended: await growTo(options.events * memoryShares.small) });
    const appended = await growTo(options.events);
    const { rounds, checks } = await measureRounds({ arena, pool, given, appended, rounds: options.rounds });
    const large = await memoryOf({ arena, pool, given, appended: await growTo(options.events * memoryShares.large) });
    return [...replayFigures(rounds, appended.events, checks), memoryFigure(small, large)];
  } finally {
    await pool.end();
    await log.close();
  }
};

type Measured = {
  readonly arena: Arena;
  readonly pool: pg.Pool;
  readonly given: ReplayOf;
  readonly appended: Appended;
};

const measureRounds = async (
  options: Measured & { readonly rounds: number },
): Promise<{ rounds: Round[]; checks: Check[] }> => {
  const { arena, pool, given, appended } = options;
  const rebuilder = arena.worker<RebuilderCalls>('rebuilder');
  const reader = arena.worker<ReaderCalls>('reader');
  const copier = arena.worker<CopierCalls>('copier');
  const rounds: Round[] = [];
  const checks: Check[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    arena.say(`replay, round ${round}`);
    const pids = () => pidsOf(arena, { rebuilder: rebuilder.pid });
    const { value: rebuilt, cpuMs } = await withCpu(pids, () => rebuilder.ask.run(given));
    checks.push(...(await checkModel(pool, appended)));
    const { events, elapsedMs: readMs } = await reader.ask.run(given);
    checks.push(equal('events read alone', appended.events, events));
    const { rows, elapsedMs: copyMs } = await copier.ask.run(given);
    checks.push(equal('rows copied alone', appended.events, rows));
    rounds.push({ rebuildMs: rebuilt.elapsedMs, readMs, copyMs, cpuMs });
  }
  await Promise.all([rebuilder.stop(), reader.stop(), copier.stop()]);
  return { rounds, checks };
};

type Memory = { readonly events: number; readonly peakMb: number; readonly checks: readonly Check[] };

/** Of a process of its own, since a peak is one of all that a process has done. */
const memoryOf = async ({ arena, pool, given, appended }: Measured): Promise<Memory> => {
  arena.say(`memory of a rebuild from ${appended.events.toLocaleString('en-US')} events`);
  const rebuilder = arena.worker<RebuilderCalls>('rebuilder');
  const { peakMb } = await rebuilder.ask.run(given);
  await rebuilder.stop();
  return { events: appended.events, peakMb, checks: await checkModel(pool, appended) };
};

/** What the rows must add up to. */
type Appended = {
  readonly events: number;
  readonly seqs: number;
  readonly characters: number;
  readonly channels: number;
};

const channelCount = 200;
const eventsPerRun = 500;

/** Appends events up to so many, as owners of the partitions would have, round after round of one run for each partition. */
const growingLog = async (options: {
  log: EventLog;
  registryUrl: string;
}): Promise<(events: number) => Promise<Appended>> => {
  const { log, registryUrl } = options;
  const codec = await avroCodec({ registryUrl, schemas: benchSchemas(name).events });
  const partitions = await log.partitions(topic);
  const channels = newChannels(channelCount).map((channel) => ({
    channel,
    partition: partitionOf(channel.channelId, partitions),
    seq: 0,
  }));
  const nextOffset = Array.from({ length: partitions }, () => 0);
  const nextContent = realContents();
  const epoch = newId();
  let made = 0;
  let seqs = 0;
  let characters = 0;
  return async (events) => {
    const appender = log.appender();
    while (made < events) {
      const runs = Array.from({ length: partitions }, (): NewRecord[] => []);
      for (const end = Math.min(events, made + eventsPerRun * partitions); made < end; made += 1) {
        const place = channels[made % channelCount]!;
        const content = nextContent();
        place.seq += 1;
        seqs += place.seq;
        characters += [...content].length;
        const commandOffset = nextOffset[place.partition]!++;
        const command = postCommand(place.channel, content);
        runs[place.partition]!.push(postedRecord(codec, topic, { command, seq: place.seq, commandOffset, epoch }));
      }
      await Promise.all(
        runs.map((records, partition) => (records.length > 0 ? appender.append(topic, partition, records) : null)),
      );
    }
    await appender.close();
    return { events, seqs, characters, channels: Math.min(channelCount, events) };
  };
};

const checkModel = async (pool: pg.Pool, appended: Appended): Promise<Check[]> => {
  const { rows } = await pool.query<Record<keyof Appended, string>>(
    `select count(*) as events, sum(seq) as seqs, sum(length(content)) as characters, count(distinct channel_id) as channels
     from message`,
  );
  const found = rows[0]!;
  return [
    equal('rows', appended.events, Number(found.events)),
    equal('sum of seqs', appended.seqs, Number(found.seqs)),
    equal('characters', appended.characters, Number(found.characters)),
    equal('channels', appended.channels, Number(found.channels)),
  ];
};

type Round = {
  readonly rebuildMs: number;
  readonly readMs: number;
  readonly copyMs: number;
  readonly cpuMs: Readonly<Record<string, number>>;
};

const replayFigures = (rounds: readonly Round[], events: number, checks: readonly Check[]): Figure[] => {
  const against = (limit: (round: Round) => number) =>
    overRounds(
      rounds.map((round) => ({ ours: events / (round.rebuildMs / 1_000), limit: events / (limit(round) / 1_000) })),
    );
  const figure = (of: string, limit: (round: Round) => number): Figure => {
    const { ours, limit: value, ratio } = against(limit);
    return {
      name: `replay of ${events.toLocaleString('en-US')} events into the model of ${messagesProjection.name}`,
      durability: null,
      unit: '/s',
      ours,
      limit: { of, value },
      ratio,
      asked: null,
      checks,
      details: cpuDetails(rounds.map(({ cpuMs }) => ({ requests: events, cpuMs }))),
    };
  };
  return [
    {
      ...figure('COPY of the same rows, then their indexes', ({ copyMs }) => copyMs),
      asked: { kind: 'ratio', atLeast: 0.7 },
    },
    {
      ...figure('the same events read and decoded alone', ({ readMs }) => readMs),
      asked: { kind: 'value', atLeast: 80_000 },
    },
  ];
};

const memoryFigure = (small: Memory, large: Memory): Figure => ({
  name: `memory of a replay of ${large.events.toLocaleString('en-US')} events, at most`,
  durability: null,
  unit: 'MB',
  ours: large.peakMb,
  limit: { of: `of ${small.events.toLocaleString('en-US')} events`, value: small.peakMb },
  ratio: large.peakMb / small.peakMb,
  asked: { kind: 'ratio', atMost: 1.25 },
  checks: [...small.checks, ...large.checks],
});
