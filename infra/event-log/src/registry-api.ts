/**
 * What the registry's client has no call for: what a subject holds, and what the registry thinks of a schema before it is registered.
 * The Confluent REST API: https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
export type RegistryApi = {
  readonly subjects: () => Promise<readonly string[]>;
  /** Every version that a subject holds, oldest first. */
  readonly versions: (subject: string) => Promise<readonly RegisteredVersion[]>;
  /** Whether the subject would take this schema after what it holds, by its own compatibility. */
  readonly verdict: (subject: string, schema: object) => Promise<Verdict>;
};

export type RegisteredVersion = { readonly version: number; readonly schema: object };
export type Verdict =
  | { readonly kind: 'no such subject' }
  | { readonly kind: 'compatible' }
  | { readonly kind: 'incompatible'; readonly reason: string };

/** The registry answered, and said no. */
export class RegistryRefusal extends Error {
  override readonly name = 'RegistryRefusal';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const contentType = 'application/vnd.schemaregistry.v1+json';

/** `requestTimeoutMs`: of one request, by default 5,000. */
export const registryApi = (registryUrl: string, requestTimeoutMs = 5_000): RegistryApi => {
  const ask = async <T>(path: string, body?: object): Promise<T> => {
    const answer = await fetch(`${registryUrl}${path}`, {
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      headers: { 'content-type': contentType },
      signal: AbortSignal.timeout(requestTimeoutMs),
    }).catch((error: unknown) => {
      // What fetch says itself is "fetch failed".
      throw new Error(`the registry at ${registryUrl} does not answer: ${(error as Error).cause ?? error}`);
    });
    if (!answer.ok) throw new RegistryRefusal(answer.status, await answer.text());
    return (await answer.json()) as T;
  };
  const at = (subject: string): string => `/subjects/${encodeURIComponent(subject)}/versions`;
  return {
    subjects: () => ask('/subjects'),
    versions: async (subject) => {
      const numbers = await ask<number[]>(at(subject));
      return Promise.all(
        numbers.map(async (version) => {
          const { schema } = await ask<{ schema: string }>(`${at(subject)}/${version}`);
          return { version, schema: JSON.parse(schema) as object };
        }),
      );
    },
    verdict: async (subject, schema) => {
      try {
        const body = { schema: JSON.stringify(schema) };
        return verdictOf(await ask(`/compatibility${at(subject)}?verbose=true`, body));
      } catch (error) {
        if (error instanceof RegistryRefusal && error.status === 404) return { kind: 'no such subject' };
        throw error;
      }
    },
  };
};

/** Confluent's registry tells its reasons in a list, Apicurio in a line. */
type Answer = { readonly is_compatible: boolean; readonly reason?: string; readonly messages?: readonly string[] };

const verdictOf = ({ is_compatible, reason, messages }: Answer): Verdict =>
  is_compatible ? { kind: 'compatible' } : { kind: 'incompatible', reason: reason ?? messages?.join('; ') ?? '' };
