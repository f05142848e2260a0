import { avroCodec, type RecordSchema, type RegistryCodec } from '@palaver/event-log';
import type { Scope } from '@palaver/runtime';

/** A codec of these schemas; waits, and says so, for a registry that is away or does not have them yet. */
export const openCodec = (
  scope: Scope,
  registryUrl: string,
  schemas: readonly RecordSchema[],
): Promise<RegistryCodec> => scope.waitFor('registry', () => avroCodec({ registryUrl, schemas, unavailableMs: 0 }));
