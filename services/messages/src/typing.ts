import type { Pool } from 'pg';

/**
 * Who is typing: true for ten seconds and worth nothing after them, so it is no event of the log. All instances of the service share an
 * unlogged table, beside the read model and no part of it: a crash of Postgres empties it.
 */
export type Typing = {
  /** Creates the table; safe to repeat, and at the same time. */
  readonly migrate: () => Promise<void>;
  readonly begin: (who: { channelId: string; profileId: string }) => Promise<void>;
  /** Those who have begun less than ten seconds ago, the latest first. */
  readonly inChannel: (channelId: string) => Promise<readonly { readonly profileId: string; readonly until: string }[]>;
};

export const typingSeconds = 10;

const lockName = 'palaver typing';

export const typingIn = (pool: Pool): Typing => ({
  migrate: async () => {
    await pool.query(`
      begin;
      select pg_advisory_xact_lock(hashtext('${lockName}'));
      create schema if not exists ephemeral;
      create unlogged table if not exists ephemeral.typing (
        channel_id uuid not null,
        profile_id uuid not null,
        until timestamptz not null,
        primary key (channel_id, profile_id)
      );
      create index if not exists typing_by_until on ephemeral.typing (until);
      commit`);
  },
  begin: async ({ channelId, profileId }) => {
    await pool.query({
      name: 'typing-begin',
      text: `with gone as (delete from ephemeral.typing where until < now() - interval '1 minute')
             insert into ephemeral.typing values ($1, $2, now() + make_interval(secs => ${typingSeconds}))
             on conflict (channel_id, profile_id) do update set until = excluded.until`,
      values: [channelId, profileId],
    });
  },
  inChannel: async (channelId) => {
    const { rows } = await pool.query<{ profile_id: string; until: Date }>({
      name: 'typing-in-channel',
      text: `select profile_id, until from ephemeral.typing where channel_id = $1 and until > now()
             order by until desc, profile_id limit 100`,
      values: [channelId],
    });
    return rows.map((row) => ({ profileId: row.profile_id, until: row.until.toISOString() }));
  },
});
