import { describe, expect, test } from 'vitest';
import { sessionHandlers, sessionTable } from './sessions.ts';

const at = Date.UTC(2026, 0, 1);
const meta = {
  topic: 'auth.events',
  partition: 0,
  offset: 7,
  timestampMs: at,
  headers: {},
  stream: 'any',
  version: 1,
};
const ids = {
  profileId: '01900000-0000-7000-8000-000000000001',
  sessionId: '01900000-0000-7000-8000-000000000002',
};
const data = { ...ids, refreshHash: 'hash', device: 'curl/8', expiresAt: at + 1_000 };

describe('the fold of sessions', () => {
  test('a started one is a row without anything that could sign in', () => {
    const [change] = sessionHandlers.SessionStarted(data, meta);
    expect(change).toEqual({
      kind: 'put',
      table: 'session',
      row: {
        id: ids.sessionId,
        profile_id: ids.profileId,
        device: 'curl/8',
        created_at: new Date(at),
        last_refreshed_at: new Date(at),
        expires_at: new Date(at + 1_000),
      },
    });
    expect(change?.kind === 'put' && Object.keys(change.row)).toEqual(Object.keys(sessionTable.columns));
  });

  test('a refreshed one has its times moved', () => {
    expect(sessionHandlers.SessionRefreshed(data, meta)).toEqual([
      {
        kind: 'patch',
        table: 'session',
        key: { id: ids.sessionId },
        set: { last_refreshed_at: new Date(at), expires_at: new Date(at + 1_000) },
      },
    ]);
  });

  test('an ended one is gone', () => {
    expect(sessionHandlers.SessionEnded({ ...ids, reason: 'REVOKED' }, meta)).toEqual([
      { kind: 'remove', table: 'session', key: { id: ids.sessionId } },
    ]);
  });
});
