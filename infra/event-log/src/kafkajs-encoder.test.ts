import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { type EncoderClass, makeFrugal } from './kafkajs-encoder.ts';

const require = createRequire(import.meta.url);

type Writer = {
  writeVarInt(value: number): Writer;
  writeVarIntString(value: string | null): Writer;
  writeVarIntBytes(value: Buffer | string | null): Writer;
  writeVarIntArray(encoders: Writer[]): Writer;
  writeInt8(value: number): Writer;
  readonly buffer: Buffer;
};

/** The class as kafkajs has it, not shared with anyone. */
const freshClass = (): EncoderClass => {
  const path = require.resolve('kafkajs/src/protocol/encoder.js');
  const { [path]: shared } = require.cache;
  delete require.cache[path];
  const fresh = require(path);
  require.cache[path] = shared;
  return fresh;
};

const plain = freshClass();
const frugal = freshClass();
makeFrugal(frugal);

const bothWrite = (write: (make: () => Writer) => Writer): void =>
  expect(bytesOf(frugal, write)).toBe(bytesOf(plain, write));

const bytesOf = (encoder: EncoderClass, write: (make: () => Writer) => Writer): string =>
  write(() => new encoder() as unknown as Writer).buffer.toString('hex');

describe('a frugal encoder writes the same bytes', () => {
  it('begins without a buffer', () => {
    expect(new frugal().buf.length).toBe(0);
    expect(new plain().buf.length).toBe(512);
  });

  it.each([0, 1, -1, 63, 64, -64, -65, 8_191, 8_192, 2 ** 30, 2 ** 31 - 1, -(2 ** 31)])('for the varint %d', (value) =>
    bothWrite((make) => make().writeVarInt(value)),
  );

  it.each(['', 'a', 'é\u{1f600}', 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(10_000)])('for a text', (text) => {
    bothWrite((make) => make().writeInt8(1).writeVarIntString(text).writeVarIntBytes(text));
    bothWrite((make) => make().writeVarIntBytes(Buffer.from(text)).writeVarIntString(text).writeVarInt(7));
  });

  it('for nothing', () => bothWrite((make) => make().writeVarIntBytes(null).writeVarIntString(null)));

  it('for records with headers, as a record batch holds them', () =>
    bothWrite((make) => {
      const header = (name: string) => make().writeVarIntString(name).writeVarIntBytes(`value of ${name}`);
      const record = (length: number) =>
        make().writeVarIntBytes(Buffer.alloc(length, 7)).writeVarIntArray(['command', 'epoch', 'é'].map(header));
      return make().writeVarIntArray([0, 1, 100, 511, 512, 5_000].map(record)).writeVarInt(1);
    }));
});
