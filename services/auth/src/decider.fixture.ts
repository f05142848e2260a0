import {
  type AnyProcessManager,
  type CausingEvent,
  commandClient,
  createReplies,
  memoryStateStore,
  newId,
  type ProcessManager,
  startProcessManager,
  startProcessor,
} from '@palaver/decider';
import { type Message, memoryBroker, parseEventKey, staticCodec } from '@palaver/event-log';
import { giveCommand } from '@palaver/http';
import { type AuthCommand, type AuthEvent, commandSchemas, eventSchemas } from '@palaver/schemas';
import { onTestFinished } from 'vitest';
import type { Give } from './commands.ts';
import { authDecider } from './decider.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const crashed = (error: Error): never => {
  throw error;
};
const partitions = 8;

/** What a process manager makes of an event. */
export const commandsAfter = ({ commands }: AnyProcessManager, { type, data }: Message): readonly Message[] =>
  commands?.[type]?.(data, {} as CausingEvent) ?? [];

/** This service on the log's twin in memory, until the test ends: its processor and its sender, and a process manager when that is started. */
export const startAuth = async () => {
  const broker = memoryBroker({ partitions });
  const log = broker.log('auth');
  const events = staticCodec<AuthEvent>(eventSchemas.auth);
  const commands = staticCodec<AuthCommand>(commandSchemas.auth);
  const replies = createReplies('auth');
  const own = { log, decider: authDecider, newEpoch: newId, logger: silent, onCrash: crashed };
  const processor = await startProcessor({
    ...own,
    codecs: { commands, events },
    store: memoryStateStore(),
    groupId: 'auth-consumer-group',
    replies,
  });
  onTestFinished(() => processor.close());
  const client = await commandClient({ log, decider: authDecider, codec: commands, replies });
  onTestFinished(() => client.close());
  const everything = (topic: string) =>
    Array.from({ length: partitions }, (_, partition) => broker.records(topic, partition)).flat();
  return {
    give: ((command) => giveCommand(client, command, { timeoutMs: 5_000 })) as Give,
    startManager: async (started: ProcessManager<AuthEvent, AuthCommand>): Promise<void> => {
      const checkpoints = memoryStateStore();
      const groupId = `auth-${started.name}`;
      const topic = 'auth.events';
      const manager = await startProcessManager({
        ...own,
        manager: started,
        groupId,
        topic,
        events,
        commands,
        checkpoints,
      });
      onTestFinished(() => manager.close());
    },
    /** All commands of an id, but for where their replies go. */
    given: (id: string) =>
      everything('auth.commands')
        .filter(({ key }) => key === id)
        .map(({ value, timestampMs, headers: { 'reply-to': _, ...headers } }) => ({ value, timestampMs, headers })),
    /** What has happened on a stream, by type. */
    happened: (stream: string): readonly string[] =>
      everything('auth.events')
        .filter(({ key, value }) => value !== null && parseEventKey(key)?.stream === stream)
        .map(({ value }) => events.decode(value!).type),
  };
};
