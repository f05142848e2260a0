import { type PictureFact, type PictureRow, pictureHandlers, pictureTable } from '@palaver/projection-shared';
import { defineProjection, type RecordMeta, type Row, type RowChange, type Table } from '@palaver/projector';
import { type AuthEvent, passwordIdOf } from '@palaver/schemas';
import type { Kysely } from 'kysely';
import { type SessionRow, sessionHandlers, sessionTable } from './sessions.ts';

/** The view of profiles: who there is, and what signing in needs. Row, fold and queries stand side by side; only this file knows the columns. */

// Rows.

/** What is sealed is kept as it lies on the log, base64: this model can't read it. */
type ProfileRow = {
  id: string;
  name: string;
  avatar_url: string | null;
  avatar_file_id: string | null;
  email_hash: string;
  email_sealed: string;
  password_sealed: string;
  password_id: string;
  created_at: Date;
  version: number;
};

export type AuthModel = { profile: ProfileRow; session: SessionRow; picture: PictureRow };

const tables: readonly Table[] = [
  {
    name: 'profile',
    columns: {
      id: 'uuid not null',
      name: 'text not null',
      avatar_url: 'text',
      avatar_file_id: 'uuid',
      email_hash: 'text not null',
      email_sealed: 'text not null',
      password_sealed: 'text not null',
      // Which password it is, by `passwordIdOf`: it stays the same when the hash is made anew.
      password_id: 'text not null',
      created_at: 'timestamptz not null',
      // Of the stream: every event of it raises it, so it tells one state of a profile from another.
      version: 'integer not null',
    },
    primaryKey: ['id'],
    // That an address has one profile is decided on the log; a model that may be mid-rebuild does not decide it again.
    indexes: { profile_by_email: '(email_hash)' },
  },
  sessionTable,
  pictureTable,
];

// Fold. Handlers of the two topics touch different tables, so that the order between topics does not matter.

const changed = (profileId: string, { version }: RecordMeta, set: Row = {}): readonly RowChange[] => [
  { kind: 'patch', table: 'profile', key: { id: profileId }, set: { ...set, version } },
];

export const authProjection = defineProjection<AuthEvent | PictureFact>({
  name: 'auth',
  version: 5,
  topics: ['auth.events', 'files.events'],
  tables,
  handlers: {
    // A claim without a profile is nobody yet.
    EmailClaimed: () => [],
    EmailReserved: () => [],
    EmailConfirmed: () => [],
    EmailReleased: () => [],
    EmailAbandoned: ({ profileId }, meta) => changed(profileId, meta),
    EmailChanged: ({ profileId, emailHash, emailSealed }, meta) =>
      changed(profileId, meta, { email_hash: emailHash, email_sealed: emailSealed.toString('base64') }),
    ProfileChanged: ({ profileId, name, avatarUrl, avatarFileId }, meta) =>
      changed(profileId, meta, { name, avatar_url: avatarUrl, avatar_file_id: avatarFileId }),
    PasswordChanged: ({ profileId, passwordSealed }, meta) =>
      changed(profileId, meta, {
        password_sealed: passwordSealed.toString('base64'),
        password_id: passwordIdOf(passwordSealed),
      }),
    PasswordRehashed: ({ profileId, passwordSealed }, meta) =>
      changed(profileId, meta, { password_sealed: passwordSealed.toString('base64') }),
    AccountDeleted: ({ profileId }) => [{ kind: 'remove', table: 'profile', key: { id: profileId } }],
    ProfileCreated: (data, { timestampMs, version }) => [
      {
        kind: 'put',
        table: 'profile',
        row: {
          id: data.profileId,
          name: data.name,
          avatar_url: null,
          avatar_file_id: null,
          email_hash: data.emailHash,
          email_sealed: data.emailSealed.toString('base64'),
          password_sealed: data.passwordSealed.toString('base64'),
          password_id: passwordIdOf(data.passwordSealed),
          created_at: new Date(timestampMs),
          version,
        },
      },
    ],
    ...sessionHandlers,
    ...pictureHandlers('AVATAR'),
  },
});

// Queries.

export type Database = Kysely<AuthModel>;

export type ProfileView = {
  readonly id: string;
  readonly name: string;
  /** Of a picture elsewhere; null for one that is a file. */
  readonly avatarUrl: string | null;
  readonly avatarFileId: string | null;
  readonly createdAt: string;
};
/** A profile with its own secrets, for its owner only. */
export type Account = {
  readonly profile: ProfileView;
  /** Of the profile's stream. */
  readonly version: number;
  readonly emailHash: string;
  readonly emailSealed: Buffer;
  readonly passwordSealed: Buffer;
  /** Names the password; commands that it was proven for carry it. */
  readonly passwordId: string;
};

type ShownRow = Pick<ProfileRow, 'id' | 'name' | 'avatar_url' | 'created_at'> & Pictured;
/** Its file, if that is still there. */
type Pictured = { readonly picture_id: string | null };

const profileView = (row: ShownRow): ProfileView => ({
  id: row.id,
  name: row.name,
  avatarUrl: row.avatar_url,
  avatarFileId: row.picture_id,
  createdAt: row.created_at.toISOString(),
});

const account = (row: ProfileRow & Pictured): Account => ({
  profile: profileView(row),
  version: row.version,
  emailHash: row.email_hash,
  emailSealed: Buffer.from(row.email_sealed, 'base64'),
  passwordSealed: Buffer.from(row.password_sealed, 'base64'),
  passwordId: row.password_id,
});

const withPicture = (db: Database) =>
  db
    .selectFrom('profile')
    .leftJoin('picture', 'picture.file_id', 'profile.avatar_file_id')
    .select('picture.file_id as picture_id');

/** What everybody may see of a profile, and its version; null when there is none. */
export const profileById = async (
  db: Database,
  id: string,
): Promise<{ readonly profile: ProfileView; readonly version: number } | null> => {
  const row = await withPicture(db)
    .where('id', '=', id)
    .select(['id', 'name', 'avatar_url', 'created_at', 'version'])
    .executeTakeFirst();
  return row ? { profile: profileView(row), version: row.version } : null;
};

export const accountById = async (db: Database, id: string): Promise<Account | null> => {
  const row = await withPicture(db).where('id', '=', id).selectAll('profile').executeTakeFirst();
  return row ? account(row) : null;
};

/** The account of an address, by the address's keyed hash. */
export const accountByEmailHash = async (db: Database, emailHash: string): Promise<Account | null> => {
  const row = await withPicture(db).where('email_hash', '=', emailHash).selectAll('profile').executeTakeFirst();
  return row ? account(row) : null;
};
