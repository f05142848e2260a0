import type { JsonObject, OpenApiDocument } from '@palaver/http';
import type { Logger } from '@palaver/runtime';
import type { Upstream } from './forward.ts';

/** Fetches a service's JSON document; rejects when there is none. */
export type FetchJson = (upstream: Upstream, path: string) => Promise<unknown>;

export const fetchJson: FetchJson = async (upstream, path) => {
  const errors: unknown[] = [];
  for (const { pool } of upstream.instances) {
    try {
      const answer = await pool.request({ path, method: 'GET', headersTimeout: 2_000, bodyTimeout: 2_000 });
      if (answer.statusCode === 200) return await answer.body.json();
      await answer.body.dump();
      errors.push(new Error(`answered ${answer.statusCode}`));
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors.at(-1);
};

/**
 * The services' OpenAPI documents as one. Each is fetched when somebody asks and its copy is older than `keepMs`; of a service that
 * is away the last copy is shown.
 */
export const openApiDocuments = (options: {
  upstreams: readonly Upstream[];
  logger: Logger;
  keepMs?: number;
}): (() => Promise<OpenApiDocument>) => {
  const { upstreams, logger, keepMs = 10_000 } = options;
  const kept = new Map<string, { readonly document: OpenApiDocument; readonly atMs: number }>();

  const current = async (upstream: Upstream): Promise<OpenApiDocument | undefined> => {
    const copy = kept.get(upstream.name);
    if (copy && Date.now() - copy.atMs < keepMs) return copy.document;
    try {
      const document = (await fetchJson(upstream, '/openapi.json')) as OpenApiDocument;
      kept.set(upstream.name, { document, atMs: Date.now() });
      return document;
    } catch (error) {
      logger.warn({ service: upstream.name, err: error }, 'its OpenAPI document could not be fetched');
      return copy?.document;
    }
  };

  return async () => {
    const documents = await Promise.all(upstreams.map(current));
    const missing = upstreams.filter((_, index) => documents[index] === undefined).map((upstream) => upstream.name);
    return mergeDocuments(
      documents.filter((document) => document !== undefined),
      missing,
    );
  };
};

const TAGS = [
  ['auth', 'Accounts and sessions: signing up, in and out, forgotten passwords.'],
  ['profiles', 'What is shown of people, and what they change of themselves.'],
  ['servers', 'Where members and channels belong.'],
  ['channels', 'Channels of a server, and what each gives and takes.'],
  ['members', 'Members of a server: roles, names, time-outs, bans.'],
  ['invites', 'How one becomes a member.'],
  ['audit log', 'What was done in a server, and by whom.'],
  ['messages', 'What is said in channels: history, search, reactions, pins.'],
  ['read states', 'How far one has read, and what is unread.'],
  ['direct channels', 'Channels between profiles, and blocking.'],
  ['files', 'Sending files, and getting them back.'],
] as const;

/** What holds for all operations. */
const DESCRIPTION = `The backend of a Discord-like chat.

**Tokens.** \`POST /auth/signup\` and \`/auth/signin\` give an access token, good for 15 minutes, and a refresh token for new ones.

**Errors** are \`application/problem+json\` (RFC 9457). Branch on \`code\`, which is stable; \`errors\` names every fault of the input.
A 502 or 504 says that the outcome is unknown: with the same \`Idempotency-Key\` it is safe to ask again.

**Commands** take an \`Idempotency-Key\`: the same key and body have the same result, for at least 24 hours; with another body it is a 422.

**Reading what was written.** A command answers with its \`Palaver-Position\`. A request that sends it back is answered from what has passed it,
or with 503 \`not_yet_visible\`. The gateway does that by itself for requests of the same profile.

**Versions.** An answer with an \`ETag\` can be asked for again by \`If-None-Match\` (304), and changed by \`If-Match\` only as it was read (412).

**Lists** come in pages of \`limit\`, 1-100; \`hasMore\` says whether there is another.

**Rates** are limited: \`RateLimit-Policy\` and \`RateLimit\` say how much is left, \`Retry-After\` of a 429 when to come again.`;

/** Paths and components side by side; `missing` names the services whose document is not there. */
export const mergeDocuments = (
  documents: readonly OpenApiDocument[],
  missing: readonly string[] = [],
): OpenApiDocument & JsonObject => {
  const components: Record<string, JsonObject> = {};
  for (const document of documents) {
    for (const [kind, parts] of Object.entries(document.components))
      components[kind] = { ...components[kind], ...parts };
  }
  const note = missing.length === 0 ? '' : `\n\nNot available at the moment: ${missing.join(', ')}.`;
  return {
    openapi: '3.1.0',
    info: {
      title: 'Palaver',
      version: '1',
      license: { name: 'MIT', identifier: 'MIT' },
      description: DESCRIPTION + note,
    },
    servers: [{ url: '/api' }],
    tags: TAGS.map(([name, description]) => ({ name, description })),
    paths: Object.assign({}, ...documents.map((document) => document.paths)),
    components,
  };
};
