import { accept, commandRule, event, type NewEvent, refuse, streamKind } from '@palaver/decider';
import type {
  AuthEvent,
  EndSession,
  EndSessions,
  RefreshSession,
  SessionEnded,
  SessionEndReason,
  SessionRefreshed,
  SessionStarted,
  StartSession,
} from '@palaver/schemas';
import { profile } from './profile.ts';

/**
 * The sessions of a profile. Their root is the profile's id, so that one owner decides all of them: of two who refresh with one token one
 * is first, and "end all but this" is one decision.
 *
 *            StartSession            RefreshSession, with the only good token
 *   (none) ───────────────▶ live ◀──┐
 *                            │ └────┘ its token is spent, its successor is the only good one
 *                            │
 *                            ├── RefreshSession, with a spent token ──▶ ended (REUSED): who holds the family is not known any more
 *                            ├── EndSession, EndSessions, a new password, a deleted account ──▶ ended
 *                            └── its time is over, or too many came after it ──▶ ended, when the next one starts
 */

/** A session that nobody refreshes ends after this long, ms. */
export const sessionIdleMs = 30 * 86_400_000;
/** However often it is refreshed, it ends this long after it began, ms. */
export const sessionLifetimeMs = 90 * 86_400_000;
/** Most live sessions of a profile: one more ends the oldest. */
export const maxSessions = 50;

// State: only what decisions read.

type LiveSession = { readonly refreshHash: string; readonly startedAtMs: number; readonly expiresAtMs: number };
/** An ended one is remembered, or its id could be used again while verifiers refuse it. */
type SessionState = LiveSession | 'ended' | null;

/** The profile's live sessions, the oldest first; those whose time is over stand here until the next one starts. */
export type SessionsState = readonly { readonly sessionId: string; readonly expiresAtMs: number }[];

// Evolve.

type SessionEvent =
  | { type: 'SessionStarted'; data: SessionStarted }
  | { type: 'SessionRefreshed'; data: SessionRefreshed }
  | { type: 'SessionEnded'; data: SessionEnded };

export const session = streamKind<SessionState, SessionEvent>({
  kind: 'session',
  initial: null,
  evolve: {
    SessionStarted: (_, { refreshHash, expiresAt }, { timestampMs }) => ({
      refreshHash,
      startedAtMs: timestampMs,
      expiresAtMs: expiresAt,
    }),
    SessionRefreshed: (state, { refreshHash, expiresAt }, { timestampMs }) => ({
      refreshHash,
      // Where its beginning was erased it began here.
      startedAtMs: state === null || state === 'ended' ? timestampMs : state.startedAtMs,
      expiresAtMs: expiresAt,
    }),
    SessionEnded: () => 'ended',
  },
});

const without = (sessions: SessionsState, sessionId: string): SessionsState =>
  sessions.filter((one) => one.sessionId !== sessionId);

export const sessions = streamKind<SessionsState, SessionEvent>({
  kind: 'sessions',
  initial: [],
  evolve: {
    SessionStarted: (state, { sessionId, expiresAt }) => [
      ...without(state, sessionId),
      { sessionId, expiresAtMs: expiresAt },
    ],
    SessionRefreshed: (state, { sessionId, expiresAt }) =>
      state.map((one) => (one.sessionId === sessionId ? { sessionId, expiresAtMs: expiresAt } : one)),
    SessionEnded: (state, { sessionId }) => without(state, sessionId),
  },
});

/** An event of a session also changes what its profile's `sessions` says. */
export const sessionTouches = (happened: AuthEvent) => {
  switch (happened.type) {
    case 'SessionStarted':
    case 'SessionRefreshed':
    case 'SessionEnded':
      return [sessions.of(happened.data.profileId)];
    default:
      return [];
  }
};

// Decisions. What a decision gives to `accept` is told to the sender, again when it asks again.

/** `issuedAtMs`, ms since the epoch: access tokens count from here, so that one who asks again gets no longer one. */
export type SessionResult = {
  readonly profileId: string;
  readonly sessionId: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
};
/** A reuse is no refusal, since it ends the session, which a refusal could not. */
export type RefreshResult =
  | ({ readonly refreshed: true } & SessionResult)
  | { readonly refreshed: false; readonly profileId: string; readonly sessionId: string };
export type EndedResult = { readonly ended: readonly string[] };

const endOf = (profileId: string, sessionId: string, reason: SessionEndReason): NewEvent<AuthEvent> =>
  event(session.of(profileId, sessionId), { type: 'SessionEnded', data: { profileId, sessionId, reason } });

/**
 * The events that end all sessions of a profile, or all but one. For the decisions of other commands too (a new password, a deleted
 * account): they read `sessions.of(profileId)`, and give these events besides their own.
 */
export const endSessions = (
  live: SessionsState,
  profileId: string,
  { except = null, reason }: { except?: string | null; reason: SessionEndReason },
): readonly NewEvent<AuthEvent>[] =>
  live.filter(({ sessionId }) => sessionId !== except).map(({ sessionId }) => endOf(profileId, sessionId, reason));

/** What makes room for one more: those whose time is over end, then the oldest. */
const makeRoom = (live: SessionsState, profileId: string, timeMs: number): readonly NewEvent<AuthEvent>[] => {
  const over = live.filter(({ expiresAtMs }) => expiresAtMs <= timeMs);
  const rest = live.filter(({ expiresAtMs }) => expiresAtMs > timeMs);
  return [
    ...endSessions(over, profileId, { reason: 'EXPIRED' }),
    ...endSessions(rest.slice(0, Math.max(0, rest.length - maxSessions + 1)), profileId, { reason: 'DISPLACED' }),
  ];
};

export const startSession = commandRule<StartSession, AuthEvent>()({
  root: ({ profileId }) => profileId,
  reads: ({ profileId, sessionId }) => ({
    profile: profile.of(profileId),
    session: session.of(profileId, sessionId),
    sessions: sessions.of(profileId),
  }),
  decide: (states, { profileId, sessionId, refreshHash, device, passwordId }, { timeMs }) => {
    const before = states.session;
    if (before !== null && before !== 'ended' && before.refreshHash === refreshHash) {
      return accept<AuthEvent>([], {
        profileId,
        sessionId,
        issuedAtMs: before.startedAtMs,
        expiresAtMs: before.expiresAtMs,
      } satisfies SessionResult);
    }
    if (before !== null) return refuse('session_exists', 'A session with this id was started before.');
    if (!states.profile) return refuse('profile_not_found', 'There is no such profile.');
    // The edge proved a password that its read model knew; it may have been changed since, and what ended then must not begin again.
    if (passwordId !== null && passwordId !== states.profile.passwordId) {
      return refuse('invalid_credentials', 'There is no account with these.');
    }
    const expiresAt = timeMs + sessionIdleMs;
    return accept<AuthEvent>(
      [
        ...makeRoom(states.sessions, profileId, timeMs),
        event(session.of(profileId, sessionId), {
          type: 'SessionStarted',
          data: { profileId, sessionId, refreshHash, device, expiresAt },
        }),
      ],
      { profileId, sessionId, issuedAtMs: timeMs, expiresAtMs: expiresAt } satisfies SessionResult,
    );
  },
});

export const refreshSession = commandRule<RefreshSession, AuthEvent>()({
  root: ({ profileId }) => profileId,
  reads: ({ profileId, sessionId }) => ({
    session: session.of(profileId, sessionId),
    sessions: sessions.of(profileId),
  }),
  decide: (states, { profileId, sessionId, refreshHash, nextRefreshHash }, { timeMs }) => {
    const live = states.session;
    if (live === null || live === 'ended') return refuse('session_ended', 'The session is over; sign in again.');
    if (live.expiresAtMs <= timeMs) return refuse('session_expired', 'The session was not refreshed in time.');
    // Only tokens that this service made come here, so one that is not the good one was spent: it is in two hands.
    if (refreshHash !== live.refreshHash) {
      return accept<AuthEvent>([endOf(profileId, sessionId, 'REUSED')], {
        refreshed: false,
        profileId,
        sessionId,
      } satisfies RefreshResult);
    }
    const expiresAt = Math.min(timeMs + sessionIdleMs, live.startedAtMs + sessionLifetimeMs);
    return accept<AuthEvent>(
      [
        event(session.of(profileId, sessionId), {
          type: 'SessionRefreshed',
          data: { profileId, sessionId, refreshHash: nextRefreshHash, expiresAt },
        }),
      ],
      {
        refreshed: true,
        profileId,
        sessionId,
        issuedAtMs: timeMs,
        expiresAtMs: expiresAt,
      } satisfies RefreshResult,
    );
  },
});

export const endSession = commandRule<EndSession, AuthEvent>()({
  root: ({ profileId }) => profileId,
  reads: ({ profileId, sessionId }) => ({
    session: session.of(profileId, sessionId),
    sessions: sessions.of(profileId),
  }),
  decide: (states, { profileId, sessionId, reason }) => {
    if (states.session === null) return refuse('session_not_found', 'There is no such session among yours.');
    if (states.session === 'ended') return accept<AuthEvent>([], { ended: [] } satisfies EndedResult);
    return accept<AuthEvent>([endOf(profileId, sessionId, reason)], { ended: [sessionId] } satisfies EndedResult);
  },
});

export const endSessionsOf = commandRule<EndSessions, AuthEvent>()({
  root: ({ profileId }) => profileId,
  reads: ({ profileId }) => ({ sessions: sessions.of(profileId) }),
  decide: (states, { profileId, except, reason }) => {
    const ended = states.sessions.map(({ sessionId }) => sessionId).filter((sessionId) => sessionId !== except);
    return accept<AuthEvent>(endSessions(states.sessions, profileId, { except, reason }), {
      ended,
    } satisfies EndedResult);
  },
});
