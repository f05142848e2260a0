import { COMPATIBILITY } from '@kafkajs/confluent-schema-registry';
import type { RecordSchema } from './avro.ts';
import { connect, insist, isNotFound, type RegistryOptions, raw, subjectOf } from './registry-codec.ts';

export type Compatibility = keyof typeof COMPATIBILITY;

export type RegistrationOptions = RegistryOptions & {
  readonly schemas: readonly RecordSchema[];
  /** Of each subject; `FULL_TRANSITIVE` by default. */
  readonly compatibilityOf?: (schema: RecordSchema) => Compatibility;
};

/** Subjects by what came of them. */
export type Registration = { readonly registered: readonly string[]; readonly there: readonly string[] };

export type RefusedSchema = { readonly schema: RecordSchema; readonly subject: string; readonly reason: string };

/** The registry took the others. */
export class SchemasRefused extends Error {
  override readonly name = 'SchemasRefused';
  readonly refused: readonly RefusedSchema[];
  constructor(refused: readonly RefusedSchema[]) {
    super(refused.map(({ subject, reason }) => `${subject} cannot be registered: ${reason}`).join('\n'));
    this.refused = refused;
  }
}

/** Each costs the registry some milliseconds, most of them for its database. */
const sideBySide = 8;

/**
 * Registers every schema under `<topic>-<record full name>`, each subject with its compatibility. May be repeated: what is there
 * stays. Throws `SchemasRefused` when all were tried, and some break compatibility with what their subject holds. For the deploy step alone.
 */
export const registerSchemas = async (options: RegistrationOptions): Promise<Registration> => {
  const registered: string[] = [];
  const there: string[] = [];
  const refused: RefusedSchema[] = [];
  const register = registerBy(options);
  const waiting = options.schemas.values();
  const worker = async (): Promise<void> => {
    for (const schema of waiting) {
      const subject = subjectOf(schema);
      const outcome = await register(schema, subject);
      if (typeof outcome === 'object') refused.push({ schema, subject, ...outcome });
      else (outcome === 'there' ? there : registered).push(subject);
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, worker));
  if (refused.length > 0) throw new SchemasRefused(refused);
  return { registered, there };
};

type Outcome = 'there' | 'registered' | { readonly reason: string };

const registerBy = (options: RegistrationOptions) => {
  const registry = connect(options);
  const isThere = async (schema: RecordSchema, subject: string): Promise<boolean> => {
    try {
      await insist(options, () => registry.getRegistryIdBySchema(subject, raw(schema)));
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  };
  return async (schema: RecordSchema, subject: string): Promise<Outcome> => {
    if (await isThere(schema, subject)) return 'there';
    const compatibility = COMPATIBILITY[options.compatibilityOf?.(schema) ?? 'FULL_TRANSITIVE'];
    try {
      await insist(options, () => registry.register(raw(schema), { subject, compatibility }));
      return 'registered';
    } catch (error) {
      if (isRefusal(error)) return { reason: (error as Error).message };
      throw error;
    }
  };
};

/** Of the schema (409 and 422), or of a subject whose compatibility is another one. */
const isRefusal = (error: unknown): boolean => {
  const { status, name } = error as { status?: unknown; name?: unknown };
  return status === 409 || status === 422 || name === 'ConfluentSchemaRegistryCompatibilityError';
};
