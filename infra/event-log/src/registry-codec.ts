import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { AvroTables, type RecordSchema } from './avro.ts';
import { type Codec, type Message, SchemasUnavailable } from './codec.ts';
import { registryApi } from './registry-api.ts';

export type AvroCodecOptions = {
  /** Base of the registry's Confluent API. */
  readonly registryUrl: string;
  /** The records that this process knows, the ones that it reads and the ones that it writes. */
  readonly schemas: readonly RecordSchema[];
  /** Of one request, ms. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /** How long `load` asks a registry that cannot be reached again, ms. Default 60,000. */
  readonly unavailableMs?: number;
  /** Hears that the registry is waited for. */
  readonly onWait?: (error: Error) => void;
};

/** The registry lacks what this process writes: the deploy step has not run, or ran from another version. */
export class SchemaNotRegistered extends Error {
  override readonly name = 'SchemaNotRegistered';
}

export const subjectOf = ({ topic, fullName }: RecordSchema): string => `${topic}-${fullName}`;

export type RegistryOptions = Pick<AvroCodecOptions, 'registryUrl' | 'requestTimeoutMs' | 'unavailableMs' | 'onWait'>;

export const connect = ({ registryUrl, requestTimeoutMs = 5000 }: RegistryOptions): SchemaRegistry => {
  // The client has no time-out of its own; this is the shape of a middleware of the mappersmith that it is built on.
  type Request = { enhance(extras: { timeout: number }): Request };
  const timeout = () => ({ request: (request: Request) => request.enhance({ timeout: requestTimeoutMs }) });
  return new SchemaRegistry({ host: registryUrl, retry: { retries: 0 }, middlewares: [timeout as never] });
};

/** Ids are int32: https://docs.confluent.io/platform/current/schema-registry/develop/api.html#schemas */
const largestId = 2 ** 31 - 1;

/** Answers that asking again does not change. A request without an answer has status 400 in this client. */
const finalStatuses = new Set([401, 403, 404, 409, 422]);

export const isNotFound = (error: unknown): boolean => {
  const { status, name } = error as { status?: unknown; name?: unknown };
  // A lookup by schema wraps its 404 in this.
  return status === 404 || name === 'ConfluentSchemaRegistryError';
};

/** The registry has no such schema, or has one that its client cannot make sense of, which throws errors without a status. */
const isUnreadable = (error: unknown): boolean =>
  isNotFound(error) || typeof (error as { status?: unknown }).status !== 'number';

const isFinal = (error: unknown): boolean => {
  const { status } = error as { status?: unknown };
  return isUnreadable(error) || finalStatuses.has(status as number);
};

/** Asks until there is an answer, or until the registry was away for `unavailableMs`. */
export const insist = async <T>(options: RegistryOptions, ask: () => Promise<T>): Promise<T> => {
  const giveUpAt = Date.now() + (options.unavailableMs ?? 60_000);
  for (let delayMs = 100; ; delayMs = Math.min(2 * delayMs, 2000)) {
    try {
      return await ask();
    } catch (error) {
      if (isFinal(error) || Date.now() + delayMs > giveUpAt) throw error;
      options.onWait?.(error as Error);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
};

/**
 * The codec of the services. `load` must have resolved before anything is encoded; from then on ids are known, and only a
 * writer's id that was never seen before makes `prepare` ask the registry again.
 */
export class RegistryCodec<M extends Message = Message> implements Codec<M> {
  private readonly options: AvroCodecOptions;
  private readonly registry: SchemaRegistry;
  private readonly tables: AvroTables;

  constructor(options: AvroCodecOptions) {
    this.options = options;
    this.registry = connect(options);
    this.tables = new AvroTables(options.schemas);
  }

  /** Looks up the id of every schema. Throws `SchemaNotRegistered`, naming the subjects, and waits for a registry that is away. */
  async load(): Promise<void> {
    const lacking = (await Promise.all(this.options.schemas.map((schema) => this.loadOne(schema)))).flat();
    if (lacking.length > 0) throw new SchemaNotRegistered(notRegistered(this.options.registryUrl, lacking));
  }

  encode(topic: string, message: M): Uint8Array {
    return this.tables.encode(topic, message);
  }

  decode(value: Uint8Array): M {
    return this.tables.decode(value) as M;
  }

  /** One after the other, so that a batch of nonsense is no burst of requests. */
  async prepare(values: Iterable<Uint8Array | null>): Promise<void> {
    for (const id of this.tables.unknownIds(values)) await this.learn(id);
  }

  /** Returns what the registry lacks. */
  private async loadOne(schema: RecordSchema): Promise<string[]> {
    const subject = subjectOf(schema);
    try {
      const id = await insist(this.options, () => this.registry.getRegistryIdBySchema(subject, raw(schema)));
      this.tables.addWriting(schema, id);
      this.tables.addReading(id, schema.schema);
      return [];
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return [`${subject} (${await this.whyNot(schema)})`];
    }
  }

  private async whyNot(schema: RecordSchema): Promise<string> {
    const { registryUrl, requestTimeoutMs } = this.options;
    const verdict = await registryApi(registryUrl, requestTimeoutMs).verdict(subjectOf(schema), schema.schema);
    if (verdict.kind === 'no such subject') return 'it was never registered';
    if (verdict.kind === 'compatible') return 'it holds other versions, and would take this one';
    return `it holds other versions, and would refuse this one: ${verdict.reason}`;
  }

  /** An id that the registry does not have stays unknown, and is asked for again: it may have been restored by then. */
  private async learn(id: number): Promise<void> {
    if (id > largestId) return;
    try {
      // The client's own type is of its own copy of avsc; its JSON is what counts. Other kinds of schema have none.
      const writer = (await this.registry.getSchema(id)) as { schema?(options: { exportAttrs: boolean }): object };
      if (writer.schema) this.tables.addReading(id, writer.schema({ exportAttrs: true }));
    } catch (error) {
      if (isUnreadable(error)) return;
      throw new SchemasUnavailable(`the registry does not give schema ${id}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

const notRegistered = (registryUrl: string, lacking: readonly string[]): string =>
  `the registry at ${registryUrl} lacks ${lacking.length} of the schemas that this program needs: ${lacking.join(', ')}; register them before it starts (palaver schemas register)`;

export const raw = ({ schema }: RecordSchema) => ({ type: SchemaType.AVRO, schema: JSON.stringify(schema) }) as const;

/** Makes the codec and loads it. */
export const avroCodec = async <M extends Message = Message>(options: AvroCodecOptions): Promise<RegistryCodec<M>> => {
  const codec = new RegistryCodec<M>(options);
  await codec.load();
  return codec;
};
