import { formatPosition, type Position, parsePositions } from '@palaver/projector';
import { LRUCache } from 'lru-cache';

/**
 * Read your writes without the client's help: the newest position that each profile was answered, per service and partition, is
 * sent with its next requests. Kept in this instance's memory alone, for as long as a projection may reasonably lag: a client that
 * moves between gateways sends `Palaver-Position` itself.
 */
export type SessionPositions = {
  /** Takes in the `Palaver-Position` that the profile was answered; whether by one of the requests that need not see each other. */
  remember(profile: string, header: string, unseen?: boolean): void;
  /**
   * The header for the profile's next request, which may be one of those: what the profile asks for itself, of somebody else's writes
   * perhaps, and what it was answered. Undefined when there is none.
   */
  headerFor(profile: string, unseen?: boolean, asked?: string): string | undefined;
};

/** As many as a service takes in one header. */
const MAX_POSITIONS = 32;

/** `seen`: the newest that was not answered by a request which others need not see. */
type Remembered = { readonly newest: Position; readonly seen: Position | null; readonly atMs: number };

const placeOf = ({ service, partition }: Position): string => `${service}:${partition}`;

const later = (a: Position | null, b: Position | null): Position | null =>
  a === null || (b !== null && b.offset > a.offset) ? b : a;

export const sessionPositions = ({ maxProfiles = 50_000, keepMs = 60_000 } = {}): SessionPositions => {
  const profiles = new LRUCache<string, Map<string, Remembered>>({ max: maxProfiles, ttl: keepMs });

  return {
    remember(profile, header, unseen = false) {
      const kept = profiles.get(profile) ?? new Map<string, Remembered>();
      const atMs = Date.now();
      for (const position of parsePositions(header) ?? []) {
        const place = placeOf(position);
        const before = kept.get(place);
        kept.delete(place); // Set anew, so that the map runs from the oldest to the newest.
        const newest = later(before?.newest ?? null, position)!;
        kept.set(place, { newest, seen: later(before?.seen ?? null, unseen ? null : position), atMs });
      }
      while (kept.size > MAX_POSITIONS) kept.delete(kept.keys().next().value!);
      profiles.set(profile, kept);
    },

    headerFor(profile, unseen = false, asked = '') {
      const own = asked === '' ? [] : parsePositions(asked);
      // The service says what is wrong with it.
      if (own === null) return asked;
      const wanted = new Map<string, Position>();
      const since = Date.now() - keepMs;
      for (const [place, { newest, seen, atMs }] of profiles.get(profile) ?? []) {
        const position = unseen ? seen : newest;
        if (atMs >= since && position !== null) wanted.set(place, position);
      }
      for (const position of own) {
        const place = placeOf(position);
        wanted.set(place, later(wanted.get(place) ?? null, position)!);
      }
      // Those that the profile asked for come last, behind its newest.
      return wanted.size === 0 ? undefined : [...wanted.values()].slice(-MAX_POSITIONS).map(formatPosition).join(',');
    },
  };
};
