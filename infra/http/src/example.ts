export type JsonObject = { readonly [key: string]: unknown };

/** Named schemas of a document. */
export type Named = Readonly<Record<string, JsonObject>>;

/**
 * A value that a JSON Schema lets pass: the example or the default that it has, else the plainest there is. Objects get the fields that
 * must be there and those that say an example; `whole` gives them all.
 */
export const exampleOf = (schema: JsonObject, named: Named, { whole = false } = {}): unknown => {
  const { $ref, examples, anyOf, enum: choices } = schema as Shape;
  if (examples?.[0] !== undefined) return examples[0];
  if ('const' in schema) return schema.const;
  if (choices) return choices[0];
  if ('default' in schema) return schema.default;
  if ($ref) return exampleOf(named[$ref.split('/').at(-1)!] ?? {}, named, { whole });
  if (anyOf) return exampleOf(anyOf[0]!, named, { whole });
  return plainest(schema as Shape, (part) => exampleOf(part, named, { whole }), whole);
};

type Shape = {
  readonly $ref?: string;
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly JsonObject[];
  readonly enum?: readonly unknown[];
  readonly type?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, JsonObject>>;
  readonly required?: readonly string[];
  readonly items?: JsonObject;
};

const plainest = (schema: Shape, of: (part: JsonObject) => unknown, whole: boolean): unknown => {
  const { type, format, minimum = 1, properties = {}, required = [], items } = schema;
  switch (type) {
    case 'object': {
      const shown = Object.entries(properties).filter(
        ([name, part]) => whole || required.includes(name) || (part as Shape).examples !== undefined,
      );
      return Object.fromEntries(shown.map(([name, part]) => [name, of(part)]));
    }
    case 'array':
      return items ? [of(items)] : [];
    case 'integer':
    case 'number':
      return Math.max(minimum, 1);
    case 'boolean':
      return false;
    case 'string':
      return format === undefined ? 'text' : (byFormat[format] ?? 'text');
    default:
      return null;
  }
};

const byFormat: Readonly<Record<string, string>> = {
  uuid: '01900000-0000-7000-8000-000000000001',
  'date-time': '2026-01-31T12:00:00.000Z',
  uri: 'https://example.com/',
  email: 'ada@example.com',
};
