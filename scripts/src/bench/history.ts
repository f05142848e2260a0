import { setTimeout as delay } from 'node:timers/promises';
import { modelPool } from '@palaver/projector';
import { createApi } from '../api.ts';
import { done, headersOf } from '../client/client.ts';
import { models } from '../models.ts';
import { type Arena, benchedProcesses, countedLimits, pidsOf, setDurability } from './arena.ts';
import { type Check, equal, type Figure } from './figures.ts';
import { type Answers, answersPerSecond } from './load.ts';
import type { BenchOptions } from './options.ts';
import { median, overRounds, type Pair, percentile } from './statistics.ts';
import { cpuDetails, withCpu } from './usage.ts';
import type { Worker } from './worker.ts';
import type { LoadCalls } from './workers/load.ts';
import type { PageReaderCalls, PagesRead } from './workers/page-reader.ts';
import type { PosterCalls } from './workers/poster.ts';

/**
 * Reads pages of a small channel and of a large one, anywhere in them:
 *
 *   statement  worker ──▶ Postgres
 *   direct     load ──▶ messages service ──▶ Postgres
 *   gateway    load ──▶ gateway ──▶ messages service ──▶ Postgres
 */
export const benchHistory = async (arena: Arena, options: BenchOptions): Promise<Figure[]> => {
  arena.say('start all processes');
  await arena.startProcesses(benchedProcesses, countedLimits);
  await setDurability(arena.stack, 'default');
  const load = arena.worker<LoadCalls>('load');
  const { house, filling } = await openHouse(arena, { load, messages: options.messages });
  const { profileId, large } = house;
  const statement = arena.worker<PageReaderCalls>('page-reader');
  // The same for the statement and for the service, so that they find as much in memory.
  const before = placesIn(large, placesRead);
  const postgresUrl = arena.stack.postgresUrl(models.messages!.database);
  await statement.ask.start({ postgresUrl, profileId, channelId: large.id, limit: pageSize, before });
  arena.say('warm up');
  await statement.ask.run({ inFlight: manyConnections, seconds: warmUpSeconds });
  for (const target of ['direct', 'gateway'] as const)
    for (const channel of [house.small, large])
      await read(house, { target, channel, connections: manyConnections, seconds: warmUpSeconds });
  const latencies: LatencyRound[] = [];
  const throughputs: ThroughputRound[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    arena.say(`pages of a small and of a large channel in turns, round ${round}`);
    latencies.push(await latencyRound(house, options.seconds));
    arena.say(`pages of the large channel, ${manyConnections} clients, round ${round}`);
    throughputs.push(await throughputRound(house, { statement, before, seconds: options.seconds }));
  }
  const checks = [...filling, ...(await checkPages(house)), equal('requests refused', 0, house.counted.refused)];
  await Promise.all([load.stop(), statement.stop()]);
  return [...latencyFigures(latencies, { large, checks }), ...throughputFigures(throughputs, checks)];
};

const smallChannel = 100;
const pageSize = 50;
/** So few that latency is seen, and not how long requests wait for each other. */
const fewConnections = 4;
const manyConnections = 32;
const warmUpSeconds = 4;
/** Of each channel in a round: short ones, so that a busy moment of the machine hits both. */
const turns = 4;
/** Different pages in one measurement, and in the sample whose answers are looked at. */
const placesRead = 4_000;
const placesChecked = 200;

type Filled = { readonly id: string; readonly messages: number };
type TargetName = 'direct' | 'gateway';
type House = {
  readonly arena: Arena;
  readonly load: Worker<LoadCalls>;
  readonly profileId: string;
  readonly token: string;
  readonly small: Filled;
  readonly large: Filled;
  readonly targets: Readonly<Record<TargetName, string>>;
  readonly counted: { refused: number };
};

/** A server with two channels, with so many messages in the large one. */
const openHouse = async (
  arena: Arena,
  { load, messages }: { load: Worker<LoadCalls>; messages: number },
): Promise<{ house: House; filling: Check[] }> => {
  const { ports } = arena.settings;
  const gatewayUrl = `http://127.0.0.1:${ports.gateway}`;
  const api = createApi({ gatewayUrl });
  const account = { name: 'reader', email: 'reader@bench.example', password: 'correct horse battery' };
  const { accessToken: token, profileId } = await api.enter(account);
  const headers = headersOf({ token });
  const { body: server } = await done(api.client.POST('/servers', { headers, body: { name: 'Library' } }));
  const params = { path: { serverId: server.id } };
  const { body: second } = await done(
    api.client.POST('/servers/{serverId}/channels', { params, headers, body: { name: 'large' } }),
  );
  const small = { id: server.channels[0]!.id, messages: smallChannel };
  const large = { id: second.id, messages };
  const filling = await fill(arena, [small, large], { serverId: server.id, authorId: profileId });
  const house = {
    arena,
    load,
    profileId,
    // Filling may take as long as a token lives.
    token: (await api.signIn(account)).accessToken,
    small,
    large,
    targets: { direct: `http://127.0.0.1:${ports.messages}`, gateway: `${gatewayUrl}/api` },
    counted: { refused: 0 },
  };
  return { house, filling };
};

/** Posts messages until the channels are full, and waits until the read model shows them. */
const fill = async (
  arena: Arena,
  channels: readonly Filled[],
  of: { serverId: string; authorId: string },
): Promise<Check[]> => {
  const { brokers, registryUrl } = arena.stack;
  const poster = arena.worker<PosterCalls>('poster');
  await poster.ask.start({ brokers, registryUrl });
  const checks: Check[] = [];
  for (const { id, messages } of channels) {
    arena.say(`post ${messages.toLocaleString('en-US')} messages`);
    const { refused, elapsedMs } = await poster.ask.run({ channel: { ...of, channelId: id }, messages });
    arena.say(`${Math.round(messages / (elapsedMs / 1_000)).toLocaleString('en-US')} posted a second`);
    checks.push(equal('messages refused', 0, refused));
  }
  await poster.stop();
  for (const channel of channels) checks.push(...(await checkModel(arena, channel)));
  return checks;
};

const visibleWithinMs = 300_000;

/** Once the last message is in the model, or time is up. */
const checkModel = async (arena: Arena, { id, messages }: Filled): Promise<Check[]> => {
  const pool = modelPool({ connectionString: arena.stack.postgresUrl(models.messages!.database), max: 1 });
  const number = async (what: string): Promise<number> => {
    const { rows } = await pool.query<{ n: string }>(`select ${what} as n from message where channel_id = $1`, [id]);
    return Number(rows[0]!.n);
  };
  try {
    const deadline = Date.now() + visibleWithinMs;
    while ((await number('max(seq)')) < messages && Date.now() < deadline) await delay(200);
    return [
      equal('messages in the model', messages, await number('count(*)')),
      equal('last seq', messages, await number('max(seq)')),
    ];
  } finally {
    await pool.end();
  }
};

/** Seqs with more than a page before them: every page is full, and of every channel alike one message more is looked at. */
const placesIn = ({ messages }: Filled, count: number): number[] => {
  const first = pageSize + 2;
  return Array.from({ length: count }, () => first + Math.floor(Math.random() * (messages + 2 - first)));
};

const pathOf = ({ id }: Filled, before: number): string =>
  `/channels/${id}/messages?limit=${pageSize}&before=${before}`;

type Reading = {
  readonly target: TargetName;
  readonly channel: Filled;
  /** Any, unless they are given. */
  readonly before?: readonly number[];
  readonly connections: number;
  readonly seconds: number;
};

const read = async ({ load, targets, token, counted }: House, reading: Reading): Promise<Answers> => {
  const { target, channel, before = placesIn(channel, placesRead), ...how } = reading;
  const { origin, pathname } = new URL(targets[target]);
  const prefix = pathname === '/' ? '' : pathname;
  const requests = before.map((seq) => ({ path: prefix + pathOf(channel, seq), token }));
  const answers = await load.ask.run({ ...how, url: origin, requests });
  counted.refused += answers.latenciesMs.length - (answers.statuses[200] ?? 0);
  return answers;
};

/** Each page of a sample holds the messages just before its place, newest first. */
const checkPages = async ({ targets, token, small, large }: House): Promise<Check[]> => {
  const checks: Check[] = [];
  for (const [target, url] of Object.entries(targets)) {
    let right = 0;
    for (const channel of [small, large]) {
      for (const before of placesIn(channel, placesChecked)) {
        const answer = await fetch(url + pathOf(channel, before), { headers: { authorization: `Bearer ${token}` } });
        const { items } = (await answer.json()) as { items: { seq: number; channelId: string }[] };
        const expected = Array.from({ length: pageSize }, (_, index) => before - 1 - index);
        if (items.length === pageSize && items.every(({ seq }, index) => seq === expected[index])) right += 1;
      }
    }
    checks.push(equal(`pages as expected, ${target}`, 2 * placesChecked, right));
  }
  return checks;
};

/** Latencies in each channel, ms. */
type LatencyRound = { readonly small: Float64Array; readonly large: Float64Array };

const latencyRound = async (house: House, seconds: number): Promise<LatencyRound> => {
  const small: number[] = [];
  const large: number[] = [];
  const how = { target: 'direct', connections: fewConnections, seconds: seconds / 2 } as const;
  for (let turn = 0; turn < turns; turn += 1) {
    small.push(...(await read(house, { ...how, channel: house.small })).latenciesMs);
    large.push(...(await read(house, { ...how, channel: house.large })).latenciesMs);
  }
  return { small: Float64Array.from(small), large: Float64Array.from(large) };
};

type Cpu = { readonly cpuMs: Readonly<Record<string, number>> };
type ThroughputRound = {
  readonly statement: PagesRead;
  readonly direct: Answers & Cpu;
  readonly gateway: Answers & Cpu;
};

const throughputRound = async (
  house: House,
  given: { statement: Worker<PageReaderCalls>; before: readonly number[]; seconds: number },
): Promise<ThroughputRound> => {
  const { statement, before, seconds } = given;
  const pids = () => pidsOf(house.arena, { load: house.load.pid });
  const from = async (target: TargetName): Promise<Answers & Cpu> => {
    const reading = { target, channel: house.large, before, connections: manyConnections, seconds };
    const { value, cpuMs } = await withCpu(pids, () => read(house, reading));
    return { ...value, cpuMs };
  };
  return {
    statement: await statement.ask.run({ inFlight: manyConnections, seconds }),
    direct: await from('direct'),
    gateway: await from('gateway'),
  };
};

const latencyFigures = (
  rounds: readonly LatencyRound[],
  { large, checks }: { large: Filled; checks: readonly Check[] },
): Figure[] =>
  ([50, 99] as const).map((percent) => {
    const { ours, limit, ratio } = overRounds(
      rounds.map((round) => ({ ours: percentile(round.large, percent), limit: percentile(round.small, percent) })),
    );
    return {
      name: `page of ${pageSize} in a channel of ${large.messages.toLocaleString('en-US')} messages, p${percent}`,
      durability: null,
      unit: 'ms',
      ours,
      limit: { of: `in a channel of ${smallChannel}, p${percent}`, value: limit },
      ratio,
      asked: percent === 99 ? { kind: 'ratio', atMost: 1.5 } : null,
      checks,
      details: { pages: rounds.reduce((sum, round) => sum + round.large.length, 0) },
    };
  });

const throughputFigures = (rounds: readonly ThroughputRound[], checks: readonly Check[]): Figure[] => {
  const figure = (target: TargetName, of: string, limitOf: (round: ThroughputRound) => number): Figure => {
    const { ours, limit, ratio } = overRounds(
      rounds.map((round): Pair => ({ ours: answersPerSecond(round[target]), limit: limitOf(round) })),
    );
    const latency = (percent: number) => median(rounds.map((round) => percentile(round[target].latenciesMs, percent)));
    return {
      name: `pages of history ${target === 'direct' ? 'from the service' : 'through the gateway'}, ${manyConnections} clients`,
      durability: null,
      unit: '/s',
      ours,
      limit: { of, value: limit },
      ratio,
      asked: null,
      checks,
      details: {
        p50Ms: latency(50),
        p99Ms: latency(99),
        ...cpuDetails(
          rounds.map((round) => ({ requests: round[target].latenciesMs.length, cpuMs: round[target].cpuMs })),
        ),
      },
    };
  };
  return [
    figure(
      'direct',
      "the page's statement alone, by pg",
      ({ statement }) => statement.pages / (statement.elapsedMs / 1_000),
    ),
    figure('gateway', 'from the service', ({ direct }) => answersPerSecond(direct)),
  ];
};
