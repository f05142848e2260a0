import type { AuthEvent } from './generated/auth.ts';

/** What every process that takes tokens listens for: the event after which those of a session count no more. */
export const sessionEnds = {
  topic: 'auth.events',
  endedSession: (event: { readonly type: string; readonly data: unknown }): string | null => {
    const happened = event as AuthEvent;
    return happened.type === 'SessionEnded' ? happened.data.sessionId : null;
  },
} as const;
