import avsc from 'avsc';

/** What avsc reads from. It never fails by itself: past the end there are zeros, and its place tells afterwards. */
type Tap = { readonly buf: Uint8Array; readonly pos: number; readLong(): number; skipLong(): void };
type Reads = { _read(tap: Tap): unknown; _skip(tap: Tap): void };

const ArrayType = avsc.types.ArrayType as unknown as new (schema: object, options: object) => { itemsType: Reads };

/** How many items the next block of an array has; 0 at its end. */
const nextBlock = (tap: Tap): number => {
  const length = tap.readLong();
  // A negative length is followed by the block's size in bytes: https://avro.apache.org/docs/1.12.0/specification/#arrays-1
  if (length < 0) tap.skipLong();
  const left = tap.buf.length - tap.pos;
  if (!(Math.abs(length) <= left))
    throw new RangeError(`an array of ${length} items in the ${left} bytes that are left`);
  return Math.abs(length);
};

/**
 * avsc believes any length: five bytes can make it fill memory, or go round for ever. An item has a byte at least, so no array is longer than
 * what is left. Resolvers borrow `_read`, with an `itemsType` of their own.
 */
class BoundedArray extends ArrayType {
  _read(tap: Tap): unknown[] {
    const items: unknown[] = [];
    for (let length = nextBlock(tap); length > 0; length = nextBlock(tap))
      for (let index = 0; index < length; index += 1) items.push(this.itemsType._read(tap));
    return items;
  }

  _skip(tap: Tap): void {
    for (let length = nextBlock(tap); length > 0; length = nextBlock(tap))
      for (let index = 0; index < length; index += 1) this.itemsType._skip(tap);
  }
}

const typeHook = (schema: unknown, options: object): unknown => {
  const { type } = schema as { type?: unknown };
  if (type === 'map') throw new TypeError('a map, of which our schemas have none');
  return type === 'array' ? new BoundedArray(schema as object, options) : undefined;
};

/**
 * The type of one of our schemas: nullable fields are plain values or null, the only unions that they hold, and ambiguous ones are refused.
 * `foreign`: of a schema that somebody else wrote with, where they need not be read as they are.
 */
export const avroType = (schema: object, { foreign = false } = {}): avsc.types.RecordType =>
  avsc.Type.forSchema(
    structuredClone(schema) as avsc.Schema,
    { wrapUnions: foreign ? 'auto' : 'never', omitRecordMethods: true, typeHook } as object,
  ) as avsc.types.RecordType;

/** The paths at which data does not fit a type, undeclared fields included; null when it does. */
export const misfitOf = (type: avsc.Type, data: unknown): string | null => {
  const misfits: string[] = [];
  type.isValid(data, {
    noUndeclaredFields: true,
    errorHook: (path: string[]) => misfits.push(path.join('.')),
  } as object);
  return misfits.length === 0 ? null : misfits.join(', ');
};

const holdsRecord = (type: avsc.Type): boolean => {
  const { fields, itemsType, types } = type as {
    fields?: unknown;
    itemsType?: avsc.Type;
    types?: readonly avsc.Type[];
  };
  return fields !== undefined || (itemsType !== undefined && holdsRecord(itemsType)) || (types ?? []).some(holdsRecord);
};

/**
 * Whether avsc's writer, which throws on every value of a wrong type, is all the check that data needs. What it passes over is what has no
 * place in a record: undeclared fields, and anything else than an object where all fields have defaults. Looking for these alone costs
 * a tenth of `isValid`, as long as no records lie within the record; false says no more than that `misfitOf` has to look.
 */
export const plainlyWritable = (type: avsc.types.RecordType): ((data: unknown) => boolean) => {
  const names = type.fields.map(({ name }) => name);
  const declared = new Set(names);
  if (type.fields.some((field) => holdsRecord(field.type))) return () => false;
  return (data) => {
    if (typeof data !== 'object' || data === null) return false;
    let index = 0;
    // Fields mostly come in the order of the schema, where comparing is cheaper than looking up.
    for (const name in data) if (name !== names[index++] && !declared.has(name)) return false;
    return true;
  };
};
