import { type Codec, type LogRecord, UndecodableRecord } from '@palaver/event-log';

/**
 * Lets the codec learn what it needs for these records. A record that cannot be decoded does not keep the others from it: it is
 * found out when it is decoded. Throws what else the codec throws, such as that the registry is away.
 */
export const prepareRecords = async (codec: Codec, records: readonly LogRecord[]): Promise<void> => {
  const tolerant = async (values: readonly (Uint8Array | null)[]): Promise<boolean> => {
    try {
      await codec.prepare(values);
      return true;
    } catch (error) {
      if (error instanceof UndecodableRecord) return false;
      throw error;
    }
  };
  if (await tolerant(records.map(({ value }) => value))) return;
  for (const { value } of records) await tolerant([value]);
};
