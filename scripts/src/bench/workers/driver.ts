import { type CommandClient, commandClient, createReplies, type Decider, newId } from '@palaver/decider';
import { avroCodec, kafkaLog } from '@palaver/event-log';
import { benchDecider, benchSchemas, newChannels, postCommand, realContents } from '../messages.ts';
import { serveCalls } from '../worker.ts';

/** Gives commands as a service's edge does, without HTTP: the real command client, with so many in flight. */

export type DriverStart = { readonly name: string; readonly brokers: readonly string[]; readonly registryUrl: string };
export type DriverRun = {
  readonly inFlight: number;
  readonly seconds: number;
};
export type DriverResult = {
  readonly accepted: number;
  readonly refused: number;
  readonly elapsedMs: number;
  readonly latenciesMs: Float64Array;
};

const timeoutMs = 30_000;
const channels = newChannels(64);
const nextContent = realContents();
let client: CommandClient;

const calls = {
  start: async ({ name, brokers, registryUrl }: DriverStart): Promise<void> => {
    client = await commandClient({
      log: kafkaLog({ brokers, clientId: `${name}-driver` }),
      decider: benchDecider(name) as unknown as Decider,
      codec: await avroCodec({ registryUrl, schemas: benchSchemas(name).commands }),
      replies: createReplies(newId()),
    });
  },
  run: async ({ inFlight, seconds }: DriverRun): Promise<DriverResult> => {
    const latenciesMs: number[] = [];
    let refused = 0;
    let given = 0;
    const startedMs = performance.now();
    const endMs = startedMs + seconds * 1_000;
    const keepOneInFlight = async (): Promise<void> => {
      for (let now = performance.now(); now < endMs; now = performance.now()) {
        const command = postCommand(channels[given++ % channels.length]!, nextContent());
        const { outcome } = await client.submit(command, { timeoutMs });
        if (outcome.kind === 'refused') refused += 1;
        else latenciesMs.push(performance.now() - now);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, keepOneInFlight));
    return {
      accepted: latenciesMs.length,
      refused,
      elapsedMs: performance.now() - startedMs,
      latenciesMs: Float64Array.from(latenciesMs),
    };
  },
  close: (): Promise<void> => client.close(),
};
export type DriverCalls = typeof calls;

serveCalls(calls);
