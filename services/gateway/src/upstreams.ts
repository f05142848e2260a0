/** Which service answers what. */

export type UpstreamName = 'auth' | 'servers' | 'messages' | 'files';

type UpstreamSpec = {
  /** First segments of the paths that it owns, below `/api`. */
  readonly owns: readonly string[];
  /**
   * POSTs that look nothing up which others of them change, so that they need not wait until these are visible: a profile posts
   * messages as fast as they are decided.
   */
  readonly unseenPosts?: RegExp;
  /** How long an answer may take, ms, where that is longer than usual. */
  readonly answerTimeoutMs?: number;
};

/** Where messages are posted, as their service knows it. */
export const postsOfMessages = /^\/channels\/[^/?]+\/messages(?:\?|$)/;

export const upstreamSpecs: Readonly<Record<UpstreamName, UpstreamSpec>> = {
  auth: { owns: ['auth', 'profiles', '.well-known'] },
  servers: { owns: ['servers', 'invites'] },
  messages: {
    owns: ['channels', 'messages', 'read-states', 'direct-channels', 'blocks'],
    unseenPosts: postsOfMessages,
  },
  files: { owns: ['files'], answerTimeoutMs: 300_000 },
};

export const upstreamNames = Object.keys(upstreamSpecs) as readonly UpstreamName[];

const BASE = '/api/';
/** Who verifies tokens looks for the keys here too (RFC 8615 puts well-known addresses at the root). */
const JWKS = '/.well-known/jwks.json';
const owners = new Map(
  upstreamNames.flatMap((name) => upstreamSpecs[name].owns.map((segment) => [segment, name] as const)),
);

/** The service that owns a request's path, and the path as that service knows it; null when none does. */
export const ownerOf = (url: string): { readonly name: UpstreamName; readonly path: string } | null => {
  if (url === JWKS) return { name: 'auth', path: JWKS };
  if (!url.startsWith(BASE)) return null;
  const end = url.slice(BASE.length).search(/[/?#]/);
  const segment = end < 0 ? url.slice(BASE.length) : url.slice(BASE.length, BASE.length + end);
  const name = owners.get(segment);
  return name === undefined ? null : { name, path: url.slice(BASE.length - 1) };
};
