/** How far a long fold is. */
export type Progress<Phase extends string> = {
  readonly phase: Phase;
  /** Log positions passed and to pass; they count markers and the gaps of compaction too. */
  readonly events: number;
  readonly total: number;
  readonly ratePerSecond: number;
  /** Null while no rate is known. */
  readonly secondsLeft: number | null;
};

export type Reporter<Phase extends string> = (now: {
  readonly phase: Phase;
  readonly events?: number;
  readonly total?: number;
}) => void;

const REPORT_EVERY_MS = 250;

/**
 * Adds rate and time left, and reports each change of phase at once, all else every 250 ms. The rate is that of this run: what
 * a resumed rebuild found done does not count.
 */
export const progressReporter = <Phase extends string>(
  onProgress: ((progress: Progress<Phase>) => void) | undefined,
): Reporter<Phase> => {
  const startedMs = performance.now();
  let first: number | null = null;
  let phase: Phase | null = null;
  let events = 0;
  let total = 0;
  let reportedMs = 0;
  return (now) => {
    events = now.events ?? events;
    total = now.total ?? total;
    if (now.events !== undefined) first ??= events;
    const nowMs = performance.now();
    if (now.phase === phase && nowMs - reportedMs < REPORT_EVERY_MS) return;
    phase = now.phase;
    reportedMs = nowMs;
    const seconds = (nowMs - startedMs) / 1000;
    const ratePerSecond = seconds > 0 ? Math.round((events - (first ?? 0)) / seconds) : 0;
    const secondsLeft = ratePerSecond > 0 ? Math.ceil((total - events) / ratePerSecond) : null;
    onProgress?.({ phase, events, total, ratePerSecond, secondsLeft });
  };
};
