import type { AvroRecord, Contract, RecordHistory } from '@palaver/schemas/contracts';
import type { Consumer, Handler, SamplesOf } from './consumers.ts';
import { recording } from './recording.ts';
import { type Sample, samplesOf } from './samples.ts';

/** Finds what each consumer reads of each record, by handing it samples that tell. */

export type Read = {
  readonly consumer: Consumer;
  readonly topic: string;
  readonly record: string;
  /** In the order of the schema; none where it counts only that it has happened. */
  readonly fields: readonly string[];
};

/** Every record that is or was written, by topic and name, with each field that it has or had. */
export type KnownRecords = ReadonlyMap<string, ReadonlyMap<string, AvroRecord>>;

export const knownRecords = (contracts: readonly Contract[], history: readonly RecordHistory[]): KnownRecords => {
  const known = new Map<string, Map<string, AvroRecord>>();
  const add = (topic: string, schema: AvroRecord): void => {
    const ofTopic = known.get(topic) ?? new Map<string, AvroRecord>();
    known.set(topic, ofTopic);
    const before = ofTopic.get(schema.name);
    ofTopic.set(schema.name, before ? withFieldsOf(before, schema) : schema);
  };
  for (const { topic, schema } of contracts) add(topic, schema);
  for (const { topic, versions } of history) for (const { schema } of versions.toReversed()) add(topic, schema);
  return known;
};

const withFieldsOf = (record: AvroRecord, older: AvroRecord): AvroRecord => {
  const gone = older.fields.filter(({ name }) => !record.fields.some((field) => field.name === name));
  return { ...record, fields: [...record.fields, ...gone] };
};

/** What a handler did with one record: which names it asked for, and what it failed with, if it did. */
export type Tried = { readonly asked: ReadonlySet<string>; readonly error: unknown };

export const tryHandler = (handle: Handler, data: Sample, samples: SamplesOf): Tried => {
  const asked = new Set<string>();
  try {
    // What it hands on, it has read: writing down its result goes through all of that.
    JSON.stringify(
      handle(
        recording(data, (field) => void asked.add(field)),
        samples,
      ),
    );
    return { asked, error: null };
  } catch (error) {
    return { asked, error };
  }
};

/** Samples of the records in a consumer's topics, made once. */
export const samplesFor = ({ topics }: Consumer, records: KnownRecords): SamplesOf => {
  const made = new Map<string, readonly Sample[]>();
  return (type) => {
    const schemas = topics.flatMap((topic) => records.get(topic)?.get(type) ?? []);
    const samples = made.get(type) ?? schemas.flatMap(samplesOf);
    made.set(type, samples);
    return samples;
  };
};

export const readsOf = (consumers: readonly Consumer[], records: KnownRecords): readonly Read[] =>
  consumers.flatMap((consumer) => {
    const samples = samplesFor(consumer, records);
    return consumer.topics.flatMap((topic) =>
      [...(records.get(topic)?.values() ?? [])].flatMap((schema) => {
        const handle = consumer.handlers[schema.name];
        if (!handle) return [];
        const asked = new Set(samplesOf(schema).flatMap((sample) => [...tryHandler(handle, sample, samples).asked]));
        const fields = schema.fields.map(({ name }) => name).filter((name) => asked.has(name));
        return [{ consumer, topic, record: schema.name, fields }];
      }),
    );
  });
