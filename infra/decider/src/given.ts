import type { Message } from '@palaver/event-log';
import type { CommandContext, Decider, Decision, Json, NewEvent } from './decider.ts';

/** When commands of a test are given, unless it says otherwise. */
export const givenTimeMs = Date.UTC(2026, 0, 1);

/**
 * For tests of decisions: given these events, when this command, then exactly this decision. The events are what earlier
 * decisions gave to `accept`, so a test can chain decisions as well as write events out.
 */
export const given = <C extends Message, E extends Message>(decider: Decider<C, E>, events: readonly NewEvent<E>[]) => {
  const states = new Map<string, { state: Json; version: number }>();
  for (const { stream, event } of events) {
    const version = (states.get(stream)?.version ?? 0) + 1;
    const touched = decider.touches?.(event).map((ref) => ref.stream) ?? [];
    for (const name of [stream, ...touched]) {
      const kind = decider.kinds.find((one) => name.startsWith(`${one.kind}:`));
      const fold = kind?.evolve[event.type];
      if (!kind || !fold) throw new Error(`no fold of ${event.type} onto ${name}`);
      const before = states.get(name) ?? { state: kind.initial, version: 0 };
      const meta = { timestampMs: givenTimeMs, version };
      const state = (fold as (state: Json, data: unknown, at: typeof meta) => Json)(before.state, event.data, meta);
      states.set(name, { state, version: name === stream ? version : before.version });
    }
  }
  return {
    when: (command: C, context: Partial<CommandContext> = {}): Decision<E> => {
      const rule = decider.rules[command.type as C['type']];
      const reads = Object.entries(rule.reads(command.data as never));
      const read = reads.map(([name, ref]) => [name, states.get(ref.stream)?.state ?? ref.kind.initial] as const);
      const full = { id: 'command', actor: 'actor', timeMs: givenTimeMs, ...context };
      return rule.decide(Object.fromEntries(read), command.data as never, full);
    },
  };
};
