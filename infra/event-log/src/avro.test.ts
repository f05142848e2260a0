import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AvroTables, type RecordSchema, staticCodec, type Upcaster } from './avro.ts';
import { avroType, misfitOf } from './avro-type.ts';
import { UndecodableRecord } from './codec.ts';

const posted: RecordSchema = {
  topic: 'chat.events',
  fullName: 'palaver.test.Posted',
  schema: {
    type: 'record',
    name: 'Posted',
    namespace: 'palaver.test',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'seq', type: 'long' },
      { name: 'replyTo', type: ['null', 'string'], default: null },
      { name: 'place', type: { type: 'record', name: 'Place', fields: [{ name: 'room', type: 'string' }] } },
    ],
  },
};
const left: RecordSchema = {
  topic: 'chat.events',
  fullName: 'palaver.test.Left',
  schema: { type: 'record', name: 'Left', namespace: 'palaver.test', fields: [{ name: 'id', type: 'string' }] },
};
const codec = staticCodec([posted, left]);
const data = { id: 'm1', seq: 4, replyTo: null, place: { room: 'r' } };

test.each([data, { ...data, replyTo: 'm0' }, { ...data, id: 'é'.repeat(200_000) }])('comes back as it was', (given) => {
  const value = codec.encode('chat.events', { type: 'Posted', data: given });
  expect([...value.subarray(0, 5)]).toEqual([0, 0, 0, 0, 1]);
  expect(codec.decode(value)).toEqual({ type: 'Posted', data: given });
});

test('an encoded value stays as it is when the next is encoded', () => {
  const first = codec.encode('chat.events', { type: 'Left', data: { id: 'one' } });
  codec.encode('chat.events', { type: 'Left', data: { id: 'two' } });
  expect(codec.decode(first).data).toEqual({ id: 'one' });
});

test.each([
  ['a field of a wrong type', { ...data, seq: 'x' }, 'seq'],
  ['a missing field', { id: 'm1', seq: 1, replyTo: null }, 'place'],
  ['a wrong type further in', { ...data, place: { room: 1 } }, 'place.room'],
  ['an undeclared field', { ...data, extra: 1 }, 'Posted'],
  ['a number beyond 2^53', { ...data, seq: 2 ** 60 }, 'seq'],
])('%s does not fit, and the path is told', (_, given, path) => {
  expect(() => codec.encode('chat.events', { type: 'Posted', data: given })).toThrow(TypeError);
  expect(() => codec.encode('chat.events', { type: 'Posted', data: given })).toThrow(path);
});

test('a record that is not written to a topic is refused', () => {
  expect(() => codec.encode('other', { type: 'Left', data: { id: 'x' } })).toThrow(TypeError);
});

const encoded = codec.encode('chat.events', { type: 'Posted', data });
test.each([
  ['nothing', new Uint8Array()],
  ['another format', new TextEncoder().encode('{"a":1}')],
  ['an unknown schema', Uint8Array.of(0, 0, 0, 0, 99, 0)],
  ['a truncated record', encoded.subarray(0, encoded.length - 2)],
  ['a record with something behind it', Uint8Array.of(...encoded, 1)],
])('%s cannot be decoded', (_, value) => {
  expect(() => codec.decode(value)).toThrow(UndecodableRecord);
});

test('prepare passes over what nobody can read, which decode says', async () => {
  const unknown = Uint8Array.of(0, 0, 0, 0, 99, 0);
  await codec.prepare([encoded, null, unknown]);
  expect(() => codec.decode(unknown)).toThrow('schema 99 is not known');
});

test("another version's record is read by our schema, and a foreign one is not looked into", () => {
  const tables = new AvroTables([posted]);
  const older = {
    ...(posted.schema as { fields: unknown[] }),
    fields: (posted.schema as { fields: unknown[] }).fields.toSpliced(2, 1),
  };
  tables.addReading(7, older);
  tables.addReading(8, left.schema);
  const writer = new AvroTables([]);
  writer.addWriting({ ...posted, schema: older }, 7);
  writer.addWriting(left, 8);
  const { replyTo: _, ...without } = data;
  expect(tables.decode(writer.encode('chat.events', { type: 'Posted', data: without }))).toEqual({
    type: 'Posted',
    data,
  });
  const foreign = writer.encode('chat.events', { type: 'Left', data: { id: 'x' } });
  expect(tables.decode(foreign)).toEqual({ type: 'palaver.test.Left', data: null });
});

test('a union that is not a nullable field is refused when the tables are made', () => {
  const schema = { ...left.schema, fields: [{ name: 'id', type: ['int', 'float'] }] };
  expect(() => staticCodec([{ ...left, schema }])).toThrow();
});

test("a stranger's record of our short name is not ours", () => {
  const tables = new AvroTables([left]);
  for (const [id, namespace] of [
    [1, 'other'],
    [2, undefined],
  ] as const) {
    tables.addReading(id, { ...left.schema, namespace });
    const { type } = tables.decode(Uint8Array.of(0, 0, 0, 0, id, 2, 120));
    expect(type).toBe(`${namespace ?? ''}.Left`);
  }
});

test('a schema from which ours cannot be read makes its records undecodable, and no others', () => {
  const tables = new AvroTables([left]);
  tables.addReading(1, { ...left.schema, fields: [{ name: 'id', type: 'int' }] });
  tables.addReading(2, { ...left.schema, fields: [{ name: 'id', type: { type: 'map', values: 'int' } }] });
  tables.addReading(3, left.schema);
  for (const id of [1, 2])
    expect(() => tables.decode(Uint8Array.of(0, 0, 0, 0, id, 2, 120))).toThrow(UndecodableRecord);
  expect(tables.decode(Uint8Array.of(0, 0, 0, 0, 3, 2, 120))).toEqual({ type: 'Left', data: { id: 'x' } });
});

describe('an upcaster', () => {
  const named = (fields: object[]): RecordSchema => ({
    topic: 'chat.events',
    fullName: 'palaver.test.Named',
    schema: { type: 'record', name: 'Named', namespace: 'palaver.test', fields },
  });
  const [first, last, name] = ['first', 'last', 'name'].map((field) => ({ name: field, type: 'string', default: '' }));
  const current = named([first!, last!]);
  const upcaster: Upcaster = {
    wrote: ({ fields }) => fields.some((field) => field.name === 'name'),
    upcast: (written: { name: string }) => {
      const [one, other = ''] = written.name.split(' ');
      return { first: one, last: other };
    },
  };
  const write = (schema: RecordSchema, id: number, data: object): Uint8Array => {
    const writer = new AvroTables([]);
    writer.addWriting(schema, id);
    return writer.encode('chat.events', { type: 'Named', data });
  };
  const reading = (used: Upcaster) => {
    const tables = new AvroTables([{ ...current, upcasters: [used] }]);
    tables.addReading(1, named([name!]).schema);
    tables.addReading(2, current.schema);
    return (value: Uint8Array) => tables.decode(value);
  };
  const old = write(named([name!]), 1, { name: 'Ada Lovelace' });

  test('makes what an old version wrote into what is read now, and leaves the new alone', () => {
    const decode = reading(upcaster);
    expect(decode(old)).toEqual({ type: 'Named', data: { first: 'Ada', last: 'Lovelace' } });
    const written = { first: 'Charles', last: 'Babbage' };
    expect(decode(write(current, 2, written))).toEqual({ type: 'Named', data: written });
  });

  test('may leave out what has a default', () => {
    const decode = reading({ ...upcaster, upcast: ({ name: first }) => ({ first }) });
    expect(decode(old)).toEqual({ type: 'Named', data: { first: 'Ada Lovelace', last: '' } });
  });

  test('is asked once for a schema', () => {
    const asked: string[][] = [];
    const wrote: Upcaster['wrote'] = (writer) => {
      asked.push(writer.fields.map((field) => field.name));
      return upcaster.wrote(writer);
    };
    const decode = reading({ ...upcaster, wrote });
    for (let time = 0; time < 3; time += 1) decode(old);
    expect(asked).toEqual([['name'], ['first', 'last']]);
  });

  test.each([
    ['throws', () => JSON.parse('no')],
    ['gives a wrong type', () => ({ first: 1, last: '' })],
    ['makes up a field', () => ({ first: 'Ada', last: '', middle: '' })],
  ])('that %s makes the record undecodable', (_, upcast) => {
    const decode = reading({ ...upcaster, upcast });
    expect(() => decode(old)).toThrow(UndecodableRecord);
  });
});

describe('whatever the bytes are', () => {
  const item = { type: 'record', name: 'Item', fields: [{ name: 'label', type: 'string' }] };
  const fields = [
    { name: 'id', type: 'string' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'names', type: { type: 'array', items: 'string' } },
    { name: 'items', type: { type: 'array', items: item } },
    { name: 'mood', type: { type: 'enum', name: 'Mood', symbols: ['CALM', 'ANGRY'], default: 'CALM' } },
    { name: 'raw', type: ['null', 'bytes'], default: null },
    { name: 'ok', type: 'boolean' },
  ];
  const rich: RecordSchema = {
    topic: 'chat.events',
    fullName: 'palaver.test.Rich',
    schema: { type: 'record', name: 'Rich', namespace: 'palaver.test', fields },
  };
  const tables = new AvroTables([rich]);
  tables.addReading(1, rich.schema);
  // What a newer version has more is skipped: that way is worth as many bytes of nonsense.
  const more = { name: 'more', type: { type: 'array', items: { type: 'array', items: 'string' } } };
  tables.addReading(2, { ...rich.schema, fields: [more, ...fields] });
  const writer = new AvroTables([]);
  writer.addWriting(rich, 1);
  const sound = {
    id: 'x',
    at: 1,
    note: 'n',
    names: ['a', 'b'],
    items: [{ label: 'l' }],
    mood: 'ANGRY',
    raw: Buffer.from('r'),
    ok: true,
  };
  const soundValue = writer.encode('chat.events', { type: 'Rich', data: sound });
  const decodeOrUndecodable = (value: Uint8Array): void => {
    try {
      tables.decode(value);
    } catch (error) {
      if (!(error instanceof UndecodableRecord)) throw error;
    }
  };
  const headed = (id: number, payload: Uint8Array): Uint8Array => Uint8Array.of(0, 0, 0, 0, id, ...payload);

  test('they are decoded, or are an UndecodableRecord', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 3 }), (bytes, id) => {
        decodeOrUndecodable(bytes);
        decodeOrUndecodable(headed(id, bytes));
      }),
      { numRuns: 5_000 },
    );
  });

  test('also when they are a sound record but for a few', () => {
    const change = fc.record({ at: fc.nat({ max: soundValue.length - 1 }), byte: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat({ max: 3 }), (changes, cut) => {
        const value = Uint8Array.from(soundValue);
        for (const { at, byte } of changes) value[at] = byte;
        decodeOrUndecodable(value.subarray(0, value.length - cut));
      }),
      { numRuns: 5_000 },
    );
  });

  /** Zigzag varints of a length and of a block's size in bytes. */
  const two31 = [0x80, 0x80, 0x80, 0x80, 0x10];
  const two62 = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
  const minus = [0xff, 0xff, 0xff, 0xff, 0x1f];
  const before = [2, 120, 2, 0];
  test.each([
    ['read', 1, before],
    ['skipped', 2, []],
  ] as const)('a length beyond all bytes costs nothing when it is %s', (_, id, start) => {
    const lengths = [two31, two62, minus, [...minus, ...minus], [0x80, 0x80, 0x80], Array(600).fill(0x80)];
    const startedMs = performance.now();
    const heapBefore = process.memoryUsage().heapUsed;
    for (const length of lengths)
      expect(() => tables.decode(headed(id, Uint8Array.from([...start, ...length])))).toThrow(UndecodableRecord);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(50_000_000);
  });
});

describe('encode refuses what the schema refuses', () => {
  const schema = (fields: object[]): RecordSchema => ({
    topic: 'chat.events',
    fullName: 'palaver.test.Any',
    schema: { type: 'record', name: 'Any', namespace: 'palaver.test', fields },
  });
  const types = [
    'string',
    'int',
    'long',
    'double',
    'boolean',
    'bytes',
    ['null', 'string'],
    { type: 'array', items: 'string' },
    { type: 'array', items: ['null', 'int'] },
    { type: 'enum', name: 'Mood', symbols: ['CALM', 'ANGRY'] },
    { type: 'record', name: 'Place', fields: [{ name: 'room', type: 'string' }] },
  ];
  const plain = fc.oneof(
    fc.string(),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom('CALM', null, undefined, 2 ** 53, Buffer.from('x')),
  );
  const objectOf = <T>(values: fc.Arbitrary<T>, ...keys: string[]) =>
    fc.dictionary(fc.constantFrom(...keys), values, { noNullPrototype: true });
  const wild = fc.oneof(plain, fc.array(plain, { maxLength: 3 }), objectOf(plain, 'room', 'other'));
  const data = fc.oneof({ weight: 5, arbitrary: objectOf(wild, 'a', 'b', 'c') }, wild);

  test.each(types.map((type) => [type]))('%j', (type) => {
    for (const field of [
      { name: 'a', type },
      { name: 'a', type: ['null', type].flat(), default: null },
    ]) {
      const nested = Array.isArray(type) && 'default' in field;
      const any = schema([nested ? { name: 'a', type, default: null } : field, { name: 'b', type: 'int', default: 7 }]);
      const tables = new AvroTables([any]);
      tables.addWriting(any, 1);
      const bare = avroType(any.schema);
      fc.assert(
        fc.property(data, (given) => {
          const encode = () => tables.encode('chat.events', { type: 'Any', data: given });
          if (misfitOf(bare, given) === null) expect(Buffer.from(encode()).subarray(5)).toEqual(bare.toBuffer(given));
          else expect(encode).toThrow(TypeError);
        }),
        { numRuns: 300 },
      );
    }
  });
});
