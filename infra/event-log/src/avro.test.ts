import { expect, test } from 'vitest';
import { AvroTables, type RecordSchema, staticCodec } from './avro.ts';
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

test('prepare names an id that nobody knows', async () => {
  await codec.prepare([encoded, null]);
  await expect(codec.prepare([Uint8Array.of(0, 0, 0, 0, 99, 0)])).rejects.toThrow('99');
});

test("another version's record is read by our schema, and a foreign one by its own", () => {
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
  expect(tables.decode(writer.encode('chat.events', { type: 'Left', data: { id: 'x' } }))).toEqual({
    type: 'Left',
    data: { id: 'x' },
  });
});

test('a union that is not a nullable field is refused when the tables are made', () => {
  const schema = { ...left.schema, fields: [{ name: 'id', type: ['int', 'float'] }] };
  expect(() => staticCodec([{ ...left, schema }])).toThrow();
});
