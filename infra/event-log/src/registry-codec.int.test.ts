import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { RecordSchema } from './avro.ts';
import { UndecodableRecord } from './codec.ts';
import { avroCodec, registerSchemas, SchemaNotRegistered } from './registry-codec.ts';
import { required } from './testing/kafka.ts';

const registryUrl = required('PALAVER_TEST_REGISTRY');

type Field = { name: string; type: unknown; default?: unknown };
const id: Field = { name: 'id', type: 'string' };
const note: Field = { name: 'note', type: ['null', 'string'], default: null };
const schemaOf = (topic: string, name: string, ...fields: Field[]): RecordSchema => ({
  topic,
  fullName: `palaver.test.${name}`,
  schema: { type: 'record', name, namespace: 'palaver.test', fields },
});
const newTopic = (): string => `test-${randomUUID()}`;

test('registering twice is harmless, and what is encoded is decoded', async () => {
  const schemas = [schemaOf(newTopic(), 'Noted', id, note)];
  await registerSchemas({ registryUrl, schemas });
  await registerSchemas({ registryUrl, schemas });
  const codec = await avroCodec({ registryUrl, schemas });
  const message = { type: 'Noted', data: { id: 'x', note: 'y' } };
  expect(codec.decode(codec.encode(schemas[0]!.topic, message))).toEqual(message);
});

test('a reader learns the id of a newer writer and of a foreign record, once each', async () => {
  const topic = newTopic();
  const old = schemaOf(topic, 'Noted', id);
  const wide = [schemaOf(topic, 'Noted', id, note), schemaOf(topic, 'Foreign', id)];
  await registerSchemas({ registryUrl, schemas: [old] });
  await registerSchemas({ registryUrl, schemas: wide });
  const writer = await avroCodec({ registryUrl, schemas: wide });
  const reader = await avroCodec({ registryUrl, schemas: [old] });
  const noted = writer.encode(topic, { type: 'Noted', data: { id: 'x', note: 'y' } });
  const foreign = writer.encode(topic, { type: 'Foreign', data: { id: 'z' } });
  expect(() => reader.decode(foreign)).toThrow(UndecodableRecord);
  await reader.prepare([noted, null, foreign, Uint8Array.of(1)]);
  expect(reader.decode(noted)).toEqual({ type: 'Noted', data: { id: 'x' } });
  expect(reader.decode(foreign)).toEqual({ type: 'Foreign', data: { id: 'z' } });
});

test('a schema that is not registered is named', async () => {
  const schemas = [schemaOf(newTopic(), 'Noted', id)];
  const loading = avroCodec({ registryUrl, schemas });
  await expect(loading).rejects.toThrow(SchemaNotRegistered);
  await expect(loading).rejects.toThrow(`${schemas[0]!.topic}-palaver.test.Noted`);
});

test('an incompatible change is refused, and its subject named', async () => {
  const topic = newTopic();
  await registerSchemas({ registryUrl, schemas: [schemaOf(topic, 'Noted', id)] });
  const changed = schemaOf(topic, 'Noted', id, { name: 'must', type: 'int' });
  await expect(registerSchemas({ registryUrl, schemas: [changed] })).rejects.toThrow(`${topic}-palaver.test.Noted`);
});

test('an id that the registry does not have cannot be decoded', async () => {
  const codec = await avroCodec({ registryUrl, schemas: [] });
  await expect(codec.prepare([Uint8Array.of(0, 0x7f, 0, 0, 0, 0)])).rejects.toThrow(UndecodableRecord);
});

test('a registry that cannot be reached is waited for, within the bound', async () => {
  const waits: Error[] = [];
  const schemas = [schemaOf(newTopic(), 'Noted', id)];
  const options = {
    registryUrl: 'http://127.0.0.1:9',
    schemas,
    unavailableMs: 500,
    onWait: (e: Error) => waits.push(e),
  };
  await expect(avroCodec(options)).rejects.toThrow();
  expect(waits.length).toBeGreaterThan(0);
});
