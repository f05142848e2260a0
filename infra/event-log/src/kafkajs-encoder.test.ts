import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClient } from './kafka-client.ts';
import {
  cameFirst,
  encodeRequest,
  type Encoder,
  groupMessages,
  type Produce,
  type SentMessage,
} from './kafkajs-encoder.ts';

const require = createRequire(import.meta.url);
const load = (path: string) => require(`kafkajs/src/${path}`);

/** The module as kafkajs has it, not shared with anyone. */
const plain = (path: string) => {
  const file = require.resolve(`kafkajs/src/${path}`);
  const { [file]: shared } = require.cache;
  delete require.cache[file];
  const theirs = require(file);
  require.cache[file] = shared;
  return theirs;
};

type MakeRequest = (produce: Produce) => Parameters<typeof encodeRequest>[0]['request'];
const ours: MakeRequest = load('protocol/requests/produce/v3/request.js');
const theirs: MakeRequest = plain('protocol/requests/produce/v3/request.js');
const theirRequest: typeof encodeRequest = plain('protocol/request.js');

const produceOf = (messages: readonly SentMessage[], more: Partial<Produce> = {}): Produce => ({
  acks: -1,
  timeout: 5_000,
  producerId: '4711',
  producerEpoch: 3,
  topicData: [{ topic: 'servers.events', partitions: [{ partition: 2, messages, firstSequence: 17 }] }],
  ...more,
});

const sameBytes = async (produce: Produce): Promise<void> => {
  const mine = await ours(produce).encode();
  const wanted = await theirs(produce).encode();
  expect(mine.buffer.toString('hex')).toBe(wanted.buffer.toString('hex'));
};

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.string({ unit: 'binary', maxLength: 80 }),
  // Around the widths of a length.
  fc
    .tuple(fc.constantFrom('a', 'é', '語', '\u{1f600}', '\ud800'), fc.nat(200))
    .map(([unit, count]) => unit.repeat(count)),
);
const bytes = fc
  .oneof({ weight: 9, arbitrary: fc.nat(200) }, { weight: 1, arbitrary: fc.constantFrom(8_100, 8_191, 8_192, 150_000) })
  .map((length) => Buffer.alloc(length, length));
const message: fc.Arbitrary<SentMessage> = fc.record({
  key: fc.oneof(fc.constant(null), fc.constant(undefined), text, bytes),
  value: fc.oneof(fc.constant(null), text, bytes),
  headers: fc.oneof(
    fc.constant(undefined),
    fc.dictionary(text, fc.oneof(text, bytes, fc.array(text, { maxLength: 3 })), { maxKeys: 9 }),
    fc.dictionary(fc.string({ minLength: 1, maxLength: 6 }), fc.constant('v'), { minKeys: 60, maxKeys: 70 }),
  ),
  // kafkajs sorts times as texts, so all must have as many digits.
  timestamp: fc.integer({ min: 10 ** 12, max: 10 ** 13 - 1 }).map(String),
});

describe('our encoder writes the bytes of kafkajs', () => {
  it('for any records', () =>
    fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 12 }), (messages) =>
        sameBytes(produceOf(messages)),
      ),
      { numRuns: 300 },
    ));

  it('for records in any topics and partitions, of any producer', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            topic: fc.oneof(fc.constantFrom('a', 'messages.replies'), text),
            partitions: fc.array(
              fc.record({
                partition: fc.nat(1_000),
                messages: fc.array(message, { minLength: 1, maxLength: 2 }),
                firstSequence: fc.nat(),
              }),
              { maxLength: 3 },
            ),
          }),
          { maxLength: 3 },
        ),
        fc.bigInt({ min: -1n, max: 2n ** 63n - 1n }).map(String),
        fc.integer({ min: -1, max: 32_767 }),
        fc.constantFrom(-1, 0, 1),
        (topicData, producerId, producerEpoch, acks) =>
          sameBytes({ acks, timeout: 30_000, producerId, producerEpoch, topicData }),
      ),
    ));

  it('for many records, and for records of every width of a length', async () => {
    await sameBytes(
      produceOf(Array.from({ length: 9_000 }, (_, i) => ({ value: `${i}`, timestamp: '1700000000000' }))),
    );
    for (const length of [0, 1, 40, 50, 60, 70, 8_180, 8_192, 2 ** 20 - 10, 2 ** 20, 3_000_000])
      await sameBytes(
        produceOf([
          { key: 'k', value: Buffer.alloc(length, 1), timestamp: '1700000000000' },
          { key: null, value: 'é'.repeat(length / 2), timestamp: '1600000000000' },
        ]),
      );
  });

  it('compressed and in a transaction, which it leaves to kafkajs', async () => {
    const messages = [{ value: 'a', timestamp: '1700000000000' }];
    await sameBytes(produceOf(messages, { compression: 1 }));
    await sameBytes(produceOf(messages, { transactionalId: 'me' }));
  });

  it('for a whole request', async () => {
    const request = theirs(produceOf([{ value: 'a'.repeat(2_000), timestamp: '1700000000000' }]));
    for (const clientId of ['', 'palaver', 'é'.repeat(200)]) {
      const sent = { correlationId: 12, clientId, request };
      const [mine, wanted] = await Promise.all([encodeRequest(sent), theirRequest(sent)]);
      expect(mine.buffer.toString('hex')).toBe(wanted.buffer.toString('hex'));
    }
  });
});

const hexOf = async (messages: readonly SentMessage[]): Promise<string> => {
  const encoded: Encoder = await ours(produceOf(messages)).encode();
  return encoded.buffer.toString('hex');
};

describe('beyond kafkajs', () => {
  it('is there before kafkajs is, for all who open a log', () => {
    expect(createClient).toBeDefined();
    expect(cameFirst).toBe(true);
  });

  it('takes times as numbers and bytes that are no Buffer', async () => {
    const plainly = { key: 'k', value: new Uint8Array([1, 2, 3]), headers: { a: 'b' }, timestamp: 1_700_000_000_000 };
    const theirWay = { ...plainly, value: Buffer.from([1, 2, 3]), timestamp: '1700000000000' };
    expect(await hexOf([plainly])).toBe(await hexOf([theirWay]));
  });

  it('orders times as numbers, where kafkajs sorts them as texts', async () => {
    const timesOf = async (...times: number[]) => {
      const { buffer } = await ours(produceOf(times.map((timestamp) => ({ value: null, timestamp })))).encode();
      const records = buffer.length - 61 - times.length * 7;
      return [27, 35].map((field) => Number(buffer.readBigInt64BE(records + field)));
    };
    expect(await timesOf(10, 9)).toEqual([9, 10]);
  });

  it('groups messages as kafkajs does', () =>
    fc.assert(
      fc.property(fc.array(fc.nat(4)), (partitions) => {
        const grouping = {
          topic: 'topic',
          partitionMetadata: [{}],
          messages: partitions.map((partition, index) => ({ partition, index })),
          partitioner: ({ message: of }: { message: { partition: number } }) => of.partition,
        };
        expect(groupMessages(grouping)).toEqual(plain('producer/groupMessagesPerPartition.js')(grouping));
      }),
    ));
});
