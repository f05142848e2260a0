import { z } from 'zod';
import { type InputFault, Refusal } from './problem.ts';

/**
 * A text: made NFC, its length counted in Unicode code points after that. Lone surrogates and NUL are refused, since neither
 * Avro nor Postgres can keep them. White space is left as it is.
 */
export const text = ({ min = 0, max }: { min?: number; max: number }) =>
  z
    .string()
    .normalize('NFC')
    .refine(isStorable, { error: 'must not hold lone surrogates or NUL', params: { code: 'invalid_text' } })
    .refine((value) => codePoints(value) >= min, {
      error: `must have at least ${min} character${min === 1 ? '' : 's'}`,
      params: { code: 'too_short' },
    })
    .refine((value) => codePoints(value) <= max, {
      error: `must have at most ${max} character${max === 1 ? '' : 's'}`,
      params: { code: 'too_long' },
    })
    .meta({ minLength: min, maxLength: max });

/**
 * A text that is shown on one line, such as a name: no control characters, none that turn the direction of what follows, and at least one
 * that is seen. The document calls it by a format: a pattern of such classes is read differently by every language.
 */
export const oneLine = ({ max }: { max: number }) =>
  text({ min: 1, max })
    .refine((value) => /^[^\p{Cc}\p{Cn}\u202a-\u202e\u2066-\u2069]*$/u.test(value), {
      error: 'must not hold control characters',
      params: { code: 'invalid_format' },
    })
    .refine((value) => value === '' || /[^\s\p{Default_Ignorable_Code_Point}\p{Cf}]/u.test(value), {
      error: 'must not be blank',
      params: { code: 'invalid_format' },
    })
    .meta({ minLength: 1, maxLength: max, format: 'one-line' });

/** An address that a client may be sent to: https, or http where it says so, of a named host, without a user, blanks or quotes. */
export const webAddress = ({ max = 2_048, http = false }: { max?: number; http?: boolean } = {}) =>
  text({ min: 1, max })
    .refine((value) => isWebAddress(value, http), {
      error: `must be an address that begins with ${http ? 'http:// or https://' : 'https://'}`,
      params: { code: 'invalid_format' },
    })
    .meta({ format: 'uri', maxLength: max });

const isWebAddress = (value: string, http: boolean): boolean => {
  if (!/^https?:\/\/[^/\s"'<>\\^`{|}@][^\s"'<>\\^`{|}@]*$/i.test(value) || !URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return (protocol === 'https:' || (http && protocol === 'http:')) && /[a-z]/i.test(hostname.split('.').at(-1)!);
};

const isStorable = (value: string): boolean => value.isWellFormed() && !value.includes('\0');

const codePoints = (value: string): number => {
  let count = 0;
  for (const _ of value) count++;
  return count;
};

/** What the document says of fields that must not be given together, for `meta`; a refinement checks it. */
export const notTogether = (...fields: readonly string[]) => ({
  not: { required: fields, properties: Object.fromEntries(fields.map((field) => [field, {}])) },
});

/** Any UUID, in lower case: ids are compared, hashed and used as keys as they are. */
export const uuid = () => z.uuid().toLowerCase();

/** A whole number in a path or a query, where everything is text. */
export const wholeNumber = ({ min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}) =>
  z
    .string()
    .refine((value) => /^(0|[1-9]\d{0,15})$/.test(value), { error: 'must be a whole number', abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error: `must be from ${min} to ${max}` })
    .meta({ type: 'integer', minimum: min, maximum: max });

/** The years 1 to 9999, in UTC: what RFC 3339 and Postgres both can write. */
const firstMs = Date.parse('0001-01-01T00:00:00Z');
const lastMs = Date.parse('9999-12-31T23:59:59.999Z');

/** A point in time by RFC 3339, with its offset. */
export const instant = () =>
  z.iso.datetime({ offset: true }).refine((value) => Date.parse(value) >= firstMs && Date.parse(value) <= lastMs, {
    error: 'must be in the years 1 to 9999',
    params: { code: 'out_of_range' },
  });

/** How many of a list to answer: 1-100, 50 when not said. */
export const limit = () =>
  wholeNumber({ min: 1, max: 100 }).default(50).meta({ description: '50 when it is not given.' });

/**
 * The query of a list: `limit`, and at most one of `before`, `after`, `around`, each an item's place.
 * `more` holds the route's own parameters.
 */
export const pageQuery = <Cursor extends z.ZodType, More extends z.ZodRawShape = Record<never, never>>(
  cursor: Cursor,
  more: More = {} as More,
) =>
  z
    .strictObject({
      limit: limit(),
      before: cursor.optional().meta({ description: 'The page that ends before it; with neither after nor around' }),
      after: cursor.optional().meta({ description: 'The page that begins after it; with neither before nor around' }),
      around: cursor
        .optional()
        .meta({ description: 'The page that has it in the middle; with neither before nor after' }),
      ...more,
    })
    .refine(
      (query) => {
        const { before, after, around } = query as Record<string, unknown>;
        return [before, after, around].filter((one) => one !== undefined).length <= 1;
      },
      { error: 'at most one of before, after and around may be given', params: { code: 'exclusive' } },
    );

/** The query of a list that is walked in one direction: `limit`, and the last item of the page before, by what it is listed by. */
export const nextPageQuery = <Cursor extends z.ZodType>(cursor: Cursor, of: string) =>
  z.strictObject({
    limit: limit(),
    after: cursor.optional().meta({ description: `The last ${of} of the page before` }),
  });

/** What the answer of a list that comes in pages looks like. */
export const pageSchema = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item).readonly(), hasMore: z.boolean() });

type Place = 'body' | 'query' | 'path';

/** Deeper bodies than this are refused; no route has one. */
const MAX_DEPTH = 32;

/**
 * Parses input by its schema. Throws a `Refusal` with `invalid_input` and every fault: a JSON pointer for each fault of a body,
 * the parameter's name for those of a query or a path, where it is of one.
 */
export const parseInput = <S extends z.ZodType>(schema: S, input: unknown, place: Place): z.output<S> => {
  const unkept = unkeepable(input);
  if (unkept.length > 0) throw invalid(unkept.map((fault) => faultOf(fault, place)));
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.flatMap((issue) => issueFaults(issue, input)).map((fault) => faultOf(fault, place)),
  );
};

const invalid = (errors: readonly InputFault[]): Refusal => {
  const first = errors[0];
  const where = first?.pointer ?? first?.parameter ?? '';
  return new Refusal('invalid_input', `${where === '' ? 'The input' : where}: ${first?.detail}.`, { errors });
};

type Path = readonly PropertyKey[];
type Fault = { readonly path: Path; readonly detail: string; readonly code: string };

const faultOf = ({ path, detail, code }: Fault, place: Place): InputFault =>
  place === 'body'
    ? { pointer: pointerOf(path), detail, code }
    : { ...(path.length > 0 && { parameter: path.map(String).join('.') }), detail, code };

/** RFC 6901: `~` and `/` are escaped; the whole document is the empty text. */
const pointerOf = (path: Path): string =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

const issueFaults = (issue: z.core.$ZodIssue, input: unknown): readonly Fault[] => {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      detail: 'is not a known field',
      code: 'unknown_field',
    }));
  }
  if (issue.code === 'invalid_type' && valueAt(input, issue.path) === undefined) {
    return [{ path: issue.path, detail: 'is required', code: 'required' }];
  }
  const code = issue.code === 'custom' ? String(issue.params?.code ?? 'invalid_value') : issue.code;
  return [{ path: issue.path, detail: issue.message, code }];
};

const valueAt = (input: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | null | undefined)?.[step], input);

/** Finds what the log or the database cannot keep as it was sent: numbers beyond 2^53-1, lone surrogates, NUL, great depth. */
const unkeepable = (value: unknown, path: Path = [], faults: Fault[] = []): Fault[] => {
  if (typeof value === 'string') {
    if (!isStorable(value)) faults.push({ path, detail: 'must not hold lone surrogates or NUL', code: 'invalid_text' });
  } else if (typeof value === 'number') {
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      faults.push({ path, detail: 'must be a number from -(2^53-1) to 2^53-1', code: 'number_out_of_range' });
    }
  } else if (typeof value === 'object' && value !== null) {
    if (path.length >= MAX_DEPTH) faults.push({ path, detail: 'is nested too deep', code: 'too_deep' });
    else for (const key of Object.keys(value)) unkeepableField(value as Record<string, unknown>, key, path, faults);
  }
  return faults;
};

const unkeepableField = (parent: Record<string, unknown>, key: string, path: Path, faults: Fault[]): void => {
  const here = [...path, key];
  if (!isStorable(key)) {
    faults.push({ path, detail: 'has a field whose name holds lone surrogates or NUL', code: 'invalid_text' });
  } else unkeepable(parent[key], here, faults);
};
