import { defineProjection, type Table } from '@palaver/projector';
import type { AuthEvent } from '@palaver/schemas';
import type { Kysely } from 'kysely';
import { type SessionRow, sessionHandlers, sessionTable } from './sessions.ts';

/** The view of profiles: who there is, and what signing in needs. Row, fold and queries stand side by side; only this file knows the columns. */

// Rows.

/** What is sealed is kept as it lies on the log, base64: this model can't read it. */
type ProfileRow = {
  id: string;
  name: string;
  email_hash: string;
  email_sealed: string;
  password_sealed: string;
  created_at: Date;
};

export type AuthModel = { profile: ProfileRow; session: SessionRow };

const tables: readonly Table[] = [
  {
    name: 'profile',
    columns: {
      id: 'uuid not null',
      name: 'text not null',
      email_hash: 'text not null',
      email_sealed: 'text not null',
      password_sealed: 'text not null',
      created_at: 'timestamptz not null',
    },
    primaryKey: ['id'],
    // That an address has one profile is decided on the log; a model that may be mid-rebuild does not decide it again.
    indexes: { profile_by_email: '(email_hash)' },
  },
  sessionTable,
];

// Fold.

export const authProjection = defineProjection<AuthEvent>({
  name: 'auth',
  version: 3,
  topics: ['auth.events'],
  tables,
  handlers: {
    // A claim without a profile is nobody yet.
    EmailClaimed: () => [],
    EmailReserved: () => [],
    EmailConfirmed: () => [],
    EmailAbandoned: () => [],
    EmailReleased: () => [],
    EmailChanged: ({ profileId, emailHash, emailSealed }) => [
      {
        kind: 'patch',
        table: 'profile',
        key: { id: profileId },
        set: { email_hash: emailHash, email_sealed: emailSealed.toString('base64') },
      },
    ],
    AccountDeleted: ({ profileId }) => [{ kind: 'remove', table: 'profile', key: { id: profileId } }],
    ProfileCreated: (data, { timestampMs }) => [
      {
        kind: 'put',
        table: 'profile',
        row: {
          id: data.profileId,
          name: data.name,
          email_hash: data.emailHash,
          email_sealed: data.emailSealed.toString('base64'),
          password_sealed: data.passwordSealed.toString('base64'),
          created_at: new Date(timestampMs),
        },
      },
    ],
    ...sessionHandlers,
  },
});

// Queries.

export type Database = Kysely<AuthModel>;

export type ProfileView = { readonly id: string; readonly name: string; readonly createdAt: string };
/** A profile with its own secrets, for its owner only. */
export type Account = { readonly profile: ProfileView; readonly emailSealed: Buffer; readonly passwordSealed: Buffer };

const profileView = (row: Pick<ProfileRow, 'id' | 'name' | 'created_at'>): ProfileView => ({
  id: row.id,
  name: row.name,
  createdAt: row.created_at.toISOString(),
});

const account = (row: ProfileRow): Account => ({
  profile: profileView(row),
  emailSealed: Buffer.from(row.email_sealed, 'base64'),
  passwordSealed: Buffer.from(row.password_sealed, 'base64'),
});

/** What everybody may see of a profile; null when there is none. */
export const profileById = async (db: Database, id: string): Promise<ProfileView | null> => {
  const row = await db
    .selectFrom('profile')
    .where('id', '=', id)
    .select(['id', 'name', 'created_at'])
    .executeTakeFirst();
  return row ? profileView(row) : null;
};

export const accountById = async (db: Database, id: string): Promise<Account | null> => {
  const row = await db.selectFrom('profile').where('id', '=', id).selectAll().executeTakeFirst();
  return row ? account(row) : null;
};

/** The account of an address, by the address's keyed hash. */
export const accountByEmailHash = async (db: Database, emailHash: string): Promise<Account | null> => {
  const row = await db.selectFrom('profile').where('email_hash', '=', emailHash).selectAll().executeTakeFirst();
  return row ? account(row) : null;
};
