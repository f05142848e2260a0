import { createHash } from 'node:crypto';
import { Refusal } from './problem.ts';

/**
 * Entity tags of what has a version: `<version>`, or `<version>.<digest>` where an answer also holds what changes without the version, such
 * as a number of members, so that a cache sees that too. A change depends on the version alone.
 */

/** `view`: the whole answer. */
export const entityTag = (version: number, view: unknown): string =>
  `${version}.${createHash('sha256').update(JSON.stringify(view)).digest('base64url').slice(0, 16)}`;

/**
 * The version that a change is meant for: what a decision compares with the stream's own. Null when any will do. Throws `Refusal`:
 * `precondition_failed` for a tag that was never given, `malformed_header` for several versions.
 */
export const expectedVersion = (ifMatch: readonly string[] | '*' | null): number | null => {
  if (ifMatch === null || ifMatch === '*') return null;
  const versions = new Set(ifMatch.flatMap((tag) => /^([1-9]\d{0,14})(\.[\w-]+)?$/.exec(tag)?.[1] ?? []));
  if (versions.size > 1) throw new Refusal('malformed_header', 'If-Match must name one version.');
  const [only] = versions;
  if (only === undefined) throw new Refusal('precondition_failed', 'If-Match holds no entity tag that was given.');
  return Number(only);
};
