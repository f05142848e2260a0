import { avroCodec, type EventLog, TakenRecords } from '@palaver/event-log';
import type { MessagePosted } from '@palaver/schemas';
import { type Check, equal } from './figures.ts';
import { benchSchemas } from './messages.ts';

/** Reads the events of a bench's topics from their beginning, as every reader does, and compares them with what was acknowledged. */
export const checkEvents = async (
  given: { log: EventLog; registryUrl: string; name: string },
  acknowledged: number,
): Promise<Check[]> => {
  const { log, registryUrl, name } = given;
  const topic = `${name}.events`;
  const codec = await avroCodec({ registryUrl, schemas: benchSchemas(name).events });
  const partitions = await log.partitions(topic);
  const taken = Array.from({ length: partitions }, () => new TakenRecords(null));
  const lastSeqs = new Map<string, number>();
  let events = 0;
  let gaps = 0;
  const ranges = taken.map((_, partition) => ({ partition, from: 0 }));
  await log.read(topic, ranges, async ({ partition, records }) => {
    await codec.prepare(records.map(({ value }) => value));
    for (const record of records) {
      if (!taken[partition]!.take(record) || record.value === null) continue;
      const { channelId, seq } = codec.decode(record.value).data as MessagePosted;
      if (seq !== (lastSeqs.get(channelId) ?? 0) + 1) gaps += 1;
      lastSeqs.set(channelId, seq);
      events += 1;
    }
  });
  return [equal('events on the log', acknowledged, events), equal('gaps in the seqs of channels', 0, gaps)];
};
