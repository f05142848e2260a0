import { createRequire } from 'node:module';

/** kafkajs's writer of the wire format, as far as it is replaced here. */
export type Encoder = {
  buf: Buffer;
  offset: number;
  ensureAvailable(length: number): void;
  writeUVarInt(value: number): Encoder;
  writeEncoderArray(encoders: readonly Encoder[]): Encoder;
};
export type EncoderClass = { new (): Encoder; readonly prototype: Encoder; nextPowerOfTwo(value: number): number };

/** What kafkajs asks `nextPowerOfTwo` for when an encoder begins. */
const INITIAL = 511;
const SMALLEST = 64;

/**
 * kafkajs 2.2.4 begins each record, and each header of each record, with a zeroed buffer of 512 bytes, and makes another buffer for
 * every varint: two thirds of what an append of ours costs, since each event has eight headers. The bytes stay the same.
 */
export const makeFrugal = (encoder: EncoderClass): void => {
  const { prototype, nextPowerOfTwo } = encoder;
  encoder.nextPowerOfTwo = (value) => (value === INITIAL ? 0 : nextPowerOfTwo(value));

  // From Node's pool as long as they are small.
  prototype.ensureAvailable = function (this: Encoder, length) {
    const needed = this.offset + length;
    if (needed <= this.buf.length) return;
    const larger = Buffer.allocUnsafe(Math.max(SMALLEST, nextPowerOfTwo(needed)));
    this.buf.copy(larger, 0, 0, this.offset);
    this.buf = larger;
  };

  prototype.writeUVarInt = function (this: Encoder, value) {
    this.ensureAvailable(5);
    let rest = value;
    for (; (rest & ~0x7f) !== 0; rest >>>= 7) this.buf[this.offset++] = (rest & 0x7f) | 0x80;
    this.buf[this.offset++] = rest;
    return this;
  };

  prototype.writeEncoderArray = function (this: Encoder, encoders) {
    for (const { buf, offset } of encoders) {
      this.ensureAvailable(offset);
      buf.copy(this.buf, this.offset, 0, offset);
      this.offset += offset;
    }
    return this;
  };
};

makeFrugal(createRequire(import.meta.url)('kafkajs/src/protocol/encoder.js') as EncoderClass);
