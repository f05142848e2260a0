/**
 * Writes `generated/<service>.ts` from the `.avsc` files: TypeScript types, the unions of a service's commands and events, and
 * each record's schema with its named types put in. `--check` writes nothing and fails when a file is not what it would write.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { services } from './topics.ts';

type AvroRecord = { type: 'record'; name: string; namespace: string; doc: string; fields: AvroField[] };
type AvroEnum = { type: 'enum'; name: string; namespace: string; doc: string; symbols: string[]; default: string };
type AvroField = { name: string; type: AvroType; doc: string; default?: unknown };
type AvroType =
  | string
  | AvroType[]
  | { type: 'array'; items: AvroType }
  | { type: string; logicalType: string }
  | AvroEnum;

const root = join(import.meta.dirname, '..');
const kinds = { commands: 'Command', events: 'Event' } as const;
const primitives: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  double: 'number',
  bytes: 'Buffer',
  null: 'null',
};

const readFolder = <T>(...path: string[]): T[] => {
  const folder = join(root, ...path);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.avsc'));
  return files.sort().map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as T);
};

const shortName = (fullName: string): string => fullName.slice(fullName.lastIndexOf('.') + 1);

/** The TypeScript type of an Avro type. Unions are allowed with null alone, and stand unwrapped. */
const typeScriptOf = (type: AvroType): string => {
  if (typeof type === 'string') return primitives[type] ?? shortName(type);
  if (Array.isArray(type)) {
    if (type.length !== 2 || type[0] !== 'null')
      throw new Error(`a union must be ["null", X]: ${JSON.stringify(type)}`);
    return `${typeScriptOf(type[1]!)} | null`;
  }
  if ('items' in type) return `readonly ${typeScriptOf(type.items)}[]`;
  return typeScriptOf(type.type);
};

/** The schema with each named type in full at its first use, by its name after that, as Avro wants it. */
const withNamedTypes = (record: AvroRecord, named: ReadonlyMap<string, AvroEnum>): AvroRecord => {
  const used = new Set<string>();
  const expand = (type: AvroType): AvroType => {
    if (Array.isArray(type)) return type.map(expand);
    if (typeof type === 'object' && 'items' in type) return { ...type, items: expand(type.items) };
    if (typeof type !== 'string' || used.has(type)) return type;
    const found = named.get(type);
    if (!found && !(type in primitives)) throw new Error(`${record.name}: no type ${type}`);
    if (found) used.add(type);
    return found ?? type;
  };
  return { ...record, fields: record.fields.map((field) => ({ ...field, type: expand(field.type) })) };
};

const docLines = (doc: string, indent = ''): string => `${indent}/** ${doc} */\n`;

const recordType = (record: AvroRecord): string => {
  const fields = record.fields.map(
    (field) => `${docLines(field.doc, '  ')}  readonly ${field.name}: ${typeScriptOf(field.type)};`,
  );
  return `${docLines(record.doc)}export type ${record.name} = {\n${fields.join('\n')}\n};\n`;
};

const enumType = (type: AvroEnum): string =>
  `${docLines(type.doc)}export type ${type.name} = ${type.symbols.map((symbol) => `'${symbol}'`).join(' | ')};\n`;

const unionOf = (name: string, records: readonly AvroRecord[]): string =>
  `export type ${name} =\n${records.map((r) => `  | { readonly type: '${r.name}'; readonly data: ${r.name} }`).join('\n')};\n`;

const fileOf = (service: string): string => {
  const enums = readFolder<AvroEnum>(service, 'types');
  const named = new Map(enums.map((type) => [`${type.namespace}.${type.name}`, type]));
  const capitalized = service[0]!.toUpperCase() + service.slice(1);
  const parts = [
    `// Generated from schemas/${service} by \`pnpm generate\`; not to be edited.\n`,
    ...enums.map(enumType),
  ];
  for (const [folder, kind] of Object.entries(kinds)) {
    const records = readFolder<AvroRecord>(service, folder);
    const schemas = records.map((record) => withNamedTypes(record, named));
    parts.push(...records.map(recordType), unionOf(`${capitalized}${kind}`, records));
    const entries = schemas.map((schema) => {
      const fullName = `${schema.namespace}.${schema.name}`;
      return `  {\n    topic: '${service}.${folder}',\n    fullName: '${fullName}',\n    schema: ${JSON.stringify(schema)},\n  },\n`;
    });
    parts.push(`export const ${service}${kind}Schemas = [\n${entries.join('')}] as const;\n`);
  }
  return parts.join('\n');
};

const check = process.argv.includes('--check');
let drifted = 0;
mkdirSync(join(import.meta.dirname, 'generated'), { recursive: true });
for (const service of services) {
  const path = join(import.meta.dirname, 'generated', `${service}.ts`);
  const wanted = fileOf(service);
  if (existsSync(path) && readFileSync(path, 'utf8') === wanted) continue;
  drifted += 1;
  if (check) console.error(`schemas/src/generated/${service}.ts is not what its schemas say: run \`pnpm generate\``);
  else writeFileSync(path, wanted);
}
if (check && drifted > 0) process.exit(1);
