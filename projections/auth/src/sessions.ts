import type { Handlers, Table } from '@palaver/projector';
import type { AuthEvent } from '@palaver/schemas';
import type { Kysely } from 'kysely';

/**
 * The view of sessions: where a profile is signed in. Row, fold and queries stand side by side; only this file knows the columns. What
 * could sign somebody in is not here: whether a refresh token is good is decided on the log.
 */

// Rows.

export type SessionRow = {
  id: string;
  profile_id: string;
  device: string | null;
  created_at: Date;
  last_refreshed_at: Date;
  expires_at: Date;
};

export const sessionTable: Table = {
  name: 'session',
  columns: {
    id: 'uuid not null',
    profile_id: 'uuid not null',
    device: 'text',
    created_at: 'timestamptz not null',
    last_refreshed_at: 'timestamptz not null',
    expires_at: 'timestamptz not null',
  },
  primaryKey: ['id'],
  indexes: { session_by_profile: '(profile_id, created_at)' },
};

// Fold.

type SessionEvent = Extract<AuthEvent, { type: `Session${string}` }>;

export const sessionHandlers: Handlers<SessionEvent> = {
  SessionStarted: ({ sessionId, profileId, device, expiresAt }, { timestampMs }) => [
    {
      kind: 'put',
      table: 'session',
      row: {
        id: sessionId,
        profile_id: profileId,
        device,
        created_at: new Date(timestampMs),
        last_refreshed_at: new Date(timestampMs),
        expires_at: new Date(expiresAt),
      },
    },
  ],
  SessionRefreshed: ({ sessionId, expiresAt }, { timestampMs }) => [
    {
      kind: 'patch',
      table: 'session',
      key: { id: sessionId },
      set: { last_refreshed_at: new Date(timestampMs), expires_at: new Date(expiresAt) },
    },
  ],
  SessionEnded: ({ sessionId }) => [{ kind: 'remove', table: 'session', key: { id: sessionId } }],
};

// Queries.

export type SessionView = {
  readonly id: string;
  readonly device: string | null;
  readonly createdAt: string;
  readonly lastRefreshedAt: string;
  readonly expiresAt: string;
};

/** Where a profile is signed in, the newest first; at most as many as the decider lets live. `now` leaves out whose time is over. */
export const sessionsOf = async (
  db: Kysely<{ session: SessionRow }>,
  profileId: string,
  now: Date,
): Promise<readonly SessionView[]> => {
  const rows = await db
    .selectFrom('session')
    .where('profile_id', '=', profileId)
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .selectAll()
    .execute();
  return rows.map((row) => ({
    id: row.id,
    device: row.device,
    createdAt: row.created_at.toISOString(),
    lastRefreshedAt: row.last_refreshed_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }));
};
