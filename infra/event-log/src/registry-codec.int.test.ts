import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { RecordSchema } from './avro.ts';
import { SchemasUnavailable, UndecodableRecord } from './codec.ts';
import { registerSchemas, SchemasRefused } from './registration.ts';
import { avroCodec, SchemaNotRegistered } from './registry-codec.ts';
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

test('registering again finds what is there, and what is encoded is decoded', async () => {
  const topic = newTopic();
  const schemas = [schemaOf(topic, 'Noted', id, note), schemaOf(topic, 'Gone', id)];
  const subjects = schemas.map(({ fullName }) => `${topic}-${fullName}`);
  const first = await registerSchemas({ registryUrl, schemas: schemas.slice(0, 1) });
  expect(first).toEqual({ registered: subjects.slice(0, 1), there: [] });
  const second = await registerSchemas({ registryUrl, schemas });
  expect(second).toEqual({ registered: subjects.slice(1), there: subjects.slice(0, 1) });
  const codec = await avroCodec({ registryUrl, schemas });
  const message = { type: 'Noted', data: { id: 'x', note: 'y' } };
  expect(codec.decode(codec.encode(topic, message))).toEqual(message);
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
  expect(reader.decode(foreign)).toEqual({ type: 'palaver.test.Foreign', data: null });
});

test('every schema that is not registered is named, with what the registry holds in its place', async () => {
  const topic = newTopic();
  const noted = schemaOf(topic, 'Noted', id);
  await registerSchemas({ registryUrl, schemas: [noted, schemaOf(topic, 'Changed', id)] });
  const must: Field = { name: 'must', type: 'int' };
  const schemas = [
    noted,
    schemaOf(topic, 'Changed', id, must),
    schemaOf(topic, 'Unknown', id),
    schemaOf(topic, 'Noted', id, note),
  ];
  const error = await avroCodec({ registryUrl, schemas }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SchemaNotRegistered);
  const { message } = error as SchemaNotRegistered;
  expect(message).toContain(`${registryUrl} lacks 3 of the schemas`);
  expect(message).toMatch(/palaver\.test\.Changed \(it holds other versions, and would refuse this one: .*must/);
  expect(message).toContain('palaver.test.Unknown (it was never registered)');
  expect(message).toContain('palaver.test.Noted (it holds other versions, and would take this one)');
  expect(message).toContain('palaver schemas register');
});

test('incompatible changes are refused, each named, and the others are taken', async () => {
  const topic = newTopic();
  const compatibilityOf = ({ fullName }: RecordSchema) =>
    fullName.endsWith('Asked') ? ('BACKWARD_TRANSITIVE' as const) : ('FULL_TRANSITIVE' as const);
  await registerSchemas({
    registryUrl,
    schemas: [schemaOf(topic, 'Noted', id), schemaOf(topic, 'Said', id), schemaOf(topic, 'Asked', id)],
    compatibilityOf,
  });
  // Without its field, what is older than the writer cannot read it: commands may lose one, events may not.
  const changed = ['Noted', 'Said', 'Asked', 'New'].map((name) => schemaOf(topic, name, note));
  const refused = await registerSchemas({ registryUrl, schemas: changed, compatibilityOf }).catch((error) => error);
  expect(refused).toBeInstanceOf(SchemasRefused);
  expect((refused as SchemasRefused).refused.map(({ subject }) => subject).sort()).toEqual([
    `${topic}-palaver.test.Noted`,
    `${topic}-palaver.test.Said`,
  ]);
  const taken = changed.slice(2);
  expect((await registerSchemas({ registryUrl, schemas: taken, compatibilityOf })).there).toHaveLength(2);
});

test.each([
  ['that the registry does not have', [0x7f, 0, 0, 0]],
  ['that no registry can have', [0xff, 0xff, 0xff, 0xff]],
  ['0', [0, 0, 0, 0]],
])('a record with the id %s cannot be decoded, and keeps no other from it', async (_, idBytes) => {
  const schemas = [schemaOf(newTopic(), 'Noted', id)];
  await registerSchemas({ registryUrl, schemas });
  const value = (await avroCodec({ registryUrl, schemas })).encode(schemas[0]!.topic, {
    type: 'Noted',
    data: { id: 'x' },
  });
  const reader = await avroCodec({ registryUrl, schemas: [] });
  const foreign = Uint8Array.of(0, ...idBytes, 0);
  await reader.prepare([foreign, value]);
  expect(() => reader.decode(foreign)).toThrow(UndecodableRecord);
  expect(reader.decode(value).type).toBe('palaver.test.Noted');
});

test('a schema of another kind than Avro cannot be decoded by', async () => {
  const answer = await fetch(`${registryUrl}/subjects/${newTopic()}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schemaType: 'JSON', schema: '{"type":"object"}' }),
  });
  const { id: schemaId } = (await answer.json()) as { id: number };
  const value = Buffer.from([0, 0, 0, 0, 0, 0x7b, 0x7d]);
  value.writeInt32BE(schemaId, 1);
  const codec = await avroCodec({ registryUrl, schemas: [] });
  await codec.prepare([value]);
  expect(() => codec.decode(value)).toThrow(UndecodableRecord);
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

test('while the registry is away, what is known is decoded, and what is not can be asked for again', async () => {
  const proxy = createServer((request, response) => {
    void fetch(`${registryUrl}${request.url}`).then(async (answer) => {
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(await answer.text());
    });
  });
  const listen = async (port: number): Promise<number> => {
    proxy.listen(port, '127.0.0.1');
    await once(proxy, 'listening');
    return (proxy.address() as AddressInfo).port;
  };
  const port = await listen(0);
  onTestFinished(() => void proxy.close());
  const topic = newTopic();
  const [old, wide] = [[schemaOf(topic, 'Noted', id)], [schemaOf(topic, 'Noted', id, note)]];
  for (const schemas of [old, wide]) await registerSchemas({ registryUrl, schemas });
  const known = (await avroCodec({ registryUrl, schemas: old })).encode(topic, { type: 'Noted', data: { id: 'x' } });
  const writer = await avroCodec({ registryUrl, schemas: wide });
  const unseen = writer.encode(topic, { type: 'Noted', data: { id: 'y', note: 'n' } });
  const reader = await avroCodec({ registryUrl: `http://127.0.0.1:${port}`, schemas: [] });
  await reader.prepare([known]);

  proxy.closeAllConnections();
  proxy.close();
  await reader.prepare([known]);
  expect(reader.decode(known).type).toBe('palaver.test.Noted');
  await expect(reader.prepare([known, unseen])).rejects.toThrow(SchemasUnavailable);
  await listen(port);
  await reader.prepare([known, unseen]);
  expect(reader.decode(unseen).type).toBe('palaver.test.Noted');
});
