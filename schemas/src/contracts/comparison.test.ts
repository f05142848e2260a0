import avsc from 'avsc';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AvroField, AvroRecord, AvroType } from './avro.ts';
import { changes, enumOf, field, recordOf } from './changes.fixture.ts';
import { breaksOf, type Hit } from './comparison.ts';

/** Whether avsc makes a resolver, by which a reader with one schema reads what was written with the other. */
const reads = (reader: AvroRecord, writer: AvroRecord): boolean => {
  const typeOf = (schema: AvroRecord) => avsc.Type.forSchema(structuredClone(schema) as unknown as avsc.Schema);
  try {
    typeOf(reader).createResolver(typeOf(writer));
    return true;
  } catch {
    return false;
  }
};

const unreadableFor = (before: AvroRecord, after: AvroRecord, hit: Hit): boolean =>
  breaksOf(before, after).some(({ unreadable, hits }) => unreadable && hits.includes(hit));

const expectAsAvsc = (before: AvroRecord, after: AvroRecord): void => {
  expect({
    newReaders: !unreadableFor(before, after, 'new readers'),
    oldReaders: !unreadableFor(before, after, 'old readers'),
  }).toEqual({ newReaders: reads(after, before), oldReaders: reads(before, after) });
};

test.each(changes)('$name', ({ before, after, breaks, readable = false }) => {
  const found = breaksOf(before, after);
  expect(Object.fromEntries(found.map(({ kind, path, hits }) => [`${kind} ${path}`, hits]))).toEqual(breaks);
  for (const { unreadable, what, instead } of found) {
    expect(unreadable).toBe(!readable);
    expect(what).not.toBe('');
    expect(instead).not.toBe('');
  }
});

test.each(changes)('avsc agrees: $name', ({ before, after }) => expectAsAvsc(before, after));

const symbols = fc.uniqueArray(fc.constantFrom('RED', 'BLUE', 'GREEN'), { minLength: 1, maxLength: 3 });
const enums = fc
  .tuple(symbols, fc.boolean())
  .map(([named, hasDefault]) => enumOf(named, hasDefault ? { default: named[0]! } : {}));
const plain = fc.oneof(
  fc.constantFrom<AvroType>('string', 'bytes', 'int', 'long', 'double', 'boolean'),
  fc.constantFrom<AvroType>({ type: 'string', logicalType: 'uuid' }, { type: 'long', logicalType: 'timestamp-millis' }),
);
const types = fc.oneof(
  plain,
  plain.map((items) => ({ type: 'array', items }) as const),
  plain.map((inner) => ['null', inner] as const),
);
const defaults: Readonly<Record<string, unknown>> = {
  string: '',
  bytes: '',
  boolean: false,
  int: 0,
  long: 0,
  double: 0,
};
const defaultOf = (type: AvroType): unknown => {
  if (Array.isArray(type)) return null;
  if (typeof type === 'string') return defaults[type];
  return 'items' in type ? [] : defaults[(type as { type: string }).type];
};
const fieldNamed = (name: string) =>
  fc.tuple(types, fc.boolean(), fc.boolean()).map(([type, hasDefault, isThere]): AvroField[] => {
    const more = hasDefault ? { default: defaultOf(type) } : {};
    return isThere ? [field(name, type, more)] : [];
  });
/** An enum stands in one place, since its second one would be its name. */
const records = fc
  .tuple(enums, ...['a', 'b', 'c'].map(fieldNamed))
  .map(([colour, ...rest]) => recordOf([field('colour', colour), ...rest.flat()]));

test('avsc agrees on any two records', () => {
  fc.assert(fc.property(records, records, expectAsAvsc), { numRuns: 400 });
});
