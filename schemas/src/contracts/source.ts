import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ServiceName, services } from '../topics.ts';
import { type AvroEnum, type AvroRecord, type AvroType, fullNameOf, isArray, isUnion, primitives } from './avro.ts';

/** The `.avsc` files, read and put together: what everything else here is made of. */

export const schemasFolder: string = join(import.meta.dirname, '..', '..');

export type Kind = 'commands' | 'events';
export const kinds: readonly Kind[] = ['commands', 'events'];

/** What one record says, and where: its schema is whole, with each named type put in. */
export type Contract = {
  readonly service: ServiceName;
  readonly kind: Kind;
  readonly topic: string;
  readonly fullName: string;
  readonly schema: AvroRecord;
};

/** A file as it is written. `file` is relative to the folder of schemas. */
export type Source<T> = { readonly file: string; readonly written: T };

export const readSources = <T>(service: string, folder: Kind | 'types', root = schemasFolder): Source<T>[] => {
  const path = join(root, service, folder);
  if (!existsSync(path)) return [];
  const files = readdirSync(path).filter((file) => file.endsWith('.avsc'));
  return files.sort().map((file) => ({
    file: join(service, folder, file),
    written: parsed(join(path, file)) as T,
  }));
};

const parsed = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
};

/** The schema with each named type in full at its first use, by its name after that, as Avro wants it. */
const withNamedTypes = (record: AvroRecord, named: ReadonlyMap<string, AvroEnum>): AvroRecord => {
  const used = new Set<string>();
  const expand = (type: AvroType): AvroType => {
    if (isUnion(type)) return type.map(expand);
    if (isArray(type)) return { ...type, items: expand(type.items) };
    if (typeof type !== 'string' || used.has(type)) return type;
    const found = named.get(type);
    if (!found && !(type in primitives)) throw new Error(`${record.name}: no type ${type}`);
    if (found) used.add(type);
    return found ?? type;
  };
  return { ...record, fields: record.fields.map((field) => ({ ...field, type: expand(field.type) })) };
};

export const enumsOf = (service: ServiceName, root = schemasFolder): readonly AvroEnum[] =>
  readSources<AvroEnum>(service, 'types', root).map(({ written }) => written);

/** The records of a service's topic, by name. */
export const contractsOf = (service: ServiceName, kind: Kind, root = schemasFolder): readonly Contract[] => {
  const named = new Map(enumsOf(service, root).map((type) => [fullNameOf(type), type]));
  return readSources<AvroRecord>(service, kind, root).map(({ written }) => ({
    service,
    kind,
    topic: `${service}.${kind}`,
    fullName: fullNameOf(written),
    schema: withNamedTypes(written, named),
  }));
};

export const readContracts = (root = schemasFolder): readonly Contract[] =>
  services.flatMap((service) => kinds.flatMap((kind) => contractsOf(service, kind, root)));
