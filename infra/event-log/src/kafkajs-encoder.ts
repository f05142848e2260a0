import { createRequire } from 'node:module';
import { crc32c } from '@node-rs/crc32';

/**
 * Encodes the records of a produce request in the place of kafkajs, whose own way took a quarter of a command processor's time: an
 * encoder, a buffer and copies for each record and each of its headers, and a checksum byte by byte in JavaScript. What is sent
 * when, under which sequence numbers, and what is tried again, stays its own.
 * Format: https://kafka.apache.org/documentation/#recordbatch
 *
 * Import this before kafkajs: some of its modules hold on to what they load first. Too late, it is slower, not wrong.
 */

type Bytes = Uint8Array | string | null | undefined;

/** A message as kafkajs's producer takes it, or a little plainer: bytes need not be a Buffer, a time may be a number. */
export type SentMessage = {
  readonly key?: Bytes;
  readonly value: Bytes;
  readonly headers?: Readonly<Record<string, Bytes | readonly Bytes[]>> | undefined;
  /** ms since the epoch; if it is missing, now. */
  readonly timestamp?: string | number | null;
};

/** What kafkajs calls its produce request with, from version 3 on. */
export type Produce = {
  readonly acks: number;
  readonly timeout: number;
  readonly compression?: number;
  readonly transactionalId?: string | null;
  readonly producerId?: unknown;
  readonly producerEpoch?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly messages: readonly SentMessage[];
      readonly firstSequence?: number;
    }[];
  }[];
};

/** Parts of kafkajs that have no types. */
export type Encoder = { buf: Buffer; offset: number; readonly buffer: Buffer };
type EncoderClass = { new (initialSize: number): Encoder };
type Request = { readonly apiKey: number; readonly apiVersion: number; readonly encode: () => Promise<Encoder> };
type SentRequest = { readonly correlationId: number; readonly clientId: string; readonly request: Request };
type Grouping<M> = {
  readonly topic: string;
  readonly partitionMetadata: readonly unknown[];
  readonly messages: readonly M[];
  readonly partitioner: (of: { topic: string; partitionMetadata: readonly unknown[]; message: M }) => number;
};

const require = createRequire(import.meta.url);
const load = (path: string): unknown => require(`kafkajs/src/${path}`);
const Long = load('utils/long.js') as { fromValue(value: unknown): { readonly value: bigint } };
const KafkajsEncoder = load('protocol/encoder.js') as EncoderClass;

/** Where fields of a batch lie from its first byte on. */
const at = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  checksum: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;
const magic = 2;

/** The most bytes of a varint, and of a UTF-16 unit in UTF-8. */
const varintBytes = 10;
const unitBytes = 3;
/** A text this short is written sooner unit by unit than by a call out of JavaScript. */
const shortText = 32;
/** A buffer that grew beyond this is not kept for the next request. */
const maxKeptBytes = 2 * 1024 * 1024;

/** How many bytes a length takes as a varint, which is zigzag: 6 bits, then 7 each. */
const widthOf = (length: number): number => {
  if (length < 0x40) return 1;
  if (length < 0x2000) return 2;
  if (length < 0x10_0000) return 3;
  return length < 0x800_0000 ? 4 : 5;
};

/**
 * One buffer for one request after the other. Nothing is measured ahead: a length that stands before what it measures first gets the
 * width that it most likely needs, and what was written moves when that was wrong.
 */
class Writer {
  private bytes = Buffer.allocUnsafeSlow(64 * 1024);
  private offset = 0;
  /** Of the last record's length. */
  private recordWidth = 2;

  /** What `write` wrote, in a buffer of its own. */
  take(write: () => void): Buffer {
    this.offset = 0;
    write();
    const taken = Buffer.allocUnsafe(this.offset);
    this.bytes.copy(taken, 0, 0, this.offset);
    if (this.bytes.length > maxKeptBytes) this.bytes = Buffer.allocUnsafeSlow(64 * 1024);
    return taken;
  }

  int16(value: number): void {
    this.ensure(2);
    this.offset = this.bytes.writeInt16BE(value, this.offset);
  }

  int32(value: number): void {
    this.ensure(4);
    this.offset = this.bytes.writeInt32BE(value, this.offset);
  }

  string(text: string): void {
    this.ensure(2 + unitBytes * text.length);
    const written = this.bytes.write(text, this.offset + 2);
    this.bytes.writeInt16BE(written, this.offset);
    this.offset += 2 + written;
  }

  batch(messages: readonly SentMessage[], producerId: bigint, producerEpoch: number, firstSequence: number): void {
    const now = Date.now();
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    for (const { timestamp } of messages) {
      const time = Number(timestamp ?? now);
      if (time < first) first = time;
      if (time > last) last = time;
    }
    this.ensure(at.records);
    const start = this.offset;
    this.offset += at.records;
    for (let index = 0; index < messages.length; index += 1) this.record(messages[index]!, index, first, now);

    const { bytes, offset: end } = this;
    bytes.fill(0, start, start + at.records);
    bytes.writeInt32BE(end - start - at.leaderEpoch, start + at.length);
    bytes[start + at.magic] = magic;
    bytes.writeInt32BE(messages.length - 1, start + at.lastOffsetDelta);
    bytes.writeBigInt64BE(BigInt(messages.length === 0 ? now : first), start + at.baseTimestamp);
    bytes.writeBigInt64BE(BigInt(messages.length === 0 ? now : last), start + at.maxTimestamp);
    bytes.writeBigInt64BE(producerId, start + at.producerId);
    bytes.writeInt16BE(producerEpoch, start + at.producerEpoch);
    bytes.writeInt32BE(firstSequence, start + at.baseSequence);
    bytes.writeInt32BE(messages.length, start + at.count);
    bytes.writeUInt32BE(crc32c(bytes.subarray(start + at.attributes, end)), start + at.checksum);
  }

  /** Four bytes for the size of what `write` writes, and that. */
  sized(write: () => void): void {
    this.int32(0);
    const start = this.offset;
    write();
    this.bytes.writeInt32BE(this.offset - start, start - 4);
  }

  private record({ key, value, headers, timestamp }: SentMessage, index: number, first: number, now: number): void {
    this.ensure(4 * varintBytes);
    const start = this.offset;
    this.offset += this.recordWidth;
    this.bytes[this.offset++] = 0; // attributes, of which there are none
    this.varint(Number(timestamp ?? now) - first);
    this.varint(index);
    this.data(key);
    this.data(value);
    this.headers(headers);
    const length = this.offset - start - this.recordWidth;
    this.close(start, this.recordWidth, length);
    this.recordWidth = widthOf(length);
  }

  private headers(headers: SentMessage['headers']): void {
    const start = this.offset;
    this.ensure(varintBytes);
    this.offset += 1;
    let count = 0;
    for (const name in headers) {
      const value = headers[name];
      for (const one of Array.isArray(value) ? (value as readonly Bytes[]) : [value as Bytes]) {
        this.text(name);
        this.data(one);
        count += 1;
      }
    }
    this.close(start, 1, count);
  }

  private data(data: Bytes): void {
    if (typeof data === 'string') this.text(data);
    else if (data == null) this.nothing();
    else {
      this.ensure(varintBytes + data.length);
      this.varint(data.length);
      this.bytes.set(data, this.offset);
      this.offset += data.length;
    }
  }

  private nothing(): void {
    this.ensure(1);
    this.bytes[this.offset++] = 1;
  }

  private text(text: string): void {
    const { length } = text;
    this.ensure(varintBytes + unitBytes * length);
    const width = widthOf(length);
    const start = this.offset;
    const written = this.units(text, start + width);
    this.offset = start + width + written;
    this.close(start, width, written);
  }

  private units(text: string, start: number): number {
    const { length } = text;
    if (length > shortText) return this.bytes.write(text, start);
    const { bytes } = this;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) return bytes.write(text, start);
      bytes[start + index] = unit;
    }
    return length;
  }

  /** Fills in a length or a count, for which `width` bytes were left before what ends here. */
  private close(start: number, width: number, length: number): void {
    const end = this.offset;
    const needed = widthOf(length);
    if (needed !== width) {
      this.ensure(varintBytes);
      this.bytes.copyWithin(start + needed, start + width, end);
    }
    this.offset = start;
    this.varint(length);
    this.offset = end + needed - width;
  }

  /** Zigzag; exact up to 2^52. The room is there. */
  private varint(value: number): void {
    const { bytes } = this;
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 0x80)) bytes[this.offset++] = (rest % 0x80) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) bytes[this.offset++] = (rest & 0x7f) | 0x80;
    bytes[this.offset++] = rest;
  }

  private ensure(length: number): void {
    if (this.offset + length > this.bytes.length) this.grow(length);
  }

  private grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, this.offset + length));
    this.bytes.copy(larger, 0, 0, this.offset);
    this.bytes = larger;
  }
}

const writer = new Writer();

const asEncoder = (bytes: Buffer): Encoder =>
  Object.assign(new KafkajsEncoder(0), { buf: bytes, offset: bytes.length });

const produceBody = ({ acks, timeout, producerId = -1, producerEpoch = 0, topicData }: Produce): Buffer => {
  const id = Long.fromValue(producerId).value;
  return writer.take(() => {
    writer.int16(-1); // no transaction
    writer.int16(acks);
    writer.int32(timeout);
    writer.int32(topicData.length);
    for (const { topic, partitions } of topicData) {
      writer.string(topic);
      writer.int32(partitions.length);
      for (const { partition, messages, firstSequence = 0 } of partitions) {
        writer.int32(partition);
        writer.sized(() => writer.batch(messages, id, producerEpoch, firstSequence));
      }
    }
  });
};

/** kafkajs's own produce request, encoded here unless it is compressed or part of a transaction. */
export const producingBy =
  <R extends Pick<Request, 'encode'>>(theirs: (produce: Produce) => R) =>
  (produce: Produce): R => {
    const request = theirs(produce);
    if (produce.compression || produce.transactionalId) return request;
    return Object.assign(request, { encode: async () => asEncoder(produceBody(produce)) });
  };

/** Any request as it goes out, in one piece of the right size: kafkajs copies it twice, into buffers of the next power of two. */
export const encodeRequest = async ({ correlationId, clientId, request }: SentRequest): Promise<Encoder> => {
  const { buf, offset: length } = await request.encode();
  const clientBytes = Buffer.byteLength(clientId);
  const bytes = Buffer.allocUnsafe(14 + clientBytes + length);
  bytes.writeInt32BE(bytes.length - 4, 0);
  bytes.writeInt16BE(request.apiKey, 4);
  bytes.writeInt16BE(request.apiVersion, 6);
  bytes.writeInt32BE(correlationId, 8);
  bytes.writeInt16BE(clientBytes, 12);
  bytes.write(clientId, 14);
  buf.copy(bytes, 14 + clientBytes, 0, length);
  return asEncoder(bytes);
};

/** Messages by partition. kafkajs copies what it has of a partition for each message that joins. */
export const groupMessages = <M>({ topic, partitionMetadata, messages, partitioner }: Grouping<M>) => {
  const groups: Record<number, M[]> = {};
  if (partitionMetadata.length === 0) return groups;
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message });
    const group = groups[partition];
    if (group === undefined) groups[partition] = [message];
    else group.push(message);
  }
  return groups;
};

/** Whether kafkajs had not been loaded yet: else only the encoding of records is ours. */
export const cameFirst = !Object.hasOwn(require.cache, require.resolve('kafkajs/src/network/connection.js'));

const replace = <T>(path: string, ours: (theirs: T) => unknown): void => {
  const theirs = load(path) as T;
  require.cache[require.resolve(`kafkajs/src/${path}`)]!.exports = ours(theirs);
};

// kafkajs loads the request of a version, all of which build on that of version 3, at its first use.
replace('protocol/requests/produce/v3/request.js', producingBy<Request>);
replace('protocol/request.js', () => encodeRequest);
replace('producer/groupMessagesPerPartition.js', () => groupMessages);
