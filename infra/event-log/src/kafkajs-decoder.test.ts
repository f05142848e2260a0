import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecordBatch } from './kafkajs-decoder.ts';

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => { buffer: Buffer; offset: number };
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch: (batch: object) => Promise<{ buffer: Buffer }>;
};
const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => object;

/** kafkajs's own decoder, in whose place ours stands. */
const plainDecode = ((): typeof decodeRecordBatch => {
  const path = require.resolve('kafkajs/src/protocol/recordBatch/v0/decoder.js');
  const { [path]: ours } = require.cache;
  delete require.cache[path];
  const plain = require(path);
  require.cache[path] = ours;
  return plain;
})();

const bytes = fc.option(
  fc.uint8Array({ maxLength: 200 }).map((data) => Buffer.from(data)),
  { nil: null },
);
const recordGiven = fc.record({
  key: bytes,
  value: bytes,
  timestampDelta: fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer({ min: 0, max: 2 ** 45 })),
  headers: fc.dictionary(
    fc.oneof(fc.constantFrom('command', 'epoch', 'index'), fc.string({ unit: 'binary', maxLength: 5 })),
    fc.string({ unit: 'binary', maxLength: 80 }),
    { noNullPrototype: true },
  ),
});
const batchGiven = fc.record({
  firstOffset: fc.oneof(fc.nat(), fc.integer({ min: 2 ** 31, max: 2 ** 50 })),
  firstTimestamp: fc.integer({ min: 0, max: 2 ** 45 }),
  producerId: fc.integer({ min: -1, max: 2 ** 40 }),
  transactional: fc.boolean(),
  compression: fc.constantFrom(0, 1),
  records: fc.array(recordGiven, { minLength: 1, maxLength: 20 }),
});
type Given = typeof batchGiven extends fc.Arbitrary<infer T> ? T : never;

const encode = async ({ records, ...batch }: Given): Promise<Buffer> =>
  (
    await RecordBatch({
      ...batch,
      lastOffsetDelta: 3 * records.length,
      // As after compaction, offsets have gaps.
      records: records.map((record, i) => Record({ ...record, offsetDelta: 3 * i })),
    })
  ).buffer;

const texts = (headers: object): object =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

const plainly = async (given: Buffer) =>
  (await plainDecode(new Decoder(given))).records.map(({ batchContext, headers, ...record }) => ({
    offset: record.offset,
    timestamp: record.timestamp,
    key: record.key,
    value: record.value,
    headers: texts(headers),
    isControlRecord: record.isControlRecord,
    batchContext: { producerId: batchContext.producerId, inTransaction: batchContext.inTransaction },
  }));

describe('our decoder of record batches', () => {
  it('reads what kafkajs reads', () =>
    fc.assert(
      fc.asyncProperty(batchGiven, async (given) => {
        const encoded = await encode(given);
        expect((await decodeRecordBatch(new Decoder(encoded))).records).toEqual(await plainly(encoded));
      }),
    ));

  it('stands in the place of theirs', () => {
    expect(require('kafkajs/src/protocol/recordBatch/v0/decoder.js')).toBe(decodeRecordBatch);
    expect(plainDecode).not.toBe(decodeRecordBatch);
  });

  const one = { firstOffset: 1, firstTimestamp: 1, producerId: -1, transactional: false, compression: 0 } as const;
  const record = { key: Buffer.from('k'), value: null, timestampDelta: 0, headers: {} };

  it('reads one batch after the other', async () => {
    const first = await encode({ ...one, records: [record, record] });
    const second = await encode({ ...one, firstOffset: 9, records: [record] });
    const decoder = new Decoder(Buffer.concat([first, second]));
    expect((await decodeRecordBatch(decoder)).records.map(({ offset }) => offset)).toEqual(['1', '4']);
    expect((await decodeRecordBatch(decoder)).records.map(({ offset }) => offset)).toEqual(['9']);
    expect(decoder.offset).toBe(first.length + second.length);
  });

  it('says when a fetch ended within a batch', async () => {
    const whole = await encode({ ...one, records: [record] });
    for (const decode of [decodeRecordBatch, plainDecode])
      await expect(decode(new Decoder(whole.subarray(0, -1)))).rejects.toMatchObject({
        name: 'KafkaJSPartialMessageError',
      });
  });
});
