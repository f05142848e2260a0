import {
  eventHeaders,
  type LogRecord,
  type NewRecord,
  originOf,
  parseEventKey,
  rises,
  type Taken,
} from '@palaver/event-log';

/**
 * How an append stands to what was written before it without the owner's knowledge (design rule 6).
 * `agreed`: every command of it counts, through this append or through the same decision of another owner.
 * `lost`: keys of records that no reader takes. `conflict`: somebody decided something else.
 */
export type Landing =
  | { readonly kind: 'agreed'; readonly taken: Taken | null; readonly lost: readonly string[] }
  | { readonly kind: 'conflict'; readonly about: LogRecord | NewRecord };

const same = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === b || (a !== null && b !== null && Buffer.compare(a, b) === 0);

const placeOf = (origin: Taken): string => `${origin.commandOffset}/${origin.index}`;

const noRecords: ReadonlyMap<string, NewRecord> = new Map();

const byPlace = (records: readonly NewRecord[]): ReadonlyMap<string, NewRecord> => {
  const found = new Map<string, NewRecord>();
  for (const record of records) {
    const origin = originOf(record.headers);
    if (origin) found.set(placeOf(origin), record);
  }
  return found;
};

/** The same event of the same stream and version with the same answer; only the epoch in the key may differ. */
const saysTheSame = (a: NewRecord, b: NewRecord): boolean => {
  const [one, other] = [parseEventKey(a.key), parseEventKey(b.key)];
  return (
    one?.stream === other?.stream &&
    one?.version === other?.version &&
    a.headers[eventHeaders.command] === b.headers[eventHeaders.command] &&
    a.headers[eventHeaders.outcome] === b.headers[eventHeaders.outcome] &&
    same(a.value, b.value)
  );
};

/** Judges an append of `own` that landed behind `gap`, by a reader that stood at `taken` before both. */
export const judgeLanding = (gap: readonly LogRecord[], own: readonly NewRecord[], taken: Taken | null): Landing => {
  const mine = gap.length === 0 ? noRecords : byPlace(own);
  const lost: string[] = [];
  const agreed = new Set<string>();
  let last = taken;
  for (const record of gap) {
    const origin = originOf(record.headers);
    if (origin === null) continue;
    if (!rises(origin, last)) {
      lost.push(record.key);
      continue;
    }
    const counterpart = mine.get(placeOf(origin));
    if (!counterpart || !saysTheSame(record, counterpart)) return { kind: 'conflict', about: record };
    agreed.add(placeOf(origin));
    last = origin;
  }
  for (const record of own) {
    const origin = originOf(record.headers);
    if (origin === null) continue;
    if (rises(origin, last)) last = origin;
    else if (agreed.has(placeOf(origin))) lost.push(record.key);
    else return { kind: 'conflict', about: record };
  }
  return { kind: 'agreed', taken: last, lost };
};
