import { createHash } from 'node:crypto';

/**
 * Names a password that was chosen, by its sealed hash at that time: an edge names the one that it has proven, and a decision knows whether
 * that is still the profile's. A hash that is made anew of the same password keeps its name.
 */
export const passwordIdOf = (passwordSealed: Uint8Array): string =>
  createHash('sha256').update(passwordSealed).digest('base64url');
