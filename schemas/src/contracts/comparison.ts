import {
  type AvroEnum,
  type AvroField,
  type AvroRecord,
  type AvroType,
  fullNameOf,
  isArray,
  isEnum,
  isUnion,
  namedIn,
  shortName,
  withoutNull,
} from './avro.ts';

/**
 * What a change of a record breaks, by Avro's rules for resolving schemas
 * (https://avro.apache.org/docs/1.12.0/specification/#schema-resolution) and by ours on top, which are of meaning: bytes of another logical type, of a
 * symbol that is gone, or without a field whose default is another by now, can be read, but say something else.
 */

/** `new readers`: a program with the schema after the change, of what was written before it. `old readers`: the other way round. */
export type Hit = 'new readers' | 'old readers';

export type BreakKind =
  | 'record renamed'
  | 'record removed'
  | 'field added without a default'
  | 'field removed'
  | 'field renamed'
  | 'default changed'
  | 'type changed'
  | 'logical type changed'
  | 'enum renamed'
  | 'symbol removed'
  | 'symbol added';

export type Break = {
  readonly kind: BreakKind;
  /** The field; `mentions[]` for what is in an array; empty for the record itself. */
  readonly path: string;
  /** What seems to stand in its place, by name: of the field, or of the record. */
  readonly successor?: string;
  readonly hits: readonly Hit[];
  /** Whether bytes cannot be read. What a registry refuses; the rest only we do. */
  readonly unreadable: boolean;
  readonly what: string;
  readonly instead: string;
};

const both: readonly Hit[] = ['new readers', 'old readers'];

/** What a value of a type may be read as, besides the same. */
const promotions: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** What changing `before` into `after` breaks, in the order of its fields. */
export const breaksOf = (before: AvroRecord, after: AvroRecord): readonly Break[] => {
  const named = { before: namedIn(before), after: namedIn(after) };
  const typesOf = (one: AvroField, other: AvroField, path: string): Break[] =>
    typeBreaks(resolved(one.type, named.before), resolved(other.type, named.after), path);
  const ofFields = after.fields.flatMap((field): readonly Break[] => {
    const found = counterpart(field, before);
    if (!found) return [];
    const renamed = found.name === field.name ? [] : renamedByAlias(found, field);
    return [...renamed, ...defaultBreaks(found, field), ...typesOf(found, field, field.name)];
  });
  return [...nameBreaks(before, after), ...ofFields, ...comeAndGone(before, after)];
};

const resolved = (type: AvroType, named: ReadonlyMap<string, AvroEnum>): AvroType => {
  if (isUnion(type)) return type.map((one) => resolved(one, named));
  if (isArray(type)) return { ...type, items: resolved(type.items, named) };
  return typeof type === 'string' ? (named.get(type) ?? type) : type;
};

/** The field that a reader with `field` finds in a record of `before`. */
const counterpart = ({ name, aliases = [] }: AvroField, before: AvroRecord): AvroField | undefined =>
  before.fields.find((one) => one.name === name) ?? before.fields.find((one) => aliases.includes(one.name));

const knows = (
  reader: { readonly namespace: string; readonly name: string; readonly aliases?: readonly string[] },
  writer: { readonly namespace: string; readonly name: string },
): boolean => {
  const name = fullNameOf(writer);
  const aliases = (reader.aliases ?? []).map((one) => (one.includes('.') ? one : `${reader.namespace}.${one}`));
  return fullNameOf(reader) === name || aliases.includes(name);
};

const hitBy = ({ newReaders, oldReaders }: { newReaders: boolean; oldReaders: boolean }): readonly Hit[] =>
  both.filter((hit) => (hit === 'new readers' ? newReaders : oldReaders));

const nameBreaks = (before: AvroRecord, after: AvroRecord): Break[] => {
  const hits = hitBy({ newReaders: !knows(after, before), oldReaders: !knows(before, after) });
  if (hits.length === 0) return [];
  return [
    {
      kind: 'record renamed',
      path: '',
      successor: after.name,
      hits,
      unreadable: true,
      what: `${fullNameOf(before)} is called ${fullNameOf(after)}, and readers find handlers and schemas by the name`,
      instead: 'keep the name; what means something else is another record',
    },
  ];
};

// Fields that come and go.

/** The fields of `before` that a reader with `after` finds no place for. */
export const goneFields = (before: AvroRecord, after: AvroRecord): AvroField[] =>
  before.fields.filter((field) => !after.fields.some((one) => counterpart(one, before) === field));

const comeAndGone = (before: AvroRecord, after: AvroRecord): readonly Break[] => {
  const added = after.fields.filter((field) => !counterpart(field, before));
  const removed = goneFields(before, after);
  const renames = removed.flatMap((gone) => {
    const come = successorOf(gone, { before, after, added, removed });
    return come ? [{ gone, come }] : [];
  });
  const isRenamed = (field: AvroField): boolean => renames.some(({ gone, come }) => gone === field || come === field);
  return [
    ...renames.map(({ gone, come }) => renamed(gone, come)),
    ...removed.filter((field) => !isRenamed(field) && field.default === undefined).map(removedField),
    ...added.filter((field) => !isRenamed(field) && field.default === undefined).map(addedField),
  ];
};

/** What a field that is gone seems to be called now: it has the same type and stands in the same place, or is the only one that came. */
const successorOf = (
  gone: AvroField,
  { before, after, added, removed }: Record<'before' | 'after', AvroRecord> & Record<'added' | 'removed', AvroField[]>,
): AvroField | undefined => {
  if (added.length !== removed.length) return undefined;
  const come = after.fields[before.fields.indexOf(gone)];
  const found = come && added.includes(come) ? come : added.length === 1 ? added[0] : undefined;
  const harms = found && (gone.default === undefined || found.default === undefined);
  return harms && same(found.type, gone.type) ? found : undefined;
};

const keepBoth = (gone: string, come: string): string =>
  `add ${come} beside ${gone}, with a default; write both; mark ${gone} "deprecated"`;

const renamed = (gone: AvroField, come: AvroField): Break => ({
  kind: 'field renamed',
  path: gone.name,
  successor: come.name,
  hits: hitBy({ newReaders: come.default === undefined, oldReaders: gone.default === undefined }),
  unreadable: true,
  what: `it seems to be called ${come.name}, and neither name is read for the other`,
  instead: keepBoth(gone.name, come.name),
});

const renamedByAlias = (gone: AvroField, come: AvroField): Break[] => [
  {
    kind: 'field renamed',
    path: gone.name,
    successor: come.name,
    hits: ['old readers'],
    unreadable: gone.default === undefined,
    what: `it is called ${come.name}; the alias helps new readers alone`,
    instead: keepBoth(gone.name, come.name),
  },
];

const removedField = ({ name }: AvroField): Break => ({
  kind: 'field removed',
  path: name,
  hits: ['old readers'],
  unreadable: true,
  what: 'records without it cannot be read by who knows it, for it has no default',
  instead:
    'keep it and mark it "deprecated", saying what stands in its place; what has no default in a released version stays',
});

const addedField = ({ name, type }: AvroField): Break => ({
  kind: 'field added without a default',
  path: name,
  hits: ['new readers'],
  unreadable: true,
  what: 'records from before it do not hold it, and it has no default to stand in',
  instead: isUnion(type) ? 'give it the default null' : 'give it a default: what the records from before it mean',
});

const defaultBreaks = (before: AvroField, after: AvroField): Break[] => {
  if (before.default === undefined || same(before.default, after.default)) return [];
  const now = after.default === undefined ? 'has none' : `is ${JSON.stringify(after.default)}`;
  return [
    {
      kind: 'default changed',
      path: after.name,
      hits: ['new readers'],
      unreadable: false,
      what: `its default was ${JSON.stringify(before.default)} and ${now}: records from before the field would say something else`,
      instead: 'keep the default; write what is to be said',
    },
  ];
};

// Types.

const anotherField =
  'add a field of the new type under another name, with a default; write both; mark this one "deprecated"';

const changed = (path: string, what: string, hits: readonly Hit[], unreadable = true): Break[] =>
  hits.length === 0 ? [] : [{ kind: 'type changed', path, hits, unreadable, what, instead: anotherField }];

const textOf = (type: AvroType): string => {
  if (typeof type === 'string') return type;
  if (isUnion(type)) return `${textOf(withoutNull(type))} or null`;
  if (isArray(type)) return `array of ${textOf(type.items)}`;
  return isEnum(type) ? type.name : `${type.type} (${(type as { logicalType?: string }).logicalType})`;
};

const wasIs = (before: AvroType, after: AvroType): string => `it was ${textOf(before)} and is ${textOf(after)}`;

const typeBreaks = (before: AvroType, after: AvroType, path: string): Break[] => {
  if (isUnion(before) || isUnion(after)) return nullBreaks(before, after, path);
  if (isArray(before) && isArray(after)) return typeBreaks(before.items, after.items, `${path}[]`);
  if (isEnum(before) && isEnum(after)) return enumBreaks(before, after, path);
  const [was, is] = [primitiveOf(before), primitiveOf(after)];
  if (was === null || is === null) return changed(path, wasIs(before, after), both);
  return primitiveBreaks({ before, after, was, is }, path);
};

const nullBreaks = (before: AvroType, after: AvroType, path: string): Break[] => {
  const hits = hitBy({ newReaders: !isUnion(after), oldReaders: !isUnion(before) });
  const what = isUnion(after)
    ? 'it may be null now, which who knew it does not read'
    : 'it was null at times, and may not be now';
  const inside = typeBreaks(withoutNull(before), withoutNull(after), path);
  return isUnion(before) && isUnion(after) ? inside : [...changed(path, what, hits), ...inside];
};

/** The primitive below a logical type; null for what is none. */
const primitiveOf = (type: AvroType): string | null => {
  if (typeof type === 'string') return type;
  return isUnion(type) || isArray(type) || isEnum(type) ? null : type.type;
};

const logicalOf = (type: AvroType): string => (type as { logicalType?: string }).logicalType ?? 'none';

type Primitives = { readonly before: AvroType; readonly after: AvroType; readonly was: string; readonly is: string };

const primitiveBreaks = ({ before, after, was, is }: Primitives, path: string): Break[] => {
  const newReaders = !promotions[was]?.includes(is);
  const oldReaders = !promotions[is]?.includes(was);
  if (was !== is) {
    // Bytes and strings are read for each other, as something else.
    const unreadable = newReaders || oldReaders;
    return changed(path, wasIs(before, after), unreadable ? hitBy({ newReaders, oldReaders }) : both, unreadable);
  }
  if (logicalOf(before) === logicalOf(after)) return [];
  return [
    {
      kind: 'logical type changed',
      path,
      hits: both,
      unreadable: false,
      what: `its logical type was ${logicalOf(before)} and is ${logicalOf(after)}: the same bytes say something else`,
      instead: anotherField,
    },
  ];
};

const enumBreaks = (before: AvroEnum, after: AvroEnum, path: string): Break[] => {
  const renamedFor = hitBy({ newReaders: !knows(after, before), oldReaders: !knows(before, after) });
  if (renamedFor.length > 0) {
    const what = `its enum was ${fullNameOf(before)} and is ${fullNameOf(after)}`;
    return [
      { kind: 'enum renamed', path, hits: renamedFor, unreadable: true, what, instead: 'keep the name of the enum' },
    ];
  }
  const gone = before.symbols.filter((symbol) => !after.symbols.includes(symbol));
  const come = after.symbols.filter((symbol) => !before.symbols.includes(symbol));
  const enumName = shortName(fullNameOf(after));
  const removed: Break = {
    kind: 'symbol removed',
    path,
    hits: ['new readers'],
    unreadable: after.default === undefined,
    what: `${enumName} has lost ${gone.join(', ')}: records that say so ${after.default === undefined ? 'cannot be read' : `would say ${after.default}`}`,
    instead: 'keep the symbol, write it no more, and say so in the doc of the enum',
  };
  const added: Break = {
    kind: 'symbol added',
    path,
    hits: ['old readers'],
    unreadable: true,
    what: `${come.join(', ')} came to ${enumName}, which had no default for who does not know it`,
    instead: 'release a default for the enum first, deploy every reader, and then add the symbol',
  };
  const redefined: Break = {
    kind: 'default changed',
    path,
    hits: ['new readers'],
    unreadable: false,
    what: `a symbol that is not known was taken for ${before.default} and ${after.default === undefined ? 'is not read' : `is taken for ${after.default}`}`,
    instead: `keep the default of ${enumName}`,
  };
  return [
    ...(gone.length > 0 ? [removed] : []),
    ...(come.length > 0 && before.default === undefined ? [added] : []),
    ...(before.default !== undefined && before.default !== after.default ? [redefined] : []),
  ];
};
