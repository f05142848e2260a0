import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RecordSchema, Upcaster } from './avro.ts';
import { type Codec, UndecodableRecord } from './codec.ts';
import { registerSchemas } from './registration.ts';
import { avroCodec } from './registry-codec.ts';
import { required } from './testing/kafka.ts';

/** Three versions of one service's schemas, as the registry holds them: what each writes, each reads as far as Avro can. */

const registryUrl = required('PALAVER_TEST_REGISTRY');

type Field = { name: string; type: unknown; default?: unknown; aliases?: string[] };
const id: Field = { name: 'id', type: 'string' };
const mood = (...symbols: string[]): Field => ({
  name: 'mood',
  type: { type: 'enum', name: 'Mood', symbols: ['CALM', 'ANGRY', ...symbols], default: 'CALM' },
});
const note: Field = { name: 'note', type: ['null', 'string'], default: null };
const tags: Field = { name: 'tags', type: { type: 'array', items: 'string' }, default: [] };

const schemaOf = (topic: string, name: string, fields: Field[], more: object = {}): RecordSchema => ({
  topic,
  fullName: `palaver.test.${name}`,
  schema: { type: 'record', name, namespace: 'palaver.test', fields, ...more },
});

/** A codec for each version, all registered, and none knowing of the others' schemas beforehand. */
const versionsOf = async (versions: readonly RecordSchema[]): Promise<Codec[]> => {
  for (const schema of versions)
    await registerSchemas({ registryUrl, schemas: [schema], compatibilityOf: () => 'NONE' });
  return Promise.all(versions.map((schema) => avroCodec({ registryUrl, schemas: [schema] })));
};

const readBy = async (reader: Codec, value: Uint8Array) => {
  await reader.prepare([value]);
  return reader.decode(value);
};

describe('changes that our rules allow', () => {
  const topic = `test-${randomUUID()}`;
  const v = [
    { fields: [id, mood()], data: { id: 'x', mood: 'ANGRY' } },
    { fields: [id, mood(), note], data: { id: 'x', mood: 'ANGRY', note: 'n' } },
    { fields: [id, mood('JOYFUL'), note, tags], data: { id: 'x', mood: 'JOYFUL', note: 'n', tags: ['t'] } },
  ] as const;
  let codecs: Codec[];
  beforeAll(async () => {
    codecs = await versionsOf(v.map(({ fields }) => schemaOf(topic, 'Noted', [...fields])));
  });

  test.each([
    ['1', '1', { id: 'x', mood: 'ANGRY' }],
    ['1', '2', { id: 'x', mood: 'ANGRY', note: null }],
    ['1', '3', { id: 'x', mood: 'ANGRY', note: null, tags: [] }],
    ['2', '3', { id: 'x', mood: 'ANGRY', note: 'n', tags: [] }],
    ['2', '1', { id: 'x', mood: 'ANGRY' }],
    // Version 1 does not know JOYFUL: the enum's default.
    ['3', '1', { id: 'x', mood: 'CALM' }],
    ['3', '2', { id: 'x', mood: 'CALM', note: 'n' }],
  ])("version %s's log is read by version %s", async (writer, reader, data) => {
    const value = codecs[Number(writer) - 1]!.encode(topic, { type: 'Noted', data: v[Number(writer) - 1]!.data });
    expect(await readBy(codecs[Number(reader) - 1]!, value)).toEqual({ type: 'Noted', data });
  });
});

test('a renamed record, a renamed field and promoted numbers are read by the newer version', async () => {
  const topic = `test-${randomUUID()}`;
  const numbers = (...types: string[]): Field[] => types.map((type, at) => ({ name: `n${at}`, type }));
  const [v1, v2, v3] = await versionsOf([
    schemaOf(topic, 'Noted', [id, { name: 'text', type: 'string' }, ...numbers('int', 'int', 'long', 'string')]),
    schemaOf(topic, 'Noted', [
      id,
      { name: 'body', type: 'string', aliases: ['text'] },
      ...numbers('long', 'double', 'double', 'bytes'),
    ]),
    schemaOf(
      topic,
      'Remarked',
      [
        id,
        { name: 'content', type: 'string', aliases: ['text', 'body'] },
        ...numbers('double', 'double', 'double', 'bytes'),
      ],
      { aliases: ['palaver.test.Noted'] },
    ),
  ]);
  const old = v1!.encode(topic, { type: 'Noted', data: { id: 'x', text: 't', n0: 1, n1: 2, n2: 3, n3: 's' } });
  const numbersRead = { n0: 1, n1: 2, n2: 3, n3: Buffer.from('s') };
  expect(await readBy(v2!, old)).toEqual({ type: 'Noted', data: { id: 'x', body: 't', ...numbersRead } });
  expect(await readBy(v3!, old)).toEqual({ type: 'Remarked', data: { id: 'x', content: 't', ...numbersRead } });
  const newer = v2!.encode(topic, { type: 'Noted', data: { id: 'x', body: 't', ...numbersRead } });
  expect(await readBy(v3!, newer)).toEqual({ type: 'Remarked', data: { id: 'x', content: 't', ...numbersRead } });
  // Backwards Avro has no way, which is why the rules for events forbid it: the reader says so, and of this record alone.
  await expect(readBy(v1!, newer)).rejects.toThrow(UndecodableRecord);
  expect(await readBy(v1!, old)).toMatchObject({ type: 'Noted' });
});

test('what Avro cannot tell, an upcaster does, for the versions that it is meant for', async () => {
  const topic = `test-${randomUUID()}`;
  const number = (name: string): Field => ({ name, type: 'long', default: 0 });
  // Version 1 counted seconds, version 2 milliseconds; version 3 says when it began, too.
  const v1 = schemaOf(topic, 'Lasted', [id, number('seconds')]);
  const v2 = schemaOf(topic, 'Lasted', [id, number('durationMs')]);
  const v3 = schemaOf(topic, 'Lasted', [id, number('durationMs'), number('startedMs')]);
  const inSeconds: Upcaster = {
    wrote: ({ fields }) => fields.some(({ name }) => name === 'seconds'),
    upcast: ({ seconds, ...rest }: { id: string; seconds: number }) => ({ ...rest, durationMs: seconds * 1_000 }),
  };
  const [one, two] = await versionsOf([v1, v2, v3]);
  const three = await avroCodec({ registryUrl, schemas: [{ ...v3, upcasters: [inSeconds] }] });
  const ofOne = one!.encode(topic, { type: 'Lasted', data: { id: 'x', seconds: 3 } });
  const ofTwo = two!.encode(topic, { type: 'Lasted', data: { id: 'x', durationMs: 3 } });
  const ofThree = three.encode(topic, { type: 'Lasted', data: { id: 'x', durationMs: 3, startedMs: 4 } });
  expect((await readBy(three, ofOne)).data).toEqual({ id: 'x', durationMs: 3_000, startedMs: 0 });
  expect((await readBy(three, ofTwo)).data).toEqual({ id: 'x', durationMs: 3, startedMs: 0 });
  expect((await readBy(three, ofThree)).data).toEqual({ id: 'x', durationMs: 3, startedMs: 4 });
});
