import { type CommandClient, commandClient, createReplies, newId } from '@palaver/decider';
import { avroCodec, kafkaLog } from '@palaver/event-log';
import { commandSchemas } from '@palaver/schemas';
import { messagesDecider } from '@palaver/service-messages';
import { type Channel, postCommand, realContents } from '../messages.ts';
import { serveCalls } from '../worker.ts';

/** Posts messages as the service's routes do, by commands, but without HTTP: what fills a channel within minutes. */

export type PosterStart = { readonly brokers: readonly string[]; readonly registryUrl: string };
export type Posting = { readonly channel: Channel; readonly messages: number };
export type Posted = { readonly accepted: number; readonly refused: number; readonly elapsedMs: number };

/** A channel is one partition, so that only large batches are fast. */
const inFlight = 4_000;
const timeoutMs = 60_000;
const nextContent = realContents();
let client: CommandClient;

const calls = {
  start: async ({ brokers, registryUrl }: PosterStart): Promise<void> => {
    const log = kafkaLog({ brokers, clientId: 'bench-poster' });
    const codec = await avroCodec({ registryUrl, schemas: commandSchemas.messages });
    client = await commandClient({ log, decider: messagesDecider, codec, replies: createReplies(newId()) });
  },
  run: async ({ channel, messages }: Posting): Promise<Posted> => {
    const startedMs = performance.now();
    let given = 0;
    let accepted = 0;
    const keepOneInFlight = async (): Promise<void> => {
      while (given < messages) {
        given += 1;
        const { outcome } = await client.submit(postCommand(channel, nextContent()), { timeoutMs });
        if (outcome.kind === 'accepted') accepted += 1;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, keepOneInFlight));
    return { accepted, refused: messages - accepted, elapsedMs: performance.now() - startedMs };
  },
};
export type PosterCalls = typeof calls;

serveCalls(calls);
