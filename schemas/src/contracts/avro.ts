/** Avro as our records speak it: no nested records, no maps, and of unions `["null", X]` alone. */

export type AvroEnum = {
  readonly type: 'enum';
  readonly name: string;
  readonly namespace: string;
  readonly aliases?: readonly string[];
  readonly doc: string;
  readonly symbols: readonly string[];
  readonly default?: string;
};

export type AvroType =
  | string
  | readonly AvroType[]
  | { readonly type: 'array'; readonly items: AvroType }
  | { readonly type: string; readonly logicalType: string }
  | AvroEnum;

export type AvroField = {
  readonly name: string;
  readonly type: AvroType;
  readonly doc: string;
  readonly default?: unknown;
  readonly aliases?: readonly string[];
  /** Why it is on its way out, and what stands in its place. Avro passes over attributes that it does not know. */
  readonly deprecated?: string;
};

export type AvroRecord = {
  readonly type: 'record';
  readonly name: string;
  readonly namespace: string;
  readonly aliases?: readonly string[];
  readonly doc: string;
  readonly deprecated?: string;
  readonly fields: readonly AvroField[];
};

/** What stands for values of such a type in TypeScript. */
export const primitives: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  double: 'number',
  bytes: 'Buffer',
  null: 'null',
};

export const fullNameOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}.${name}`;

export const shortName = (fullName: string): string => fullName.slice(fullName.lastIndexOf('.') + 1);

export const isUnion = (type: AvroType): type is readonly AvroType[] => Array.isArray(type);
export const isArray = (type: AvroType): type is { readonly type: 'array'; readonly items: AvroType } =>
  typeof type === 'object' && 'items' in type;
export const isEnum = (type: AvroType): type is AvroEnum => typeof type === 'object' && 'symbols' in type;

/** The type inside of `["null", X]`, or the type itself. */
export const withoutNull = (type: AvroType): AvroType =>
  isUnion(type) && type.length === 2 && type[0] === 'null' ? type[1]! : type;

/** What a field holds one of, or many of, or perhaps none. */
export const innermost = (type: AvroType): AvroType => {
  const plain = withoutNull(type);
  return isArray(plain) ? plain.items : plain;
};

/** Every name of an enum that the record holds stands for the enum from here on, in full. */
export const namedIn = (record: AvroRecord): ReadonlyMap<string, AvroEnum> => {
  const named = new Map<string, AvroEnum>();
  const look = (type: AvroType): void => {
    if (isUnion(type)) type.forEach(look);
    else if (isArray(type)) look(type.items);
    else if (isEnum(type)) named.set(fullNameOf(type), type);
  };
  for (const { type } of record.fields) look(type);
  return named;
};
