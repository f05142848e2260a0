/**
 * Keeps requests from a service instance that is gone, so that each of them is refused at once and not after a time-out.
 *
 *   closed ──failures in a row──▶ open ──its pause is over──▶ half open: one request finds out
 *     ▲                            ▲                            │
 *     └────────an answer───────────┼────────────────────────────┤
 *                                  └──failure, a longer pause───┘
 *
 * A failure is no connection, or no answer in time. What a service says, also a 500, is an answer; and a connection that breaks tells
 * nothing: one bad request could close the door for all.
 */
export type Circuit = {
  /** Whether a request may be sent; one that may has to tell its outcome. */
  pass(): boolean;
  answered(): void;
  failed(): void;
  /** Nothing was learned of the instance: the client left, or the connection broke. */
  untold(): void;
  /** Until a request may be sent again, ms; 0 when one may. */
  readonly waitMs: number;
};

export type CircuitLimits = {
  /** Failures in a row that open it. */
  readonly mostFailures?: number;
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
};

export const circuit = (limits: CircuitLimits = {}, nowMs: () => number = () => performance.now()): Circuit => {
  const { mostFailures = 5, firstPauseMs = 250, longestPauseMs = 5_000 } = limits;
  let failures = 0;
  let pauseMs = firstPauseMs;
  let openUntilMs: number | null = null;
  let probing = false;
  return {
    pass() {
      if (openUntilMs === null) return true;
      if (probing || nowMs() < openUntilMs) return false;
      probing = true;
      return true;
    },
    answered() {
      failures = 0;
      pauseMs = firstPauseMs;
      openUntilMs = null;
      probing = false;
    },
    failed() {
      failures += 1;
      if (openUntilMs === null && failures < mostFailures) return;
      // Of several that were under way when it opened, or beside the probe, one lengthens the pause.
      if (openUntilMs !== null && !probing) return;
      openUntilMs = nowMs() + pauseMs;
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      probing = false;
    },
    untold() {
      probing = false;
    },
    get waitMs() {
      return openUntilMs === null ? 0 : Math.max(probing ? firstPauseMs : 0, openUntilMs - nowMs());
    },
  };
};
