import { readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * One environment variable: its name, how its text becomes a value, and what it is for. A variable without `default` must be
 * given. A secret can also be given as a file: `<name>_FILE` holds the path, and the file's text is the value.
 */
export type Variable<T = unknown> = {
  readonly name: string;
  /** Takes the variable's text. */
  readonly parse: z.ZodType<T, string>;
  readonly default?: T;
  /** Never shown, neither in errors nor in listings. */
  readonly secret?: boolean;
  readonly doc: string;
};

export type ConfigShape = Readonly<Record<string, Variable>>;
export type ConfigOf<Shape extends ConfigShape> = {
  readonly [K in keyof Shape]: Shape[K] extends Variable<infer T> ? T : never;
};
export type Environment = Readonly<Record<string, string | undefined>>;

/** Ties a variable's default to the type that its parser yields. */
export const variable = <T>(options: Variable<T>): Variable<T> => options;

/** What is missing or malformed in the environment, all of it at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The configuration has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/**
 * Reads a table of variables. An empty text counts as not given.
 * Throws `ConfigError` that names every missing or malformed variable.
 */
export const readConfig = <Shape extends ConfigShape>(shape: Shape, env: Environment): ConfigOf<Shape> => {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(shape)) {
    const found = readVariable(one, env);
    if ('fault' in found) faults.push(found.fault);
    else values[key] = found.value;
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return values as ConfigOf<Shape>;
};

/** As `readConfig`, for a `main.ts`: faults go to stderr as they are and the process ends with 78 (EX_CONFIG of sysexits.h). */
export const readConfigOrExit = <Shape extends ConfigShape>(shape: Shape, env: Environment): ConfigOf<Shape> => {
  try {
    return readConfig(shape, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(78);
  }
};

type Found = { readonly value: unknown } | { readonly fault: string };

const readVariable = (one: Variable, env: Environment): Found => {
  const text = readText(one, env);
  if (typeof text === 'object') return text;
  if (text === undefined) {
    if ('default' in one) return { value: one.default };
    return { fault: `${one.name} is missing: ${one.doc}` };
  }
  const parsed = one.parse.safeParse(text);
  if (parsed.success) return { value: parsed.data };
  const given = one.secret ? '' : `, given ${JSON.stringify(text)}`;
  return { fault: `${one.name} is malformed (${parsed.error.issues[0]?.message}${given}): ${one.doc}` };
};

const readText = (one: Variable, env: Environment): string | undefined | { readonly fault: string } => {
  const direct = env[one.name];
  if (direct !== undefined && direct !== '') return direct;
  const path = one.secret ? env[`${one.name}_FILE`] : undefined;
  if (path === undefined || path === '') return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    return { fault: `${one.name}_FILE cannot be read (${(error as Error).message}): ${one.doc}` };
  }
};

const urlOf = (protocols: readonly string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1)), {
    message: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
  });

/** Parsers of the texts that environments hold. */
export const parsers = {
  text: z.string().min(1),
  port: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number')
    .transform(Number)
    .pipe(z.number().max(65_535, 'must be at most 65535')),
  count: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number),
  ratio: z
    .string()
    .regex(/^(0|1|0?\.\d{1,9}|1\.0)$/, 'must be a number from 0 to 1')
    .transform(Number),
  oneOf: <const T extends string>(texts: readonly T[]) => z.enum(texts),
  flag: z.enum(['true', 'false']).transform((text) => text === 'true'),
  url: (...protocols: readonly string[]) => urlOf(protocols),
  /** Several joined by commas. */
  urls: (...protocols: readonly string[]) =>
    z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(urlOf(protocols)).min(1)),
  /** `host:port`, several joined by commas. */
  hosts: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(z.string().regex(/^[^\s:]+:\d{1,5}$/, 'must be host:port, several joined by commas')).min(1)),
  /** Whatever the function takes; the error that it throws says what is wrong. */
  by: <T>(parse: (text: string) => T) =>
    z.string().transform((text, context) => {
      try {
        return parse(text);
      } catch (error) {
        context.addIssue((error as Error).message);
        return z.NEVER;
      }
    }),
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
} as const;

/** The groups of variables that several processes share; a `main.ts` spreads those that it needs into its shape. */

export const kafkaVariables = {
  kafkaBrokers: variable({
    name: 'PALAVER_KAFKA_BROKERS',
    parse: parsers.hosts,
    default: ['127.0.0.1:9092'],
    doc: "the Kafka brokers' host:port, joined by commas",
  }),
} as const;

export const registryVariables = {
  registryUrl: variable({
    name: 'PALAVER_REGISTRY_URL',
    parse: parsers.url('http', 'https'),
    default: 'http://127.0.0.1:8081/apis/ccompat/v7',
    doc: 'the schema registry, a Confluent-compatible URL',
  }),
} as const;

export const postgresVariables = {
  postgresUrl: variable({
    name: 'PALAVER_POSTGRES_URL',
    parse: parsers.url('postgres', 'postgresql'),
    secret: true,
    doc: 'the database, as postgres://user:password@host:port/database',
  }),
} as const;

/** The store of objects that speaks S3, and the bucket in it. */
export const objectStoreVariables = {
  s3Endpoint: variable({
    name: 'PALAVER_S3_ENDPOINT',
    parse: parsers.url('http', 'https'),
    default: 'http://127.0.0.1:9000',
    doc: 'the object store, a URL without a path',
  }),
  s3AccessKey: variable({
    name: 'PALAVER_S3_ACCESS_KEY',
    parse: parsers.text,
    secret: true,
    doc: 'the id of the key to the object store',
  }),
  s3SecretKey: variable({
    name: 'PALAVER_S3_SECRET_KEY',
    parse: parsers.text,
    secret: true,
    doc: 'the key to the object store',
  }),
  s3Bucket: variable({
    name: 'PALAVER_S3_BUCKET',
    parse: parsers.text,
    default: 'palaver-files',
    doc: 'the bucket that files are kept in',
  }),
  s3PublicEndpoint: variable<string | undefined>({
    name: 'PALAVER_S3_PUBLIC_ENDPOINT',
    parse: parsers.url('http', 'https'),
    default: undefined,
    doc: 'what clients reach the object store by, where that is not PALAVER_S3_ENDPOINT',
  }),
} as const;

/** For addresses that clients are told. */
export const publicVariables = {
  publicUrl: variable({
    name: 'PALAVER_PUBLIC_URL',
    parse: parsers.url('http', 'https').transform((url) => url.replace(/\/+$/, '')),
    default: 'http://localhost:3001',
    doc: 'what clients reach the gateway by, a URL without `/api`',
  }),
} as const;

/** The address that a service listens on; each service has its own usual port. */
export const httpVariables = (usualPort: number) =>
  ({
    httpHost: variable({
      name: 'PALAVER_HTTP_HOST',
      parse: parsers.text,
      default: '127.0.0.1',
      doc: 'the address to listen on',
    }),
    httpPort: variable({
      name: 'PALAVER_HTTP_PORT',
      parse: parsers.port,
      default: usualPort,
      doc: 'the port to listen on; 0 takes any free one',
    }),
  }) as const;

/** What a process needs to verify tokens; the auth service signs them. */
export const tokenVariables = {
  jwksFile: variable({
    name: 'PALAVER_JWKS_FILE',
    parse: parsers.text,
    doc: 'the file with the JSON Web Key Set of the public keys that tokens are signed with',
  }),
  tokenIssuer: variable({
    name: 'PALAVER_TOKEN_ISSUER',
    parse: parsers.text,
    default: 'palaver-auth',
    doc: 'the issuer that tokens must name',
  }),
  tokenAudience: variable({
    name: 'PALAVER_TOKEN_AUDIENCE',
    parse: parsers.text,
    default: 'palaver',
    doc: 'the audience that tokens must name',
  }),
} as const;

export const processVariables = {
  logLevel: variable({
    name: 'PALAVER_LOG_LEVEL',
    parse: parsers.level,
    default: 'info',
    doc: 'the least severe level that is logged',
  }),
  instanceId: variable({
    name: 'PALAVER_INSTANCE_ID',
    parse: parsers.text,
    default: crypto.randomUUID().slice(0, 8),
    doc: 'what tells this process from others of its kind; random by default',
  }),
} as const;

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Named as OpenTelemetry does; the exporter reads the others of its names, such as OTEL_EXPORTER_OTLP_HEADERS, by itself. */
export const traceVariables = {
  traceEndpoint: variable<string | undefined>({
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    parse: parsers.url('http', 'https'),
    default: undefined,
    doc: 'where traces are sent by OTLP over HTTP, a URL without /v1/traces; nowhere by default',
  }),
  traceFile: variable<string | undefined>({
    name: 'PALAVER_TRACE_FILE',
    parse: parsers.text,
    default: undefined,
    doc: 'a file that traces are written to as lines of JSON, for `palaver trace`; none by default',
  }),
  traceSampler: variable<(typeof samplers)[number]>({
    name: 'OTEL_TRACES_SAMPLER',
    parse: parsers.oneOf(samplers),
    default: 'parentbased_always_on',
    doc: 'which traces are recorded',
  }),
  traceRatio: variable({
    name: 'OTEL_TRACES_SAMPLER_ARG',
    parse: parsers.ratio,
    default: 1,
    doc: 'of the samplers by ratio, how much of all traces is recorded: 0 to 1',
  }),
} as const;

export type TraceConfig = ConfigOf<typeof traceVariables>;
