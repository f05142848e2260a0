import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createApi } from '../api.ts';
import { done, headersOf } from '../client/client.ts';
import { keepSecrets } from '../house/secrets.ts';
import { models } from '../models.ts';
import { type Arena, benchedProcesses, countedLimits, pidsOf, setDurability } from './arena.ts';
import { type Check, type Durability, equal, type Figure } from './figures.ts';
import { type Answers, answersPerSecond } from './load.ts';
import { realContents } from './messages.ts';
import type { BenchOptions } from './options.ts';
import { median, overRounds, type Pair, percentile } from './statistics.ts';
import { cpuDetails, groupResidentBytes, type Pids, withCpu } from './usage.ts';
import type { Worker } from './worker.ts';
import type { LimitAppCalls } from './workers/limit-app.ts';
import type { LoadCalls, LoadOptions } from './workers/load.ts';

/**
 * Posts messages over HTTP, as many channels' authors at once:
 *
 *   limit    load ──▶ the same app, without the append
 *   direct   load ──▶ messages service ──▶ log ──▶ ...
 *   gateway  load ──▶ gateway ──▶ messages service ──▶ log ──▶ ...
 */
export const benchHttp = async (arena: Arena, options: BenchOptions): Promise<Figure[]> => {
  arena.say('start all processes');
  await arena.startProcesses(benchedProcesses, countedLimits);
  const secrets = await keepSecrets(arena.settings.dataDir);
  const limitApp = arena.worker<LimitAppCalls>('limit-app');
  const load = arena.worker<LoadCalls>('load');
  const { ports } = arena.settings;
  const postgresUrl = arena.stack.postgresUrl(models.messages!.database);
  const gatewayUrl = `http://127.0.0.1:${ports.gateway}`;
  const house: House = {
    arena,
    load,
    pids: () => pidsOf(arena, { 'limit app': limitApp.pid, load: load.pid }),
    posts: await openChannels(gatewayUrl),
    targets: {
      limit: { url: await limitApp.ask.start({ jwksFile: secrets.publicKeys, postgresUrl }), prefix: '' },
      direct: { url: `http://127.0.0.1:${ports.messages}`, prefix: '' },
      gateway: { url: gatewayUrl, prefix: '/api' },
    },
    counted: { acknowledged: 0, refused: 0 },
    loaded: {},
  };
  const figures: Figure[] = [];
  arena.say('warm up');
  for (const target of ['limit', 'direct', 'gateway'] as const)
    await send(house, target, { connections: fewClients, seconds: warmUpSeconds[target] });
  for (const durability of options.durabilities) figures.push(...(await benchDurability(house, options, durability)));
  await Promise.all([limitApp.stop(), load.stop()]);
  return [...figures, ...memoryFigures(house)];
};

const fewClients = 64;
const manyClients = 512;
/** The broker's compiler is busy for the first half minute under load, and takes more of a core than the broker itself meanwhile. */
const warmUpSeconds = { limit: 4, direct: 15, gateway: 15 } as const;
const channelCount = 16;
const postsPerChannel = 64;
/** Enough that a request which is due finds one free unless answers take a quarter of a second. */
const openLoopConnections = 256;
const rates = [200, 1_000];

type TargetName = 'limit' | 'direct' | 'gateway';
type Post = {
  readonly channelId: string;
  readonly path: string;
  readonly token: string;
  readonly body: { readonly content: string };
};
type House = {
  readonly arena: Arena;
  readonly load: Worker<LoadCalls>;
  readonly pids: () => Pids;
  readonly posts: readonly Post[];
  readonly targets: Readonly<Record<TargetName, { readonly url: string; readonly prefix: string }>>;
  /** Of all that was sent to the service, directly or through the gateway. */
  readonly counted: { acknowledged: number; refused: number };
  /** The most memory that was seen of each process under load, bytes. */
  readonly loaded: Record<string, number>;
};

/** One author for each channel, so that the posts spread over partitions. */
const openChannels = async (gatewayUrl: string): Promise<Post[]> => {
  const api = createApi({ gatewayUrl });
  const nextContent = realContents();
  const posts: Post[] = [];
  for (let index = 0; index < channelCount; index += 1) {
    const account = {
      name: `author-${index}`,
      email: `author-${index}@bench.example`,
      password: 'correct horse battery',
    };
    const { accessToken: token } = await api.enter(account);
    const { body: server, position } = await done(
      api.client.POST('/servers', { headers: headersOf({ token }), body: { name: `Server ${index}` } }),
    );
    const channelId = server.channels[0]!.id;
    const path = `/channels/${channelId}/messages`;
    const params = { path: { channelId } };
    await done(api.client.GET('/channels/{channelId}/messages', { params, headers: headersOf({ token, position }) }));
    for (let post = 0; post < postsPerChannel; post += 1)
      posts.push({ channelId, path, token, body: { content: nextContent() } });
  }
  return interleaved(posts);
};

/** The posts of a channel are apart from each other. */
const interleaved = (posts: readonly Post[]): Post[] =>
  posts.map((_, index) => posts[(index % channelCount) * postsPerChannel + Math.floor(index / channelCount)]!);

type Sent = Answers & { readonly cpuMs: Readonly<Record<string, number>> };

const send = async (
  { load, pids, posts, targets, counted, loaded }: House,
  target: TargetName,
  how: Pick<LoadOptions, 'connections' | 'seconds' | 'perSecond'>,
): Promise<Sent> => {
  const { url, prefix } = targets[target];
  const { value: answers, cpuMs } = await withCpu(pids, () =>
    load.ask.run({ ...how, url, requests: posts.map((post) => ({ ...post, path: prefix + post.path })) }),
  );
  const acknowledged = answers.statuses[201] ?? 0;
  if (target === 'limit') {
    if (acknowledged < answers.latenciesMs.length)
      throw new Error(`the limit app answered ${JSON.stringify(answers.statuses)}`);
  } else {
    counted.acknowledged += acknowledged;
    counted.refused += answers.latenciesMs.length - acknowledged;
    for (const [name, bytes] of memoryOf(pids())) loaded[name] = Math.max(loaded[name] ?? 0, bytes);
  }
  return { ...answers, cpuMs };
};

const benchDurability = async (house: House, options: BenchOptions, durability: Durability): Promise<Figure[]> => {
  const { arena } = house;
  await setDurability(arena.stack, durability);
  const few: FewRound[] = [];
  const many: ClosedRound[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    arena.say(`${fewClients} and ${manyClients} clients, ${durability}, round ${round}`);
    const limit = await send(house, 'limit', { connections: fewClients, seconds: options.seconds });
    few.push({ limit, ...(await closedRound(house, fewClients, options.seconds)) });
    many.push(await closedRound(house, manyClients, options.seconds));
  }
  const open: OpenRate[] = [];
  for (const rate of rates) {
    arena.say(`${rate} requests/s, ${durability}`);
    const how = { connections: openLoopConnections, seconds: options.seconds, perSecond: rate };
    const rounds: OpenRate['rounds'][number][] = [];
    for (let round = 0; round < options.rounds; round += 1)
      rounds.push({ limit: await send(house, 'limit', how), gateway: await send(house, 'gateway', how) });
    open.push({ rate, rounds });
  }
  const checks = await checkModel(house);
  const common = { durability, checks };
  return [
    serviceFigure(few, common),
    ...gatewayFigures(few, { ...common, clients: fewClients }),
    ...gatewayFigures(many, { ...common, clients: manyClients }),
    ...open.map((one) => openFigure(one, common)),
  ];
};

const closedRound = async (house: House, connections: number, seconds: number): Promise<ClosedRound> => {
  const direct = await send(house, 'direct', { connections, seconds });
  return { direct, gateway: await send(house, 'gateway', { connections, seconds }) };
};

type ClosedRound = { readonly direct: Sent; readonly gateway: Sent };
type FewRound = ClosedRound & { readonly limit: Sent };
type Common = Pick<Figure, 'durability' | 'checks'>;
type OpenRate = { readonly rate: number; readonly rounds: { readonly limit: Sent; readonly gateway: Sent }[] };

const visibleWithinMs = 60_000;

/** Waits until the read model shows as many messages as were acknowledged, or time is up. */
const checkModel = async ({ arena, counted, posts }: House): Promise<Check[]> => {
  const channelIds = [...new Set(posts.map(({ channelId }) => channelId))];
  const client = new pg.Client({ connectionString: arena.stack.postgresUrl('palaver_messages') });
  await client.connect();
  try {
    const count = async () => {
      const { rows } = await client.query<{ rows: string; gaps: string }>(
        `select sum(messages) as rows, sum(last_seq - messages) as gaps
         from (select count(*) as messages, max(seq) as last_seq from model.message
               where channel_id = any($1) group by channel_id) channels`,
        [channelIds],
      );
      return { rows: Number(rows[0]!.rows), gaps: Number(rows[0]!.gaps) };
    };
    const deadline = Date.now() + visibleWithinMs;
    let found = await count();
    for (; found.rows < counted.acknowledged && Date.now() < deadline; found = await count()) await delay(200);
    return [
      equal('messages in the model', counted.acknowledged, found.rows),
      equal('gaps in the seqs of channels', 0, found.gaps),
      equal('requests refused', 0, counted.refused),
    ];
  } finally {
    await client.end();
  }
};

const serviceFigure = (rounds: readonly FewRound[], common: Common): Figure => {
  const { ours, limit, ratio } = overRounds(
    rounds.map(({ direct, limit }) => ({ ours: answersPerSecond(direct), limit: answersPerSecond(limit) })),
  );
  return {
    ...common,
    name: `messages posted to the service, ${fewClients} clients`,
    unit: '/s',
    ours,
    limit: { of: 'the same app without the append', value: limit },
    ratio,
    asked: { kind: 'ratio', atLeast: 0.6 },
    details: {
      ...latencyDetails(rounds.map((round) => round.direct)),
      ...prefixed('limit: ', cpuOf(rounds.map(({ limit }) => limit))),
    },
  };
};

/** What the gateway adds: how many posts, and how long each takes. */
const gatewayFigures = (
  rounds: readonly ClosedRound[],
  { clients, ...common }: Common & { clients: number },
): Figure[] => {
  const beside = (measure: (sent: Sent) => number): Pick<Figure, 'ours' | 'limit' | 'ratio'> => {
    const pairs = rounds.map(({ gateway, direct }): Pair => ({ ours: measure(gateway), limit: measure(direct) }));
    const { ours, limit, ratio } = overRounds(pairs);
    return { ours, limit: { of: 'straight to the service', value: limit }, ratio };
  };
  const latency = (percent: number): Figure => ({
    ...common,
    ...beside(({ latenciesMs }) => percentile(latenciesMs, percent)),
    name: `p${percent} through the gateway, ${clients} clients`,
    unit: 'ms',
    asked: null,
  });
  return [
    {
      ...common,
      ...beside(answersPerSecond),
      name: `messages posted through the gateway, ${clients} clients`,
      unit: '/s',
      asked: { kind: 'ratio', atLeast: 0.6 },
      details: latencyDetails(rounds.map(({ gateway }) => gateway)),
    },
    latency(50),
    latency(99),
  ];
};

const openFigure = ({ rate, rounds }: OpenRate, common: Common): Figure => {
  const { ours, limit, ratio } = overRounds(
    rounds.map(({ gateway, limit }) => ({
      ours: percentile(gateway.latenciesMs, 99),
      limit: percentile(limit.latenciesMs, 99),
    })),
  );
  return {
    ...common,
    name: `p99 through the gateway at ${rate.toLocaleString('en-US')} posts/s`,
    unit: 'ms',
    ours,
    limit: { of: 'the same app without the append, p99', value: limit },
    ratio,
    asked: { kind: 'value', atMost: 50 },
    details: latencyDetails(rounds.map(({ gateway }) => gateway)),
  };
};

const latencyDetails = (sent: readonly Sent[]): Record<string, number> => ({
  p50Ms: median(sent.map(({ latenciesMs }) => percentile(latenciesMs, 50))),
  p99Ms: median(sent.map(({ latenciesMs }) => percentile(latenciesMs, 99))),
  maxMs: Math.max(...sent.map(({ latenciesMs }) => percentile(latenciesMs, 100))),
  ...cpuOf(sent),
});

const cpuOf = (sent: readonly Sent[]): Record<string, number> =>
  cpuDetails(sent.map(({ latenciesMs, cpuMs }) => ({ requests: latenciesMs.length, cpuMs })));

const prefixed = (prefix: string, details: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(details).map(([name, value]) => [prefix + name, value]));

const memoryOf = (pids: Pids): [string, number][] =>
  Object.entries(pids).flatMap(([name, group]): [string, number][] => {
    const bytes = groupResidentBytes(group);
    return bytes === null ? [] : [[name, bytes]];
  });

const megabyte = 1_024 * 1_024;

const memoryFigures = ({ arena, loaded }: House): Figure[] =>
  memoryOf(pidsOf(arena, {})).map(([name, bytes]) => ({
    name: `memory of ${name} under load`,
    durability: null,
    unit: 'MB',
    ours: (loaded[name] ?? bytes) / megabyte,
    limit: null,
    ratio: null,
    asked: null,
    checks: [],
    details: { atTheEndMb: Math.round(bytes / megabyte) },
  }));
