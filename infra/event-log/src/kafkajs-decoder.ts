import { createRequire } from 'node:module';
import type { Headers } from './log.ts';

/**
 * Decodes the record batches of fetched data in the place of kafkajs, whose own way takes most of the time of a bulk read: an
 * object for each header of each record, 64-bit sums by BigInt, a slice and a decoder for every record. The rest of a fetch,
 * and what kafkajs does with it, stays its own. Format: https://kafka.apache.org/documentation/#recordbatch
 */

/** A record as kafkajs hands it on, but for the headers, which are texts already; the last one of a name counts. */
export type FetchedMessage = {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  /** The end of a transaction, not for readers. */
  readonly isControlRecord: boolean;
  readonly batchContext: BatchContext;
};

/** What kafkajs reads of a batch to pass over aborted transactions. */
type BatchContext = { readonly producerId: string; readonly inTransaction: boolean };

/** Parts of kafkajs that have no types. */
type FetchDecoder = { readonly buffer: Buffer; offset: number };
type Compression = {
  readonly lookupCodecByAttributes: (attributes: number) => { decompress(bytes: Buffer): Promise<Buffer> } | null;
};

/** Where fields of a batch lie from its first byte on. */
const at = {
  length: 8,
  afterLength: 12,
  attributes: 21,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  count: 57,
  records: 61,
} as const;
const flags = { logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const;

/** kafkajs knows by this name that a fetch ended within a batch. */
const partialBatch = (): Error => Object.assign(new Error('a part of a batch'), { name: 'KafkaJSPartialMessageError' });

const int64 = (bytes: Buffer, offset: number): number =>
  bytes.readInt32BE(offset) * 2 ** 32 + bytes.readUInt32BE(offset + 4);

/** The batch at the decoder's place, behind which the decoder is moved. */
export const decodeRecordBatch = async (decoder: FetchDecoder): Promise<{ records: FetchedMessage[] }> => {
  const start = decoder.offset;
  const end = start + at.afterLength + decoder.buffer.readInt32BE(start + at.length);
  if (end > decoder.buffer.length) throw partialBatch();
  decoder.offset = end;
  const batch = decoder.buffer.subarray(start, end);
  const attributes = batch.readInt16BE(at.attributes);
  const codec = compression.lookupCodecByAttributes(attributes);
  const records = new RecordReader(
    codec ? await codec.decompress(batch.subarray(at.records)) : batch,
    codec ? 0 : at.records,
  );
  const maxTimestamp = attributes & flags.logAppendTime ? String(int64(batch, at.maxTimestamp)) : null;
  const given = {
    baseOffset: int64(batch, 0),
    baseTimestamp: int64(batch, at.baseTimestamp),
    appendTimestamp: maxTimestamp,
    isControlRecord: (attributes & flags.control) !== 0,
    batchContext: {
      producerId: String(batch.readBigInt64BE(at.producerId)),
      inTransaction: (attributes & flags.transactional) !== 0,
    },
  };
  const read: FetchedMessage[] = [];
  for (let left = batch.readInt32BE(at.count); left > 0; left -= 1) read.push(records.next(given));
  return { records: read };
};

type OfBatch = Pick<FetchedMessage, 'isControlRecord' | 'batchContext'> & {
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  readonly appendTimestamp: string | null;
};

/** Header names come again in every record: known by their bytes, they need not become strings each time. */
type KnownName = { readonly bytes: Buffer; readonly name: string };

class RecordReader {
  private readonly bytes: Buffer;
  private offset: number;
  /** By their place in the record before. */
  private readonly names: KnownName[] = [];

  constructor(bytes: Buffer, offset: number) {
    this.bytes = bytes;
    this.offset = offset;
  }

  next({ baseOffset, baseTimestamp, appendTimestamp, isControlRecord, batchContext }: OfBatch): FetchedMessage {
    const length = this.varint();
    const end = this.offset + length;
    this.offset += 1; // attributes, of which there are none
    const timestamp = baseTimestamp + this.varint();
    const offset = baseOffset + this.varint();
    const key = this.data();
    const value = this.data();
    const headers = this.headers();
    // A later version of the format may add fields.
    this.offset = end;
    return {
      offset: String(offset),
      timestamp: appendTimestamp ?? String(timestamp),
      key,
      value,
      headers,
      isControlRecord,
      batchContext,
    };
  }

  private headers(): Headers {
    const headers: Record<string, string> = {};
    const count = this.varint();
    for (let index = 0; index < count; index += 1) {
      const name = this.name(index);
      const length = this.varint();
      if (length < 0) continue;
      headers[name] = this.bytes.toString('utf8', this.offset, this.offset + length);
      this.offset += length;
    }
    return headers;
  }

  private name(index: number): string {
    const length = this.varint();
    const start = this.offset;
    this.offset += length;
    const known = this.names[index];
    if (known !== undefined && known.bytes.length === length && this.holds(known.bytes, start)) return known.name;
    const bytes = this.bytes.subarray(start, this.offset);
    const name = bytes.toString();
    this.names[index] = { bytes, name };
    return name;
  }

  private holds(wanted: Buffer, start: number): boolean {
    for (let index = 0; index < wanted.length; index += 1)
      if (this.bytes[start + index] !== wanted[index]) return false;
    return true;
  }

  private data(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.offset;
    this.offset += length;
    return this.bytes.subarray(start, this.offset);
  }

  /** Zigzag, of 32 or 64 bits; exact up to 2^53. */
  private varint(): number {
    let byte = this.bytes[this.offset++]!;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let unsigned = byte & 0x7f;
    let scale = 0x80;
    do {
      byte = this.bytes[this.offset++]!;
      unsigned += (byte & 0x7f) * scale;
      scale *= 0x80;
    } while (byte >= 0x80);
    return unsigned % 2 === 0 ? unsigned / 2 : -(unsigned + 1) / 2;
  }
}

const require = createRequire(import.meta.url);
const compression = require('kafkajs/src/protocol/message/compression/index.js') as Compression;

// kafkajs loads its decoder at the first fetch, and then finds this one.
const path = require.resolve('kafkajs/src/protocol/recordBatch/v0/decoder.js');
require(path);
require.cache[path]!.exports = decodeRecordBatch;
