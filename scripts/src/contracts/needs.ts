import { AvroTables, type RecordSchema } from '@palaver/event-log';
import { allSchemas } from '@palaver/schemas';
import {
  type AvroRecord,
  type Contract,
  fullNameOf,
  merged,
  type RecordHistory,
  type Version,
} from '@palaver/schemas/contracts';
import type { Consumer } from './consumers.ts';
import { type KnownRecords, type Read, samplesFor, tryHandler } from './exploration.ts';
import { samplesOf } from './samples.ts';

/**
 * Hands each consumer what was written in every released version, through bytes and as services read them, upcasters included: who needs a field
 * that a version does not have and nothing gives, or a type that no schema says any more, is found.
 */

/** What a consumer needs and does not get. */
export type Need = {
  readonly consumer: string;
  readonly topic: string;
  readonly record: string;
  /** Null: the whole record. */
  readonly field: string | null;
  /** Those that do not give it; none when no schema says it. */
  readonly versions: readonly number[];
  readonly what: string;
};

/** What is known of today: who reads, what is said, and who reads what. */
type Known = {
  readonly consumers: readonly Consumer[];
  readonly contracts: readonly Contract[];
  readonly records: KnownRecords;
  readonly reads: readonly Read[];
};
type Released = Pick<RecordHistory, 'topic' | 'versions'>;

export const needsOf = (known: Known, history: readonly RecordHistory[]): readonly Need[] => [
  ...unsaid(known),
  ...merged(history.flatMap((released) => needsOfRecord(known, released))),
];

/** Types that a consumer has a handler for, and no schema of its topics says. */
const unsaid = ({ consumers, contracts }: Known): readonly Need[] =>
  consumers.flatMap(({ name, topics, handlers }) =>
    Object.keys(handlers)
      .filter((type) => !contracts.some(({ topic, schema }) => schema.name === type && topics.includes(topic)))
      .map((record) => ({
        consumer: name,
        topic: topics[0]!,
        record,
        field: null,
        versions: [],
        what: 'no schema says it',
      })),
  );

const needsOfRecord = (known: Known, { topic, versions }: Released): readonly Need[] => {
  const ofTopic = known.contracts.filter((contract) => contract.topic === topic);
  return versions.flatMap((version) => {
    const decoded = decodedBy(ofTopic, version, topic);
    return known.consumers
      .filter((consumer) => consumer.topics.includes(topic))
      .flatMap((consumer) => needsOfVersion(known, consumer, { topic, version, decoded }));
  });
};

/** The samples of a version, as a reader of today gets them; null where today's schemas know no such record. */
type Decoded =
  | { readonly type: string; readonly samples: readonly Readonly<Record<string, unknown>>[] }
  | { readonly type: string; readonly error: unknown };

const decodedBy = (contracts: readonly Contract[], { schema }: Version, topic: string): Decoded | null => {
  const fullName = fullNameOf(schema);
  const heir = contracts.find(
    ({ schema: { name, aliases } }) => name === schema.name || aliases?.includes(schema.name),
  );
  if (!heir) return null;
  const type = heir.schema.name;
  const writer = new AvroTables([]);
  writer.addWriting({ topic, fullName, schema }, 1);
  const today = new AvroTables([readerOf(heir)]);
  today.addReading(1, schema);
  try {
    const messages = samplesOf(schema).map((data) => today.decode(writer.encode(topic, { type: schema.name, data })));
    return { type, samples: messages.map(({ data }) => data as Readonly<Record<string, unknown>>) };
  } catch (error) {
    return { type, error };
  }
};

const readerOf = ({ topic, fullName, schema }: Contract): RecordSchema => {
  const found = allSchemas.find((one) => one.topic === topic && one.fullName === fullName);
  return { topic, fullName, schema, upcasters: found?.upcasters ?? [] };
};

type Handed = { readonly topic: string; readonly version: Version; readonly decoded: Decoded | null };

const needsOfVersion = (
  { contracts, records, reads }: Known,
  consumer: Consumer,
  { topic, version: { version, schema }, decoded }: Handed,
): readonly Need[] => {
  const handle = decoded && consumer.handlers[decoded.type];
  if (!handle) return [];
  const need = (field: string | null, what: string): Need => ({
    consumer: consumer.name,
    topic,
    record: decoded.type,
    field,
    versions: [version],
    what,
  });
  const fields = reads.find(
    (one) => one.consumer === consumer && one.topic === topic && one.record === decoded.type,
  )!.fields;
  if ('error' in decoded) {
    const current = contracts.find((one) => one.topic === topic && one.schema.name === decoded.type)!.schema;
    const lacking = fields.filter((field) => !isGiven(field, { by: schema, to: current }));
    if (lacking.length > 0) return lacking.map((field) => need(field, notGiven));
    return [need(null, `it cannot be read: ${messageOf(decoded.error)}`)];
  }
  const samples = samplesFor(consumer, records);
  const tried = decoded.samples.map((data) => ({ data, ...tryHandler(handle, data, samples) }));
  const missing = fields.filter((field) => tried.some(({ data, asked }) => asked.has(field) && !(field in data)));
  if (missing.length > 0) return missing.map((field) => need(field, notGiven));
  const failed = tried.find(({ error }) => error !== null);
  return failed ? [need(null, `it fails on it: ${messageOf(failed.error)}`)] : [];
};

const notGiven = 'nothing gives it';

const isGiven = (name: string, { by, to }: { by: AvroRecord; to: AvroRecord }): boolean => {
  const field = to.fields.find((one) => one.name === name);
  const names = [name, ...(field?.aliases ?? [])];
  return field !== undefined && (field.default !== undefined || by.fields.some((one) => names.includes(one.name)));
};

const messageOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause ? `${message}: ${messageOf(cause)}` : message;
};
