import { type Registration, registerSchemas } from '@palaver/event-log';
import { allSchemas } from '@palaver/schemas';
import { compatibilityOf, kindOfTopic } from '@palaver/schemas/contracts';

/** The deploy step: every schema goes to the registry, each subject with the compatibility of its topic. Throws `SchemasRefused`. */
export const registerAll = (
  registryUrl: string,
  options: { readonly schemas?: typeof allSchemas; readonly unavailableMs?: number } = {},
): Promise<Registration> =>
  registerSchemas({
    schemas: allSchemas,
    ...options,
    registryUrl,
    compatibilityOf: ({ topic }) => compatibilityOf[kindOfTopic(topic)],
  });
