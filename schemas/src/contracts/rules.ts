import { services } from '../topics.ts';
import {
  type AvroEnum,
  type AvroField,
  type AvroRecord,
  type AvroType,
  fullNameOf,
  innermost,
  isArray,
  isEnum,
  isUnion,
  primitives,
} from './avro.ts';
import { kinds, readSources, type Source, schemasFolder } from './source.ts';

/** How a schema is to be written, so that whoever reads it knows what it says, and it can change later. */

/** What is called an id and is none of ours: it has another form. */
const foreignIds: ReadonlySet<string> = new Set([
  // A digest of a password's hash.
  'passwordId',
  // The object store's.
  'multipartId',
]);

const attributes = {
  record: new Set(['type', 'name', 'namespace', 'aliases', 'doc', 'deprecated', 'fields']),
  field: new Set(['name', 'type', 'doc', 'default', 'aliases', 'deprecated']),
  enum: new Set(['type', 'name', 'namespace', 'aliases', 'doc', 'symbols', 'default']),
};

const logicalTypes: Readonly<Record<string, string>> = { uuid: 'string', 'timestamp-millis': 'long' };

/** What is wrong with the files, a line each: `<file>: <where> <what>`. */
export const faultsOfSources = (root = schemasFolder): readonly string[] =>
  services.flatMap((service) => {
    const enums = readSources<AvroEnum>(service, 'types', root);
    const named = new Map(enums.map(({ written }) => [fullNameOf(written), written]));
    const records = kinds.flatMap((kind) => readSources<AvroRecord>(service, kind, root));
    return [
      ...enums.flatMap((source) => told(source, [...nameFaults(source, service), ...enumFaults(source.written)])),
      ...records.flatMap((source) =>
        told(source, [...nameFaults(source, service), ...recordFaults(source.written, named)]),
      ),
    ];
  });

const told = ({ file }: Source<unknown>, faults: readonly string[]): string[] =>
  faults.map((fault) => `${file}: ${fault}`);

const nameFaults = ({ file, written }: Source<AvroEnum | AvroRecord>, service: string): string[] => [
  ...(file.endsWith(`/${written.name}.avsc`) ? [] : [`is called ${written.name}, another name than its file`]),
  ...(written.namespace === `palaver.${service}` ? [] : [`its namespace must be palaver.${service}`]),
];

const unknownAttributes = (thing: object, known: ReadonlySet<string>): string[] =>
  Object.keys(thing)
    .filter((name) => !known.has(name))
    .map((name) => `has an attribute that nobody reads: ${name}`);

const docFaults = ({ doc }: { readonly doc?: string }): string[] => (doc?.trim() ? [] : ['lacks a doc']);

const enumFaults = (type: AvroEnum): string[] => {
  const { symbols } = type;
  return [
    ...unknownAttributes(type, attributes.enum),
    ...docFaults(type),
    ...(new Set(symbols).size === symbols.length ? [] : ['has a symbol twice']),
    ...symbols.filter((symbol) => !/^[A-Z][A-Z0-9_]*$/.test(symbol)).map((symbol) => `${symbol} must be in capitals`),
    ...(type.default !== undefined && symbols.includes(type.default)
      ? []
      : ['needs a default among its symbols, for who does not know a newer one']),
  ];
};

/** `named`: the enums that fields may name. */
export const recordFaults = (record: AvroRecord, named: ReadonlyMap<string, AvroEnum>): string[] => {
  const names = record.fields.map(({ name }) => name);
  return [
    ...unknownAttributes(record, attributes.record),
    ...docFaults(record),
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} stands there twice`),
    ...record.fields.flatMap((field) => fieldFaults(field, named).map((fault) => `${field.name} ${fault}`)),
  ];
};

const fieldFaults = (field: AvroField, named: ReadonlyMap<string, AvroEnum>): string[] => {
  const typeFault = faultOfType(field.type, named);
  return [
    ...unknownAttributes(field, attributes.field),
    ...docFaults(field),
    ...(field.deprecated === undefined || field.deprecated.trim() ? [] : ['must say why it is deprecated']),
    ...(typeFault ? [typeFault] : [...logicalFaults(field), ...defaultFaults(field, named)]),
  ];
};

const faultOfType = (type: AvroType, named: ReadonlyMap<string, AvroEnum>): string | null => {
  if (isUnion(type)) {
    const [first, inside] = type;
    if (type.length !== 2 || first !== 'null' || inside === undefined || isUnion(inside))
      return 'may be a union of null and one type alone: ["null", X]';
    return faultOfType(inside, named);
  }
  if (isArray(type)) return faultOfType(type.items, named);
  if (isEnum(type)) return `must name its enum, which belongs into a file under types/`;
  if (typeof type === 'string')
    return type in primitives || named.has(type) ? null : `has a type that is not there: ${type}`;
  const below = logicalTypes[type.logicalType];
  return below === type.type ? null : `has no type of ours: ${JSON.stringify(type)}`;
};

/** Ids and times say that they are. */
const logicalFaults = ({ name, type, doc }: AvroField): string[] => {
  const logicalType = (innermost(type) as { logicalType?: string }).logicalType;
  const isId = /(^id|Ids?)$/.test(name) && !foreignIds.has(name);
  const isTime = /At$/.test(name) || /since the epoch/.test(doc ?? '');
  return [
    // An id that may be empty, to say that there is none any more, cannot be a uuid.
    ...(isId && logicalType !== 'uuid' && !/empty/.test(doc ?? '') ? ['is an id: its logical type must be uuid'] : []),
    ...(isTime && logicalType !== 'timestamp-millis' ? ['is a time: its logical type must be timestamp-millis'] : []),
  ];
};

const defaultFaults = (field: AvroField, named: ReadonlyMap<string, AvroEnum>): string[] => {
  const { type } = field;
  if (isUnion(type)) return field.default === null ? [] : ['may be null, so its default must be null'];
  if (field.default === undefined) return [];
  return isOf(type, field.default, named) ? [] : [`has a default of another type: ${JSON.stringify(field.default)}`];
};

const isOf = (type: AvroType, value: unknown, named: ReadonlyMap<string, AvroEnum>): boolean => {
  if (isArray(type)) return Array.isArray(value) && value.every((one) => isOf(type.items, one, named));
  const name = typeof type === 'string' ? type : (type as { type: string }).type;
  const symbols = named.get(name)?.symbols;
  if (symbols) return symbols.includes(value as string);
  if (primitives[name] === 'number') return name === 'double' ? typeof value === 'number' : Number.isSafeInteger(value);
  return typeof value === (name === 'bytes' ? 'string' : primitives[name]);
};
