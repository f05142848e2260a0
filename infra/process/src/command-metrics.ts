import { type CommandClient, CommandTimeout, type DecidedBatch, LogUnavailable } from '@palaver/decider';
import { Counter, Histogram, type Metrics } from '@palaver/runtime';

/** Counts the commands that are decided here, by type and what came of them. Types are those that the decider knows, all others are one. */
export const measureDecisions = (metrics: Metrics): ((batch: DecidedBatch) => void) => {
  /** By type and outcome. Added up here, for labels cost more than a decision may: they are looked up by a text made of them. */
  const counts = new Map<string, Map<string, number>>();
  new Counter({
    name: 'decider_commands_total',
    help: 'Commands decided: accepted, refused, repeated (the first answer was given again), faulty.',
    labelNames: ['type', 'outcome'],
    registers: [metrics],
    collect() {
      this.reset();
      for (const [type, outcomes] of counts)
        for (const [outcome, count] of outcomes) this.inc({ type, outcome }, count);
    },
  });
  return ({ decided }) => {
    for (const { type, seen } of decided) {
      if (seen === 'skipped') continue;
      const known = type ?? 'unknown';
      const outcomes = counts.get(known) ?? new Map<string, number>();
      counts.set(known, outcomes.set(seen, (outcomes.get(seen) ?? 0) + 1));
    }
  };
};

/** Measures the commands that are given here, whoever decides them. */
export const measureCommands = (commands: CommandClient, metrics: Metrics): CommandClient => {
  const durations = new Histogram({
    name: 'command_duration_seconds',
    help: 'Time from giving a command to the log until its reply, or until none is waited for any more.',
    labelNames: ['type', 'outcome'],
    buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [metrics],
  });
  return {
    ...commands,
    submit: async (command, options) => {
      const startedMs = performance.now();
      const observe = (outcome: string): void =>
        durations.observe({ type: command.type, outcome }, (performance.now() - startedMs) / 1_000);
      try {
        const reply = await commands.submit(command, options);
        observe(reply.outcome.kind);
        return reply;
      } catch (error) {
        observe(failureOf(error));
        throw error;
      }
    },
  };
};

const failureOf = (error: unknown): string => {
  if (error instanceof CommandTimeout) return 'timeout';
  return error instanceof LogUnavailable ? 'unavailable' : 'failed';
};
