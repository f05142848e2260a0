import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scenario } from './simulation/scenario.ts';
import { type Mutation, type Scenario, World } from './simulation/world.ts';

/*
 * The real processor and the real fold, under any schedule of crashes, re-deliveries, rebalances, late writers, lost answers,
 * erasure and compaction. What must hold stands in `world.ts`. More runs: PALAVER_SIMULATION_RUNS=100000; the same ones again:
 * PALAVER_SIMULATION_SEED, as printed.
 */
const numRuns = Number(process.env.PALAVER_SIMULATION_RUNS ?? 2_000);
const seed = Number(process.env.PALAVER_SIMULATION_SEED ?? Math.floor(Math.random() * 2 ** 31));

const play = (given: Scenario, without: readonly Mutation[] = []): Promise<void> =>
  new World(given, new Set(without)).run();

test(`no schedule breaks the log's promises (${numRuns} runs, PALAVER_SIMULATION_SEED=${seed})`, {
  timeout: Math.max(120_000, numRuns * 100),
}, async () => {
  console.log(`PALAVER_SIMULATION_SEED=${seed} PALAVER_SIMULATION_RUNS=${numRuns}`);
  await fc.assert(
    fc.asyncProperty(scenario, (given) => play(given)),
    { numRuns, seed },
  );
});

const rules: readonly Mutation[] = ['marker', 'epoch', 'skip', 'order', 'gap check', 'single flight'];

test.each(rules)('leaving out the %s breaks them', { timeout: 120_000 }, async (rule) => {
  const run = await fc.check(
    fc.asyncProperty(scenario, (given) => play(given, [rule])),
    { numRuns: 2_000, seed: 1, endOnFailure: true },
  );
  expect(run.failed, `${run.numRuns} runs without the ${rule} broke nothing`).toBe(true);
  console.log(`without the ${rule}: run ${run.numRuns} fails: ${(run.errorInstance as Error).message}`);
});
