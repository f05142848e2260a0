import { type CommandClient, commandClient, createReplies, fingerprint, newId } from '@palaver/decider';
import { avroCodec, kafkaLog } from '@palaver/event-log';
import { commandSchemas, type ServersCommand } from '@palaver/schemas';
import { serversDecider } from '@palaver/service-servers';
import { deploySchemas, deployTopics } from '../house/deploy.ts';
import type { Arena } from './arena.ts';
import { type Check, equal, type Figure } from './figures.ts';
import { percentile } from './statistics.ts';
import type { ServersProcessorCalls } from './workers/servers-processor.ts';

/**
 * A server that grows: 500 channels, and 100,000 members who join by one invite. What a join takes, and what the processor holds, is
 * measured while it is small and while it is large.
 */

const channels = 500;
const members = 100_000;
/** More than the states that a partition keeps in memory, so that what is forgotten is part of what is measured. */
const half = members / 2;
const measured = 2_000;
const inFlight = 256;
const timeoutMs = 30_000;

type Latency = { readonly p50Ms: number; readonly p99Ms: number };
type Stage = Latency & { readonly heapMb: number };

export const benchServers = async (arena: Arena): Promise<Figure[]> => {
  const { brokers, registryUrl } = arena.stack;
  await deployTopics(arena.stack);
  await deploySchemas(arena.stack);
  const processor = arena.worker<ServersProcessorCalls>('servers-processor');
  await processor.ask.start({ brokers, registryUrl, postgresUrl: await arena.database('bench_servers') });
  const log = kafkaLog({ brokers, clientId: 'bench-servers' });
  const codec = await avroCodec({ registryUrl, schemas: commandSchemas.servers });
  const client = await commandClient({ log, decider: serversDecider, codec, replies: createReplies(newId()) });
  try {
    const server = await newServer(client);
    let joined = 0;
    const join = (): Promise<void> => {
      joined += 1;
      return server.join();
    };
    const grow = async (to: number): Promise<void> => {
      arena.say(`a server grows to ${to.toLocaleString('en-US')} members`);
      const keepJoining = async (): Promise<void> => {
        while (joined < to) await join();
      };
      await Promise.all(Array.from({ length: inFlight }, keepJoining));
    };
    const measure = async (): Promise<Stage> => ({
      ...(await latencyOf(join)),
      heapMb: await processor.ask.heapMb(),
    });
    // Compiles what is hot, as a service that has run for a while has.
    await grow(10_000);
    // One with nobody in it, in the same warm processor: what a join takes where there is nothing to carry.
    const empty = await newServer(client);
    const small = await latencyOf(empty.join);
    await grow(half);
    const middle = await measure();
    await grow(members);
    const large = await measure();
    const refused = server.refused() + empty.refused();
    const checks = [equal('joins refused', 0, refused), equal('conflicts', 0, await processor.ask.conflicts())];
    return [joinFigure({ small, large }, checks), heapFigure({ middle, large }, checks)];
  } finally {
    await client.close();
    await log.close();
    await processor.stop();
  }
};

/** A server with all the channels that it may have. */
const newServer = async (client: CommandClient) => {
  const [id, ownerId, inviteCode] = [newId(), newId(), newId()];
  let refusals = 0;
  const give = async (command: ServersCommand): Promise<void> => {
    const about = { id: newId(), actor: 'bench', timeMs: Date.now(), fingerprint: fingerprint(command) };
    const { outcome } = await client.submit({ ...command, ...about }, { timeoutMs });
    if (outcome.kind === 'refused') refusals += 1;
  };
  await give({
    type: 'CreateServer',
    data: { serverId: id, ownerId, name: 'Crowded', imageUrl: null, imageFileId: null, channelId: newId(), inviteCode },
  });
  for (let count = 1; count < channels; count += 1) {
    const of = { serverId: id, channelId: newId(), by: ownerId, name: `channel ${count}`, type: 'TEXT' } as const;
    const where = { topic: null, categoryId: null, position: null, slowModeSeconds: 0 };
    await give({ type: 'CreateChannel', data: { ...of, ...where } });
  }
  const join = (): Promise<void> =>
    give({ type: 'JoinServer', data: { serverId: id, profileId: newId(), inviteCode } });
  return { join, refused: () => refusals };
};

/** Of so many, one after the other. */
const latencyOf = async (join: () => Promise<void>): Promise<Latency> => {
  const latenciesMs = new Float64Array(measured);
  for (let count = 0; count < measured; count += 1) {
    const startedMs = performance.now();
    await join();
    latenciesMs[count] = performance.now() - startedMs;
  }
  return { p50Ms: percentile(latenciesMs, 50), p99Ms: percentile(latenciesMs, 99) };
};

const joinFigure = ({ small, large }: { small: Latency; large: Latency }, checks: readonly Check[]): Figure => ({
  name: 'join of a server with 100,000 members and 500 channels, p50',
  durability: 'default',
  unit: 'ms',
  ours: large.p50Ms,
  limit: { of: 'join of a server with few members, p50', value: small.p50Ms },
  ratio: large.p50Ms / small.p50Ms,
  asked: { kind: 'value', atMost: 10 },
  checks,
  details: { p99Ms: large.p99Ms, smallP99Ms: small.p99Ms },
});

const heapFigure = ({ middle, large }: { middle: Stage; large: Stage }, checks: readonly Check[]): Figure => ({
  name: 'heap of the processor with 100,000 members',
  durability: null,
  unit: 'MB',
  ours: large.heapMb,
  limit: { of: 'heap with 50,000 members', value: middle.heapMb },
  ratio: large.heapMb / middle.heapMb,
  asked: null,
  checks,
});
