import { avroCodec, type RecordSchema, type RegistryCodec, SchemaNotRegistered } from '@palaver/event-log';
import type { Scope } from '@palaver/runtime';

/**
 * A codec of these schemas; waits, and says so, for a registry that is away. A schema that the registry lacks is not waited for: the
 * deploy step has not run, or ran from another version, so the process ends and says which. Throws `SchemaNotRegistered`.
 */
export const openCodec = async (
  scope: Pick<Scope, 'waitFor'>,
  registryUrl: string,
  schemas: readonly RecordSchema[],
): Promise<RegistryCodec> => {
  const opened = await scope.waitFor('registry', () =>
    avroCodec({ registryUrl, schemas, unavailableMs: 0 }).catch((error: unknown) => {
      if (error instanceof SchemaNotRegistered) return error;
      throw error;
    }),
  );
  if (opened instanceof SchemaNotRegistered) throw opened;
  return opened;
};
