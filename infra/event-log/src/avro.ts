import type avsc from 'avsc';
import { avroType, misfitOf, plainlyWritable } from './avro-type.ts';
import { type Codec, type Message, UndecodableRecord } from './codec.ts';

/** A record's Avro schema and the topic that it is written to; its subject in the registry is `<topic>-<fullName>`. */
export type RecordSchema = {
  readonly topic: string;
  readonly fullName: string;
  readonly schema: object;
  /** For what older versions wrote and Avro's own resolution cannot tell; the first that fits a writer is taken. */
  readonly upcasters?: readonly Upcaster[];
};

/** The schema that a record was written with, as far as it tells versions apart. */
export type WriterSchema = { readonly fields: readonly { readonly name: string; readonly type: unknown }[] };

/** Makes data of the current type out of what an older version wrote. Pure: the log says the same for ever. */
export type Upcaster = {
  /** Whether this writer's schema is of the version meant; asked once for each schema, so it costs no other record anything. */
  readonly wrote: (writer: WriterSchema) => boolean;
  /** Gets the fields as they were written. What it gives must fit the current schema; what it leaves out gets its default. */
  // biome-ignore lint/suspicious/noExplicitAny: data of a version whose type is no longer in the code
  readonly upcast: (written: any) => unknown;
};

const magicByte = 0;
/** Magic byte and schema id, big-endian: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/ */
const headerBytes = 5;
const scratchBytes = 64 * 1024;

/** A record that this process knows, and how it is read. */
type Reader = { readonly name: string; readonly type: avsc.types.RecordType; readonly upcasters: readonly Upcaster[] };

/** What is known of one writer's schema id: how to read what it wrote. */
type Reading = {
  readonly type: string;
  /** Null for a record that this process does not know: its data is not looked at. */
  readonly reader: avsc.Type | null;
  readonly resolver: ReturnType<avsc.Type['createResolver']> | undefined;
  readonly upcast: ((written: unknown) => unknown) | null;
};
type Writing = {
  readonly id: number;
  readonly type: avsc.types.RecordType;
  readonly isPlain: ReturnType<typeof plainlyWritable>;
};

const shortName = (fullName: string): string => fullName.slice(fullName.lastIndexOf('.') + 1);

const fullNameOf = ({ name = '', namespace = '' }: { name?: string; namespace?: string }): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;

/** Has a dot, which no short name has: a stranger's `Posted` is nobody's `Posted`. */
const foreignName = (name: string): string => (name.includes('.') ? name : `.${name}`);

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
  private readonly readers = new Map<string, Reader>();
  private readonly writings = new Map<string, Map<string, Writing>>();
  private readonly readings = new Map<number, Reading | Error>();
  private scratch = Buffer.allocUnsafe(scratchBytes);

  constructor(schemas: readonly RecordSchema[]) {
    const readers = schemas.map(({ fullName, schema, upcasters = [] }) => ({
      name: shortName(fullName),
      type: avroType(schema),
      upcasters,
    }));
    for (const reader of readers) for (const alias of reader.type.aliases ?? []) this.readers.set(alias, reader);
    for (const reader of readers) this.readers.set(reader.type.name!, reader);
  }

  addWriting({ topic, fullName, schema }: RecordSchema, id: number): void {
    const ofTopic = this.writings.get(topic) ?? new Map<string, Writing>();
    this.writings.set(topic, ofTopic);
    const type = avroType(schema);
    ofTopic.set(shortName(fullName), { id, type, isPlain: plainlyWritable(type) });
  }

  /**
   * A record name that this process does not know is not looked into: readers pass over types that they do not read. A schema that ours
   * cannot be read from is remembered as that, for it never changes.
   */
  addReading(id: number, writerSchema: object): void {
    try {
      this.readings.set(id, this.readingOf(writerSchema));
    } catch (error) {
      this.readings.set(id, error as Error);
    }
  }

  private readingOf(writerSchema: object): Reading {
    const writerName = fullNameOf(writerSchema);
    const known = this.readers.get(writerName);
    if (!known) return { type: foreignName(writerName), reader: null, resolver: undefined, upcast: null };
    const { name, type, upcasters } = known;
    const writer = avroType(writerSchema, { foreign: true });
    const upcaster = upcasters.find(({ wrote }) => wrote(writerSchema as WriterSchema));
    if (upcaster) return { type: name, reader: writer, resolver: undefined, upcast: checked(upcaster, type) };
    const resolver = type.equals(writer) ? undefined : type.createResolver(writer);
    return { type: name, reader: type, resolver, upcast: null };
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
    const fits = writing.isPlain(message.data) || misfitOf(writing.type, message.data) === null;
    if (!fits) throw misfitError(writing, message);
    let end: number;
    try {
      end = this.write(writing, message.data);
    } catch (error) {
      throw misfitError(writing, message, error);
    }
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
    if (reading instanceof Error) throw new UndecodableRecord(`schema ${id} cannot be read from`, { cause: reading });
    const { type, reader, resolver, upcast } = reading;
    if (reader === null) return { type, data: null };
    const bytes = asBuffer(value);
    let data: unknown;
    let end: number;
    try {
      const decoded = reader.decode(bytes, headerBytes, resolver);
      data = decoded.value;
      end = decoded.offset;
      if (upcast && end === bytes.length) data = upcast(data);
    } catch (error) {
      throw new UndecodableRecord(`${type} (schema ${id}) cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
    if (end !== bytes.length)
      throw new UndecodableRecord(`${type} (schema ${id}) is ${end < 0 ? 'truncated' : 'too long'}`);
    return { type, data };
  }

  private write({ id, type }: Writing, data: unknown): number {
    this.scratch[0] = magicByte;
    this.scratch.writeUInt32BE(id, 1);
    return type.encode(data, this.scratch, headerBytes);
  }
}

/** An upcaster that never lets through what a handler would not expect: its data comes as if it had been written by the current schema. */
const checked =
  ({ upcast }: Upcaster, current: avsc.Type) =>
  (written: unknown): unknown => {
    const data = upcast(written);
    const misfit = misfitOf(current, data);
    if (misfit !== null) throw new TypeError(`what was made of an older version does not fit at ${misfit}`);
    return current.fromBuffer(current.toBuffer(data));
  };

const misfitError = ({ type }: Writing, message: Message, cause?: unknown): TypeError =>
  new TypeError(`${message.type} does not fit its schema at ${misfitOf(type, message.data)}`, { cause });

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
    prepare: async () => {},
  };
};
