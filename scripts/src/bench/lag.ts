import { modelPool } from '@palaver/projector';
import { models } from '../models.ts';
import { type Arena, benchedProcesses, pidsOf } from './arena.ts';
import { type Check, equal, type Figure } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { overRounds, percentile } from './statistics.ts';
import { cpuDetails, withCpu } from './usage.ts';
import type { LagCalls, LagResult } from './workers/lag.ts';

/** How long after its acknowledgement a message can be read, while the service decides and the worker folds at a fixed rate. */

const perSecond = 500;
/** Times `--seconds`: percentiles of many, and none of a warm-up. */
const longer = 10;
const warmUpSeconds = 8;

export const benchLag = async (arena: Arena, options: BenchOptions): Promise<Figure[]> => {
  arena.say('start all processes');
  await arena.startProcesses(benchedProcesses);
  const { brokers, registryUrl } = arena.stack;
  const postgresUrl = arena.stack.postgresUrl(models.messages!.database);
  const before = await messagesIn(postgresUrl);
  const worker = arena.worker<LagCalls>('lag');
  await worker.ask.start({ brokers, registryUrl, postgresUrl });
  let accepted = 0;
  const run = async (seconds: number): Promise<LagResult> => {
    const result = await worker.ask.run({ perSecond, seconds });
    accepted += result.accepted;
    return result;
  };
  await run(warmUpSeconds);
  await worker.ask.limit({ perSecond, seconds: warmUpSeconds / 2 });
  const seconds = options.seconds * longer;
  const rounds: Round[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    arena.say(`${perSecond} commands/s for ${seconds} s, round ${round}`);
    const { value: ours, cpuMs } = await withCpu(
      () => pidsOf(arena, { load: worker.pid }),
      () => run(seconds),
    );
    rounds.push({ ours, cpuMs, limit: await worker.ask.limit({ perSecond, seconds: seconds / 4 }) });
  }
  await worker.stop();
  const unseen = rounds.reduce((sum, { ours, limit }) => sum + ours.unseen + limit.unseen, 0);
  const checks = [
    equal('not found by a query that had waited', 0, unseen),
    equal('messages in the model', before + accepted, await messagesIn(postgresUrl)),
  ];
  return lagFigures(rounds, checks);
};

const messagesIn = async (postgresUrl: string): Promise<number> => {
  const pool = modelPool({ connectionString: postgresUrl, max: 1 });
  const { rows } = await pool.query<{ count: string }>('select count(*) from message').finally(() => pool.end());
  return Number(rows[0]!.count);
};

type Round = {
  readonly ours: LagResult;
  readonly limit: LagResult;
  readonly cpuMs: Readonly<Record<string, number>>;
};

const asked = { 50: 15, 99: 60 } as const;

const lagFigures = (rounds: readonly Round[], checks: readonly Check[]): Figure[] =>
  ([50, 99] as const).map((percent) => {
    const { ours, limit, ratio } = overRounds(
      rounds.map((round) => ({
        ours: percentile(round.ours.lagsMs, percent),
        limit: percentile(round.limit.lagsMs, percent),
      })),
    );
    return {
      name: `acknowledged -> visible at ${perSecond} commands/s, p${percent}`,
      durability: 'default',
      unit: 'ms',
      ours,
      limit: { of: `insert by pg -> heard of and visible, p${percent}`, value: limit },
      ratio,
      asked: { kind: 'value', atMost: asked[percent] },
      checks,
      details: cpuDetails(rounds.map((round) => ({ requests: round.ours.accepted, cpuMs: round.cpuMs }))),
    };
  });
