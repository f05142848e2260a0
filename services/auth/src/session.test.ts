import type { NewEvent } from '@palaver/decider';
import { given, givenTimeMs } from '@palaver/decider/given';
import { type AuthEvent, passwordIdOf } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { authDecider } from './decider.ts';
import { endSessions, maxSessions, sessionIdleMs, sessionLifetimeMs } from './session.ts';

const profileId = '01900000-0000-7000-8000-000000000001';
const ada = {
  emailHash: 'hash-of-ada',
  profileId,
  name: 'Ada',
  emailSealed: Buffer.from('sealed address'),
  passwordSealed: Buffer.from('sealed hash'),
};
const created = { stream: `profile:${profileId}`, event: { type: 'ProfileCreated', data: ada } } as const;
const passwordId = passwordIdOf(ada.passwordSealed);

const idOf = (number: number): string => `01900000-0000-7000-8000-1${String(number).padStart(11, '0')}`;
const [first, second, third] = [idOf(1), idOf(2), idOf(3)] as const;
const on = (sessionId: string) => `session:${profileId}:${sessionId}`;

const start = (sessionId: string, changes: { passwordId?: string | null; refreshHash?: string } = {}) =>
  ({
    type: 'StartSession',
    data: { profileId, sessionId, refreshHash: `${sessionId}-0`, device: 'curl/8', passwordId, ...changes },
  }) as const;
const refresh = (sessionId: string, refreshHash: string, nextRefreshHash: string) =>
  ({ type: 'RefreshSession', data: { profileId, sessionId, refreshHash, nextRefreshHash } }) as const;
const end = (sessionId: string) =>
  ({ type: 'EndSession', data: { profileId, sessionId, reason: 'SIGNED_OUT' } }) as const;

const started = (sessionId: string, expiresAt = givenTimeMs + sessionIdleMs): NewEvent<AuthEvent> => ({
  stream: on(sessionId),
  event: {
    type: 'SessionStarted',
    data: { profileId, sessionId, refreshHash: `${sessionId}-0`, device: 'curl/8', expiresAt },
  },
});
const refreshed = (
  sessionId: string,
  refreshHash: string,
  expiresAt = givenTimeMs + sessionIdleMs,
): NewEvent<AuthEvent> => ({
  stream: on(sessionId),
  event: { type: 'SessionRefreshed', data: { profileId, sessionId, refreshHash, expiresAt } },
});
const ended = (
  sessionId: string,
  reason: Extract<AuthEvent, { type: 'SessionEnded' }>['data']['reason'],
): NewEvent<AuthEvent> => ({
  stream: on(sessionId),
  event: { type: 'SessionEnded', data: { profileId, sessionId, reason } },
});
const at = (afterMs: number) => ({ timeMs: givenTimeMs + afterMs });

describe('StartSession', () => {
  test('starts it, for a month', () => {
    expect(given(authDecider, [created]).when(start(first))).toEqual({
      kind: 'accepted',
      events: [started(first)],
      result: {
        profileId,
        sessionId: first,
        issuedAtMs: givenTimeMs,
        expiresAtMs: givenTimeMs + sessionIdleMs,
      },
    });
  });

  test('changes nothing when it is there with the same token, and tells what it told', () => {
    expect(given(authDecider, [created, started(first)]).when(start(first), at(5_000))).toEqual({
      kind: 'accepted',
      events: [],
      result: { profileId, sessionId: first, issuedAtMs: givenTimeMs, expiresAtMs: givenTimeMs + sessionIdleMs },
    });
  });

  test.each([
    ['lives with another token', [started(first), refreshed(first, 'later')]],
    ['has ended', [started(first), ended(first, 'REVOKED')]],
  ])('is refused for an id that %s', (_, events) => {
    expect(given(authDecider, [created, ...events]).when(start(first))).toMatchObject({
      kind: 'refused',
      code: 'session_exists',
    });
  });

  test('is refused to who proved a password that the profile has no more', () => {
    expect(given(authDecider, [created]).when(start(first, { passwordId: 'an earlier one' }))).toMatchObject({
      kind: 'refused',
      code: 'invalid_credentials',
    });
  });

  test('asks for no password when another proof was given', () => {
    expect(given(authDecider, [created]).when(start(first, { passwordId: null }))).toMatchObject({
      kind: 'accepted',
      events: [started(first)],
    });
  });

  test('is refused to a profile that is not there', () => {
    expect(given(authDecider, []).when(start(first))).toMatchObject({ kind: 'refused', code: 'profile_not_found' });
  });

  test('ends those whose time is over', () => {
    const events = [created, started(first, givenTimeMs + 10), started(second)];
    expect(given(authDecider, events).when(start(third), at(10))).toMatchObject({
      events: [ended(first, 'EXPIRED'), started(third, givenTimeMs + 10 + sessionIdleMs)],
    });
  });

  test('ends the oldest when there are as many as may be', () => {
    const full = Array.from({ length: maxSessions }, (_, index) => started(idOf(index)));
    expect(given(authDecider, [created, ...full]).when(start(idOf(maxSessions)))).toMatchObject({
      events: [ended(idOf(0), 'DISPLACED'), started(idOf(maxSessions))],
    });
    expect(given(authDecider, [created, ...full.slice(1)]).when(start(idOf(maxSessions)))).toMatchObject({
      events: [started(idOf(maxSessions))],
    });
  });
});

describe('RefreshSession', () => {
  test('gives the good token for its successor', () => {
    expect(given(authDecider, [created, started(first)]).when(refresh(first, `${first}-0`, 'next'), at(1_000))).toEqual(
      {
        kind: 'accepted',
        events: [refreshed(first, 'next', givenTimeMs + 1_000 + sessionIdleMs)],
        result: {
          refreshed: true,
          profileId,
          sessionId: first,
          issuedAtMs: givenTimeMs + 1_000,
          expiresAtMs: givenTimeMs + 1_000 + sessionIdleMs,
        },
      },
    );
  });

  test('ends the session when its token was spent before', () => {
    const events = [created, started(first), refreshed(first, 'next')];
    expect(given(authDecider, events).when(refresh(first, `${first}-0`, 'other'))).toEqual({
      kind: 'accepted',
      events: [ended(first, 'REUSED')],
      result: { refreshed: false, profileId, sessionId: first },
    });
  });

  test('never goes beyond the longest that a session may last', () => {
    const late = sessionLifetimeMs - 1_000;
    const events = [created, started(first), refreshed(first, 'next', givenTimeMs + late + 500)];
    expect(given(authDecider, events).when(refresh(first, 'next', 'last'), at(late))).toMatchObject({
      events: [refreshed(first, 'last', givenTimeMs + sessionLifetimeMs)],
    });
  });

  test.each([
    ['was never there', [], 0, 'session_ended'],
    ['has ended', [started(first), ended(first, 'REUSED')], 0, 'session_ended'],
    ['was not refreshed in time', [started(first)], sessionIdleMs, 'session_expired'],
  ] as const)('is refused for a session that %s', (_, events, afterMs, code) => {
    const decision = given(authDecider, [created, ...events]).when(refresh(first, `${first}-0`, 'next'), at(afterMs));
    expect(decision).toMatchObject({ kind: 'refused', code });
  });

  test('does not mind other sessions', () => {
    const events = [created, started(first), started(second), ended(second, 'REVOKED')];
    expect(given(authDecider, events).when(refresh(first, `${first}-0`, 'next'))).toMatchObject({
      events: [refreshed(first, 'next')],
    });
  });
});

describe('EndSession', () => {
  test('ends it', () => {
    expect(given(authDecider, [created, started(first), started(second)]).when(end(first))).toEqual({
      kind: 'accepted',
      events: [ended(first, 'SIGNED_OUT')],
      result: { ended: [first] },
    });
  });

  test('changes nothing when it is over', () => {
    expect(given(authDecider, [created, started(first), ended(first, 'REUSED')]).when(end(first))).toEqual({
      kind: 'accepted',
      events: [],
      result: { ended: [] },
    });
  });

  test('is refused for one that never was', () => {
    expect(given(authDecider, [created]).when(end(first))).toMatchObject({
      kind: 'refused',
      code: 'session_not_found',
    });
  });
});

describe('EndSessions', () => {
  const events = [created, started(first), started(second), started(third), ended(second, 'SIGNED_OUT')];
  const endAll = (except: string | null) =>
    ({ type: 'EndSessions', data: { profileId, except, reason: 'REVOKED' } }) as const;

  test('ends all that live', () => {
    expect(given(authDecider, events).when(endAll(null))).toEqual({
      kind: 'accepted',
      events: [ended(first, 'REVOKED'), ended(third, 'REVOKED')],
      result: { ended: [first, third] },
    });
  });

  test('or all but one', () => {
    expect(given(authDecider, events).when(endAll(third))).toMatchObject({ events: [ended(first, 'REVOKED')] });
  });

  test('changes nothing when there is none', () => {
    expect(given(authDecider, [created]).when(endAll(null))).toEqual({
      kind: 'accepted',
      events: [],
      result: { ended: [] },
    });
  });
});

test('other decisions end sessions beside their own events', () => {
  const live = [
    { sessionId: first, expiresAtMs: 1 },
    { sessionId: second, expiresAtMs: 2 },
  ];
  expect(endSessions(live, profileId, { reason: 'PASSWORD_CHANGED', except: second })).toEqual([
    ended(first, 'PASSWORD_CHANGED'),
  ]);
  expect(endSessions(live, profileId, { reason: 'ACCOUNT_DELETED' })).toHaveLength(2);
});

test('all sessions of a profile have one owner', () => {
  const { rules } = authDecider;
  const roots = [
    rules.StartSession.root(start(first).data),
    rules.RefreshSession.root(refresh(first, 'a', 'b').data),
    rules.EndSession.root(end(first).data),
    rules.EndSessions.root({ profileId, except: null, reason: 'REVOKED' }),
  ];
  expect(new Set(roots)).toEqual(new Set([profileId]));
});
