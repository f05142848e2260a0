import { formatPosition, type Position, parsePositions } from '@palaver/projector';
import { LRUCache } from 'lru-cache';

/**
 * Read your writes without the client's help: the newest position that each profile was answered, per service and partition, is
 * sent with its next requests. Kept in this instance's memory alone, for as long as a projection may reasonably lag: a client that
 * moves between gateways sends `Palaver-Position` itself.
 */
export type SessionPositions = {
  /** Takes in the `Palaver-Position` that the profile was answered. */
  remember(profile: string, header: string): void;
  /** The header for the profile's next request, without positions of the service `except`; undefined when there is none. */
  headerFor(profile: string, except?: string): string | undefined;
};

/** As many as a service takes in one header. */
const MAX_POSITIONS = 32;

type Remembered = { readonly position: Position; readonly atMs: number };

export const sessionPositions = ({ maxProfiles = 50_000, keepMs = 60_000 } = {}): SessionPositions => {
  const profiles = new LRUCache<string, Map<string, Remembered>>({ max: maxProfiles, ttl: keepMs });

  return {
    remember(profile, header) {
      const kept = profiles.get(profile) ?? new Map<string, Remembered>();
      const atMs = Date.now();
      for (const position of parsePositions(header) ?? []) {
        const place = `${position.service}:${position.partition}`;
        const before = kept.get(place);
        kept.delete(place); // Set anew, so that the map runs from the oldest to the newest.
        kept.set(place, before && before.position.offset > position.offset ? before : { position, atMs });
      }
      while (kept.size > MAX_POSITIONS) kept.delete(kept.keys().next().value!);
      profiles.set(profile, kept);
    },

    headerFor(profile, except) {
      const kept = profiles.get(profile);
      if (kept === undefined) return undefined;
      const since = Date.now() - keepMs;
      const texts: string[] = [];
      for (const { position, atMs } of kept.values()) {
        if (atMs >= since && position.service !== except) texts.push(formatPosition(position));
      }
      return texts.length === 0 ? undefined : texts.join(',');
    },
  };
};
