import { z } from 'zod';
import { exampleOf, type JsonObject } from './example.ts';
import type { EDGE_PROBLEMS, ProblemTable } from './problem.ts';
import type { Route } from './route.ts';

export type OpenApiDocument = {
  readonly openapi: string;
  readonly info: JsonObject;
  readonly tags?: readonly JsonObject[];
  readonly paths: Readonly<Record<string, JsonObject>>;
  readonly components: Readonly<Record<string, JsonObject>>;
};

/**
 * The OpenAPI 3.1 document of a service's routes, made of their zod schemas. A schema with an `id` in its `meta` becomes a component of
 * that name.
 */
export const openApiDocument = (options: {
  name: string;
  routes: readonly Route[];
  problems: ProblemTable;
}): OpenApiDocument => {
  const paths: Record<string, Record<string, unknown>> = {};
  const schemas: Schemas = { Problem: PROBLEM_SCHEMA };
  for (const route of options.routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operation(route, options.problems, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: { title: `Palaver ${options.name}`, version: '1' },
    paths,
    components: {
      schemas,
      parameters: PARAMETERS,
      headers: HEADERS,
      responses: RESPONSES,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
};

/** Named ones, gathered while a document is made. */
type Schemas = Record<string, JsonObject>;

const operation = (route: Route, problems: ProblemTable, schemas: Schemas): JsonObject => ({
  operationId: route.operationId,
  summary: route.summary,
  ...(route.description === undefined ? {} : { description: route.description }),
  tags: route.tags,
  security: route.auth === 'bearer' ? [{ bearer: [] }] : [],
  parameters: [
    ...inputParameters(route.params, 'path'),
    ...inputParameters(route.query, 'query'),
    ...headerParameters(route),
  ],
  ...(route.body ? { requestBody: requestBody(route.body, schemas) } : {}),
  ...(route.upload ? { requestBody: { required: true, content: { [route.upload]: { schema: UPLOAD_SCHEMA } } } } : {}),
  responses: { ...successes(route, schemas), ...refusals(route, problems) },
});

const requestBody = (body: z.ZodType, schemas: Schemas): JsonObject => {
  const schema = schemaOf(body, schemas);
  return { required: true, content: { 'application/json': { schema, example: exampleOf(schema, schemas) } } };
};

const successes = (route: Route, schemas: Schemas): JsonObject => {
  const headers = {
    ...COMMON_HEADERS,
    ...(route.kind === 'command' ? headersOf('Palaver-Position') : {}),
    ...(route.isTagged ? headersOf('ETag') : {}),
  };
  // No content: what such a route answers with is the status alone.
  const isEmpty = route.response instanceof z.ZodVoid || route.response instanceof z.ZodUndefined;
  const content = isEmpty ? {} : { content: successContent(route, schemas) };
  return {
    [route.status]: { description: 'Done.', headers, ...content },
    ...(route.takesRanges
      ? { 206: { description: 'The range.', headers: { ...headers, ...headersOf('Content-Range') }, ...content } }
      : {}),
    ...(isCacheable(route) ? { 304: { description: 'It is what `If-None-Match` names.', headers } } : {}),
  };
};

const successContent = ({ produces, response }: Route, schemas: Schemas): JsonObject => {
  const schema = schemaOf(response, schemas);
  if (produces !== undefined) return { [produces]: { schema } };
  return { 'application/json': { schema, example: exampleOf(schema, schemas, { whole: true }) } };
};

const isCacheable = ({ isTagged, method }: Route): boolean => isTagged === true && method === 'get';

/** One answer per status; the codes that it may carry are in its description. */
const refusals = (route: Route, problems: ProblemTable): JsonObject => {
  const byStatus = new Map<number, string[]>();
  for (const code of [...edgeCodes(route), ...route.problems]) {
    const status = problems[code]?.status ?? 409;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        $ref: `#/components/responses/${REFUSAL_OF[status] ?? 'Refused'}`,
        description: `Code: ${[...new Set(codes)].join(', ')}.`,
      },
    ]),
  );
};

const commandCodes = [
  'idempotency_key_reused',
  'log_unavailable',
  'partition_halted',
  'unknown_command',
  'command_timeout',
] as const;

const bodyCodes = ['malformed_json', 'request_timeout', 'body_too_large', 'unsupported_media_type'] as const;

const edgeCodes = (route: Route): readonly (keyof typeof EDGE_PROBLEMS)[] => [
  'invalid_input',
  'malformed_header',
  'malformed_path',
  ...(route.auth === 'bearer' ? (['unauthenticated'] as const) : []),
  // A token that is sent must be good, also where none is needed.
  'token_expired',
  'token_invalid',
  'session_ended',
  ...(route.upload ? (['request_timeout', 'unsupported_media_type'] as const) : []),
  ...(route.body ? bodyCodes : []),
  ...(route.kind === 'command' ? commandCodes : []),
  'rate_limited',
  'not_yet_visible',
  'database_unavailable',
  'service_unavailable',
  'service_broke_off',
  'service_timeout',
];

const inputParameters = (schema: z.ZodType | undefined, place: 'path' | 'query'): readonly JsonObject[] => {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, {}) as {
    properties?: Record<string, JsonObject>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...one }]) => {
    const isRequired = place === 'path' || required.includes(name);
    const example = isRequired ? { example: exampleOf(one, {}) } : {};
    // Beside the schema, where pages of documents look for it.
    return { name, in: place, required: isRequired, ...(description ? { description } : {}), schema: one, ...example };
  });
};

const headerParameters = (route: Route): readonly JsonObject[] => {
  const names: readonly (keyof typeof PARAMETERS)[] = [
    ...(route.kind === 'command' ? (['Idempotency-Key'] as const) : []),
    ...(route.problems.includes('precondition_failed') ? (['If-Match'] as const) : []),
    ...(isCacheable(route) ? (['If-None-Match'] as const) : []),
    ...(route.takesRanges ? (['Range'] as const) : []),
    ...(route.takesReason ? (['X-Audit-Log-Reason'] as const) : []),
    'Palaver-Position',
  ];
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
};

const header = (name: string, description: string, schema: JsonObject): JsonObject => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string', ...schema },
});

const POSITION = { examples: ['servers:3@1042'] };

const PARAMETERS = {
  'Idempotency-Key': header(
    'Idempotency-Key',
    'The same key and body give the same answer again; 1-255 visible ASCII characters.',
    { minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
  ),
  'If-Match': header(
    'If-Match',
    'The one ETag that was read, or `*`: when it is another one by now, nothing is changed, and the answer is 412.',
    { format: 'entity-tag', examples: ['"3"'] },
  ),
  'If-None-Match': header('If-None-Match', 'An ETag that was read: when it is still that one, the answer is 304.', {
    examples: ['"3"'],
  }),
  Range: header('Range', 'One range of bytes (RFC 9110 14.2); of several, the whole is answered.', {
    examples: ['bytes=0-1023'],
  }),
  'X-Audit-Log-Reason': header(
    'X-Audit-Log-Reason',
    'Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8.',
    { format: 'percent-encoded', examples: ['Said%20it%20once%20too%20often'] },
  ),
  'Palaver-Position': header(
    'Palaver-Position',
    'What a command answered: this answer waits until it shows the events before that position.',
    POSITION,
  ),
} as const;

const HEADERS = {
  'X-Request-Id': { description: 'Finds the request in the logs.', required: true, schema: { type: 'string' } },
  'Palaver-Position': {
    description: 'The position behind the events of the command. Sent back, an answer waits until it shows them.',
    schema: { type: 'string', ...POSITION },
  },
  ETag: { description: 'Of what is answered, for `If-Match` and `If-None-Match`.', schema: { type: 'string' } },
  'Content-Range': { description: 'Which bytes of how many.', schema: { type: 'string' } },
  'RateLimit-Policy': {
    description: 'How many such requests there may be, in how many seconds.',
    schema: { type: 'string', examples: ['"commands";q=600;w=60'] },
  },
  RateLimit: {
    description: 'How many are left, for how many seconds.',
    schema: { type: 'string', examples: ['"commands";r=599;t=60'] },
  },
  'Retry-After': { description: 'Seconds to wait before the next try.', schema: { type: 'string', examples: ['1'] } },
} as const;

const headersOf = (...names: readonly (keyof typeof HEADERS)[]): JsonObject =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** Of every answer. */
const COMMON_HEADERS = headersOf('X-Request-Id', 'RateLimit-Policy', 'RateLimit');

const refusal = (description: string, ...headers: readonly (keyof typeof HEADERS)[]): JsonObject => ({
  description,
  headers: { ...COMMON_HEADERS, ...headersOf(...headers) },
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

/** What is refused looks the same everywhere; an operation says which codes it may have. */
const RESPONSES = {
  Refused: refusal('It is not done, and why.'),
  RangeNotSatisfiable: refusal('There is no such range.', 'Content-Range'),
  TooManyRequests: refusal('It is not done: there were too many before it.', 'Retry-After'),
  NotNow: refusal('It cannot be done at the moment.', 'Retry-After'),
} as const;

const REFUSAL_OF: Readonly<Record<number, keyof typeof RESPONSES>> = {
  416: 'RangeNotSatisfiable',
  429: 'TooManyRequests',
  503: 'NotNow',
};

const UPLOAD_SCHEMA = {
  type: 'object',
  required: ['file'],
  properties: { file: { type: 'string', contentMediaType: 'application/octet-stream' } },
};

const PROBLEM_SCHEMA = {
  description: 'RFC 9457. `code` is stable; `errors` names every fault of the input.',
  examples: [
    {
      type: 'urn:palaver:problem:invalid_input',
      title: 'The input is not valid',
      status: 400,
      detail: '/name: is required.',
      code: 'invalid_input',
      requestId: '01900000-0000-7000-8000-000000000001',
      errors: [{ pointer: '/name', detail: 'is required', code: 'required' }],
    },
  ],
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    requestId: { type: 'string' },
    commandId: { type: 'string', description: 'Of a command whose outcome is unknown.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['detail', 'code'],
        properties: {
          pointer: { type: 'string', description: 'JSON pointer into the body.' },
          parameter: {
            type: 'string',
            description: 'Name in the path or the query; absent where several do not go together.',
          },
          detail: { type: 'string' },
          code: { type: 'string' },
        },
      },
    },
  },
};

/** OpenAPI 3.1 takes JSON Schema 2020-12 as it is; the named parts of this one are added to `schemas`. */
const schemaOf = (schema: z.ZodType, schemas: Schemas): JsonObject => {
  const {
    $schema: _,
    $defs = {},
    ...rest
  } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    // zod writes a long pattern beside each format, which says no more than the format does.
    override({ jsonSchema }) {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    },
  });
  for (const [name, part] of Object.entries($defs)) schemas[name] = inComponents(part as JsonObject);
  return inComponents(rest);
};

const inComponents = (schema: JsonObject): JsonObject =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as JsonObject;
