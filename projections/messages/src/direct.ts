import { type Handlers, type Page, pageOf, type Table } from '@palaver/projector';
import type { AuthEvent } from '@palaver/schemas';
import type { Pool } from 'pg';

/** Channels between profiles, outside servers, and who has blocked whom: the rows are those that access to a channel is found by. */

// Rows.

export const profileTables: readonly Table[] = [
  {
    // Who there is to talk to.
    name: 'profile',
    columns: { id: 'uuid not null' },
    primaryKey: ['id'],
  },
];

// Fold.

type ProfileFact = Extract<AuthEvent, { type: 'ProfileCreated' }>;

export const profileHandlers: Handlers<ProfileFact> = {
  ProfileCreated: ({ profileId }) => [{ kind: 'put', table: 'profile', row: { id: profileId } }],
};

// Queries.

type Asked = { readonly channelId: string; readonly profileId: string };

export type DirectChannel = {
  readonly id: string;
  readonly group: boolean;
  readonly profileIds: readonly string[];
  readonly openedAt: string;
};

type DirectRow = { id: string; is_group: boolean; profile_ids: string[]; opened_at: Date };

const directColumns = `d.id, d.is_group, d.opened_at,
  (select jsonb_agg(all_of.profile_id order by all_of.profile_id) from participant all_of
   where all_of.channel_id = d.id) as profile_ids`;

const directView = (row: DirectRow): DirectChannel => ({
  id: row.id,
  group: row.is_group,
  profileIds: row.profile_ids,
  openedAt: row.opened_at.toISOString(),
});

/** By rising channel id. */
const directChannelsOf = async (
  pool: Pool,
  { profileId, limit, after }: { profileId: string; limit: number; after?: string | undefined },
): Promise<Page<DirectChannel>> => {
  const { rows } = await pool.query<DirectRow>({
    name: 'direct-channels-of',
    text: `select ${directColumns} from participant p join direct_channel d on d.id = p.channel_id
           where p.profile_id = $1 and ($2::uuid is null or p.channel_id > $2) order by p.channel_id limit $3`,
    values: [profileId, after ?? null, limit + 1],
  });
  return pageOf(rows, limit, directView);
};

const directChannelFor = async (pool: Pool, { channelId, profileId }: Asked): Promise<DirectChannel | null> => {
  const { rows } = await pool.query<DirectRow>({
    name: 'direct-channel-for',
    text: `select ${directColumns} from participant p join direct_channel d on d.id = p.channel_id
           where p.profile_id = $1 and p.channel_id = $2`,
    values: [profileId, channelId],
  });
  return rows[0] ? directView(rows[0]) : null;
};

export type Acquaintance = {
  /** Of those who were asked about: who has an account. */
  readonly known: ReadonlySet<string>;
  /** Who has blocked the profile, or was blocked by it. */
  readonly blocked: ReadonlySet<string>;
};

const acquaintanceOf = async (
  pool: Pool,
  { profileId, others }: { profileId: string; others: readonly string[] },
): Promise<Acquaintance> => {
  const { rows } = await pool.query<{ id: string; blocked: boolean }>({
    name: 'acquaintance',
    text: `select p.id, exists (select from block b where b.profile_id = p.id and b.blocked_id = $1)
                     or exists (select from block b where b.profile_id = $1 and b.blocked_id = p.id) as blocked
           from profile p where p.id = any($2::uuid[])`,
    values: [profileId, others],
  });
  return {
    known: new Set(rows.map(({ id }) => id)),
    blocked: new Set(rows.filter(({ blocked }) => blocked).map(({ id }) => id)),
  };
};

/** Whom a profile has blocked, by rising id. */
const blockedBy = async (
  pool: Pool,
  { profileId, limit, after }: { profileId: string; limit: number; after?: string | undefined },
): Promise<Page<string>> => {
  const { rows } = await pool.query<{ blocked_id: string }>({
    name: 'blocked-by',
    text: `select blocked_id from block where profile_id = $1 and ($2::uuid is null or blocked_id > $2)
           order by blocked_id limit $3`,
    values: [profileId, after ?? null, limit + 1],
  });
  return pageOf(rows, limit, (row) => row.blocked_id);
};

/** Those of these profiles that take part. */
export const participantsAmong = async (
  pool: Pool,
  { channelId, profileIds }: { channelId: string; profileIds: readonly string[] },
): Promise<readonly string[]> => {
  const { rows } = await pool.query<{ profile_id: string }>({
    name: 'participants-among',
    text: `select profile_id from participant where channel_id = $1 and profile_id = any($2::uuid[]) order by profile_id`,
    values: [channelId, profileIds],
  });
  return rows.map((row) => row.profile_id);
};

type PageOf = { readonly profileId: string; readonly limit: number; readonly after?: string | undefined };

export type DirectQueries = {
  readonly directChannelsOf: (page: PageOf) => Promise<Page<DirectChannel>>;
  readonly directChannelFor: (asked: Asked) => Promise<DirectChannel | null>;
  readonly acquaintanceOf: (asked: { profileId: string; others: readonly string[] }) => Promise<Acquaintance>;
  readonly blockedBy: (page: PageOf) => Promise<Page<string>>;
};

export const directQueries = (pool: Pool): DirectQueries => ({
  directChannelsOf: (page) => directChannelsOf(pool, page),
  directChannelFor: (asked) => directChannelFor(pool, asked),
  acquaintanceOf: (asked) => acquaintanceOf(pool, asked),
  blockedBy: (page) => blockedBy(pool, page),
});
