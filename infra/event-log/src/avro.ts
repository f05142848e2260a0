import avsc from 'avsc';
import { type Codec, type Message, UndecodableRecord } from './codec.ts';

/** A record's Avro schema and the topic that it is written to; its subject in the registry is `<topic>-<fullName>`. */
export type RecordSchema = { readonly topic: string; readonly fullName: string; readonly schema: object };

const magicByte = 0;
/** Magic byte and schema id, big-endian: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/ */
const headerBytes = 5;
const scratchBytes = 64 * 1024;

/** What is known of one writer's schema id: how to read what it wrote. */
type Reading = {
  readonly type: string;
  readonly reader: avsc.Type;
  readonly resolver: ReturnType<avsc.Type['createResolver']> | undefined;
};
type Writing = { readonly id: number; readonly type: avsc.Type };

const shortName = (fullName: string): string => fullName.slice(fullName.lastIndexOf('.') + 1);

/** Nullable fields are plain values or null: the only unions that our schemas hold, and 'never' refuses ambiguous ones. */
export const avroType = (schema: object): avsc.Type =>
  avsc.Type.forSchema(
    structuredClone(schema) as avsc.Schema,
    { wrapUnions: 'never', omitRecordMethods: true } as object,
  );

const misfitOf = (type: avsc.Type, data: unknown): string | null => {
  const misfits: string[] = [];
  type.isValid(data, {
    noUndeclaredFields: true,
    errorHook: (path: string[]) => misfits.push(path.join('.')),
  } as object);
  return misfits.length === 0 ? null : misfits.join(', ');
};

const hasHeader = (value: Uint8Array): boolean => value.length >= headerBytes && value[0] === magicByte;

const idOf = (value: Uint8Array): number =>
  ((value[1]! << 24) | (value[2]! << 16) | (value[3]! << 8) | value[4]!) >>> 0;

const asBuffer = (value: Uint8Array): Buffer =>
  Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);

/**
 * Encodes and decodes by tables: (topic, short name) -> id and type, writer's id -> how to read it. Who fills them, the
 * registry or a test, is not its business.
 */
export class AvroTables {
  private readonly readers = new Map<string, avsc.Type>();
  private readonly writings = new Map<string, Map<string, Writing>>();
  private readonly readings = new Map<number, Reading>();
  private scratch = Buffer.allocUnsafe(scratchBytes);

  constructor(schemas: readonly RecordSchema[]) {
    for (const { schema } of schemas) {
      const type = avroType(schema) as avsc.types.RecordType;
      for (const name of [type.name, ...(type.aliases ?? [])]) if (name) this.readers.set(name, type);
    }
  }

  addWriting(schema: RecordSchema, id: number): void {
    const ofTopic = this.writings.get(schema.topic) ?? new Map<string, Writing>();
    this.writings.set(schema.topic, ofTopic);
    ofTopic.set(shortName(schema.fullName), { id, type: avroType(schema.schema) });
  }

  /** A record name that this process does not know is read as it was written: readers pass over types they do not read. */
  addReading(id: number, writerSchema: object): void {
    const writer = avroType(writerSchema) as avsc.types.RecordType;
    const reader = (this.readers.get(writer.name ?? '') ?? writer) as avsc.types.RecordType;
    const resolver = reader === writer ? undefined : reader.createResolver(writer);
    this.readings.set(id, { type: shortName(reader.name ?? ''), reader, resolver });
  }

  unknownIds(values: Iterable<Uint8Array | null>): Set<number> {
    const unknown = new Set<number>();
    for (const value of values) {
      if (value === null || !hasHeader(value)) continue;
      const id = idOf(value);
      if (!this.readings.has(id)) unknown.add(id);
    }
    return unknown;
  }

  encode(topic: string, message: Message): Uint8Array {
    const writing = this.writings.get(topic)?.get(message.type);
    if (!writing) throw new TypeError(`${message.type} is not written to ${topic}`);
    const misfit = misfitOf(writing.type, message.data);
    if (misfit !== null) throw new TypeError(`${message.type} does not fit its schema at ${misfit}`);
    let end = this.write(writing, message.data);
    if (end < 0) {
      // avsc says by how many bytes the buffer was too small.
      this.scratch = Buffer.allocUnsafe((this.scratch.length - end) * 2);
      end = this.write(writing, message.data);
    }
    return Buffer.from(this.scratch.subarray(0, end));
  }

  decode(value: Uint8Array): Message {
    if (!hasHeader(value)) throw new UndecodableRecord('no magic byte and schema id at the beginning');
    const id = idOf(value);
    const reading = this.readings.get(id);
    if (!reading) throw new UndecodableRecord(`schema ${id} is not known`);
    const { type, reader, resolver } = reading;
    const bytes = asBuffer(value);
    let decoded: { value: unknown; offset: number };
    try {
      decoded = reader.decode(bytes, headerBytes, resolver);
    } catch (error) {
      throw new UndecodableRecord(`${type} (schema ${id}) cannot be read`, { cause: error });
    }
    if (decoded.offset !== bytes.length)
      throw new UndecodableRecord(`${type} (schema ${id}) is ${decoded.offset < 0 ? 'truncated' : 'too long'}`);
    return { type, data: decoded.value };
  }

  private write({ id, type }: Writing, data: unknown): number {
    this.scratch[0] = magicByte;
    this.scratch.writeUInt32BE(id, 1);
    return type.encode(data, this.scratch, headerBytes);
  }
}

/** A codec without a registry: ids are 1, 2, ... in the order of `schemas`. For simulations and unit tests. */
export const staticCodec = <M extends Message>(schemas: readonly RecordSchema[]): Codec<M> => {
  const tables = new AvroTables(schemas);
  for (const [i, schema] of schemas.entries()) {
    tables.addWriting(schema, i + 1);
    tables.addReading(i + 1, schema.schema);
  }
  return {
    encode: (topic, message) => tables.encode(topic, message),
    decode: (value) => tables.decode(value) as M,
    prepare: async (values) => {
      const [unknown] = tables.unknownIds(values);
      if (unknown !== undefined) throw new UndecodableRecord(`schema ${unknown} is not known`);
    },
  };
};
