import {
  type AvroEnum,
  type AvroRecord,
  type AvroType,
  isArray,
  isEnum,
  isUnion,
  namedIn,
} from '@palaver/schemas/contracts';

/**
 * Records made of a schema by rules, the same ones each time: one in which nothing is left out and one in which all is that may be, and of each a
 * variation for every other value of every field. So every symbol, null, and arrays with and without items come up.
 */

export type Sample = Readonly<Record<string, unknown>>;

const primitiveValues: Readonly<Record<string, readonly unknown[]>> = {
  boolean: [true, false],
  int: [1, 0],
  long: [1, 0],
  double: [0.5, 0],
  bytes: [Buffer.from('bytes'), Buffer.alloc(0)],
};

/** Texts and ids differ from field to field: equal ones would mean something. */
const textsOf = (place: number): readonly string[] => [`text ${place}`, ''];
const uuidOf = (place: number): string => `00000000-0000-7000-8000-${String(place).padStart(12, '0')}`;

/** The values of a type, the fullest first and the barest last. */
const valuesOf = (type: AvroType, named: ReadonlyMap<string, AvroEnum>, place: number): readonly unknown[] => {
  if (isUnion(type))
    return [...type.filter((one) => one !== 'null').flatMap((one) => valuesOf(one, named, place)), null];
  if (isArray(type)) return [...valuesOf(type.items, named, place).map((item) => [item]), []];
  if (isEnum(type)) return type.symbols;
  if (type === 'string') return textsOf(place);
  if (typeof type === 'string') return named.get(type)?.symbols ?? primitiveValues[type] ?? [null];
  return type.logicalType === 'uuid' ? [uuidOf(place)] : primitiveValues[type.type]!;
};

export const samplesOf = (schema: AvroRecord): readonly Sample[] => {
  const named = namedIn(schema);
  const fields = schema.fields.map(({ name, type }, place) => ({ name, values: valuesOf(type, named, place) }));
  const pick = (at: 0 | -1): Sample => Object.fromEntries(fields.map(({ name, values }) => [name, values.at(at)]));
  return [pick(0), pick(-1)].flatMap((base) => [
    base,
    ...fields.flatMap(({ name, values }) =>
      values.filter((value) => value !== base[name]).map((value) => ({ ...base, [name]: value })),
    ),
  ]);
};
