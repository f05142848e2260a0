import { type AvroType, innermost, isArray, isEnum, isUnion, shortName, withoutNull } from '@palaver/schemas/contracts';
import type { Edition, Entry, Party, Reader } from './catalogue.ts';

/** The words that the pages of the catalogue have in common. */

/** `MessagesLeft or null`, `array of uuid`. */
export const typeText = (type: AvroType): string => {
  if (isUnion(type)) return `${typeText(withoutNull(type))} or null`;
  if (isArray(type)) return `array of ${typeText(type.items)}`;
  if (isEnum(type)) return type.name;
  return typeof type === 'string' ? shortName(type) : (type as { logicalType: string }).logicalType;
};

/** The symbols of a field whose type is an enum, and what they are. */
export const symbolsText = (type: AvroType): string => {
  const inner = innermost(type);
  return isEnum(inner) ? inner.symbols.join(', ') : '';
};

export const defaultText = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value));

export const partyText = ({ name, processes }: Party): string =>
  processes.length === 1 && name.endsWith(` ${processes[0]}`) ? name : `${name} (in ${processes.join(', ')})`;

export const fieldsText = ({ fields }: Reader, { contract }: Entry): string => {
  if (fields.length === 0) return 'that it has happened';
  return fields.length === contract.schema.fields.length ? 'all of it' : fields.join(', ');
};

export const editionText = ({ version, added, removed }: Edition): string => {
  const changes = [...added.map((name) => `+ ${name}`), ...removed.map((name) => `- ${name}`)].join(', ');
  const name = version === null ? 'not released yet' : String(version);
  return changes === '' ? name : `${name} (${changes})`;
};

/** Where a record stands on a page: names of events and commands are unique within a service. */
export const anchorOf = ({ contract }: Entry): string => `${contract.service}-${contract.schema.name}`;

export const introduction =
  'All that is said on the log: every command and event, who writes it, who reads which of its fields, and the versions that it has had. Generated from the schemas, their history and the code of the consumers by `pnpm generate`; not to be edited.';
