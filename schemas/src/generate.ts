/**
 * Writes `generated/<service>.ts` from the `.avsc` files: TypeScript types, the unions of a service's commands and events, and
 * each record's schema with its named types put in. `--check` writes nothing and fails when a file is not what it would write.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AvroEnum,
  type AvroRecord,
  type AvroType,
  isArray,
  isUnion,
  primitives,
  shortName,
} from './contracts/avro.ts';
import { type Contract, contractsOf, enumsOf, type Kind } from './contracts/source.ts';
import { type ServiceName, services } from './topics.ts';

const unions: Readonly<Record<Kind, string>> = { commands: 'Command', events: 'Event' };

/** The TypeScript type of an Avro type. Unions are allowed with null alone, and stand unwrapped. */
const typeScriptOf = (type: AvroType): string => {
  if (typeof type === 'string') return primitives[type] ?? shortName(type);
  if (isUnion(type)) {
    if (type.length !== 2 || type[0] !== 'null')
      throw new Error(`a union must be ["null", X]: ${JSON.stringify(type)}`);
    return `${typeScriptOf(type[1]!)} | null`;
  }
  if (isArray(type)) return `readonly ${typeScriptOf(type.items)}[]`;
  return 'symbols' in type ? type.name : typeScriptOf(type.type);
};

type Documented = { readonly doc: string; readonly deprecated?: string };

const docLines = ({ doc, deprecated }: Documented, indent = ''): string =>
  `${indent}/** ${doc}${deprecated === undefined ? '' : ` @deprecated ${deprecated}`} */\n`;

const recordType = (record: AvroRecord): string => {
  const fields = record.fields.map(
    (field) => `${docLines(field, '  ')}  readonly ${field.name}: ${typeScriptOf(field.type)};`,
  );
  return `${docLines(record)}export type ${record.name} = {\n${fields.join('\n')}\n};\n`;
};

const enumType = (type: AvroEnum): string =>
  `${docLines(type)}export type ${type.name} = ${type.symbols.map((symbol) => `'${symbol}'`).join(' | ')};\n`;

const unionOf = (name: string, contracts: readonly Contract[]): string => {
  const members = contracts.map(({ schema: { name } }) => `  | { readonly type: '${name}'; readonly data: ${name} }`);
  return `export type ${name} =\n${members.join('\n')};\n`;
};

const schemaEntry = ({ topic, fullName, schema }: Contract): string =>
  `  {\n    topic: '${topic}',\n    fullName: '${fullName}',\n    schema: ${JSON.stringify(schema)},\n  },\n`;

const fileOf = (service: ServiceName): string => {
  const capitalized = service[0]!.toUpperCase() + service.slice(1);
  const parts = [
    `// Generated from schemas/${service} by \`pnpm generate\`; not to be edited.\n`,
    ...enumsOf(service).map(enumType),
  ];
  for (const [kind, union] of Object.entries(unions) as [Kind, string][]) {
    const contracts = contractsOf(service, kind);
    const types = contracts.map(({ schema }) => recordType(schema));
    const entries = contracts.map(schemaEntry);
    parts.push(...types, unionOf(`${capitalized}${union}`, contracts));
    parts.push(`export const ${service}${union}Schemas = [\n${entries.join('')}] as const;\n`);
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
