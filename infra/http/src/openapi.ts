import { z } from 'zod';
import type { EDGE_PROBLEMS, ProblemTable } from './problem.ts';
import type { Route } from './route.ts';

export type JsonObject = { readonly [key: string]: unknown };

export type OpenApiDocument = {
  readonly openapi: string;
  readonly info: JsonObject;
  readonly tags?: readonly JsonObject[];
  readonly paths: Readonly<Record<string, JsonObject>>;
  readonly components: Readonly<Record<string, JsonObject>>;
};

/** The OpenAPI 3.1 document of a service's routes, made of their zod schemas. */
export const openApiDocument = (options: {
  name: string;
  routes: readonly Route[];
  problems: ProblemTable;
}): OpenApiDocument => {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of options.routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operation(route, options.problems) };
  }
  return {
    openapi: '3.1.0',
    info: { title: `Palaver ${options.name}`, version: '1' },
    paths,
    components: {
      schemas: { Problem: PROBLEM_SCHEMA },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
};

const operation = (route: Route, problems: ProblemTable): JsonObject => ({
  operationId: route.operationId,
  summary: route.summary,
  tags: route.tags,
  ...(route.auth === 'bearer' ? { security: [{ bearer: [] }] } : {}),
  parameters: [
    ...inputParameters(route.params, 'path'),
    ...inputParameters(route.query, 'query'),
    ...headerParameters(route),
  ],
  ...(route.body
    ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } } }
    : {}),
  ...(route.upload ? { requestBody: { required: true, content: { [route.upload]: { schema: UPLOAD_SCHEMA } } } } : {}),
  responses: { [route.status]: success(route), ...refusals(route, problems) },
});

const success = (route: Route): JsonObject => {
  const headers = route.kind === 'command' ? { headers: { 'Palaver-Position': POSITION_HEADER } } : {};
  const content =
    route.status === 204
      ? {}
      : { content: { [route.produces ?? 'application/json']: { schema: schemaOf(route.response, 'input') } } };
  return { description: 'Done.', ...headers, ...content };
};

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
        description: `Code: ${[...new Set(codes)].join(', ')}.`,
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
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

const edgeCodes = (route: Route): readonly (keyof typeof EDGE_PROBLEMS)[] => [
  'invalid_input',
  'malformed_header',
  ...(route.auth === 'bearer' ? (['unauthenticated', 'token_expired', 'token_invalid', 'session_ended'] as const) : []),
  ...(route.upload ? (['unsupported_media_type'] as const) : []),
  ...(route.body ? (['malformed_json', 'body_too_large', 'unsupported_media_type'] as const) : []),
  ...(route.kind === 'command' ? commandCodes : []),
  'rate_limited',
  'not_yet_visible',
  'database_unavailable',
];

const inputParameters = (schema: z.ZodType | undefined, place: 'path' | 'query'): readonly JsonObject[] => {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, JsonObject>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: one,
  }));
};

const headerParameters = (route: Route): readonly JsonObject[] => {
  const position = { name: 'Palaver-Position', in: 'header', required: false, ...POSITION_HEADER };
  const key = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'The same key and body give the same answer again; 1-255 visible ASCII characters.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  };
  const reason = {
    name: 'X-Audit-Log-Reason',
    in: 'header',
    required: false,
    description: 'Why; it stands in the audit log. 1-512 characters, percent-encoded.',
    schema: { type: 'string', maxLength: 4_608 },
  };
  const ifMatch = {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'The ETag that was read: when it is another one by now, nothing is changed, and the answer is 412.',
    schema: { type: 'string', examples: ['"3"'] },
  };
  const isConditional = route.problems.includes('precondition_failed');
  return [
    ...(route.kind === 'command' ? [key] : []),
    ...(isConditional ? [ifMatch] : []),
    ...(route.takesReason ? [reason] : []),
    position,
  ];
};

const POSITION_HEADER = {
  description: 'Where the events of a command end. Sent back, the answer waits until it shows them.',
  schema: { type: 'string', examples: ['servers:3@1042'] },
};

const UPLOAD_SCHEMA = {
  type: 'object',
  required: ['file'],
  properties: { file: { type: 'string', contentMediaType: 'application/octet-stream' } },
};

const PROBLEM_SCHEMA = {
  description: 'RFC 9457. `code` is stable; `errors` names every fault of the input.',
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
          parameter: { type: 'string', description: 'Name in the path or the query.' },
          detail: { type: 'string' },
          code: { type: 'string' },
        },
      },
    },
  },
};

/** OpenAPI 3.1 takes JSON Schema 2020-12 as it is. */
const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): JsonObject => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
};
