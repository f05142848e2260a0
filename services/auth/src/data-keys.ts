import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { keyLength, type Sealer, sealer } from './sealing.ts';

/**
 * The data keys of profiles: what a profile's address is sealed with. They lie, wrapped, in the schema `keys` of this service's
 * database and nowhere on the log, so destroying one erases the address from the log, its copies and its backups at once.
 * This is the one table that can't be folded anew.
 */
export type DataKeys = {
  /**
   * The profile's sealer; makes its key when there is none. Null when the key was made for another request (told by `fingerprint`):
   * two sign-ups claim to be the same one. Null also when it was destroyed: no late repeat of a sign-up brings it back.
   */
  reserve(profileId: string, fingerprint: string): Promise<Sealer | null>;
  /** Null when there is no such key, or it was destroyed. */
  of(profileId: string): Promise<Sealer | null>;
  /** Whatever was sealed with it can't be opened any more. Safe to repeat. */
  destroy(profileId: string): Promise<void>;
};

/** Creates the schema where there is none. */
export const createKeysSchema = async (pool: pg.Pool): Promise<void> => {
  // One statement is one transaction. The lock lets several instances start at once.
  await pool.query(`
    select pg_advisory_xact_lock(hashtext('palaver keys'));
    create schema if not exists keys;
    create table if not exists keys.data_key (
      profile_id uuid primary key,
      wrapped_key bytea not null,
      fingerprint text not null,
      created_at timestamptz not null default now()
    )`);
};

/** A key of no bytes, under a fingerprint that no request has, is one that was destroyed. */
const destroyed = { key: Buffer.alloc(0), fingerprint: 'destroyed' };

type DataKeyRow = { wrapped_key: Buffer; fingerprint: string };

const place = (profileId: string): string => `data-key:${profileId}`;

/** `wrapping` seals the keys themselves. */
export const dataKeys = (pool: pg.Pool, wrapping: Sealer): DataKeys => {
  const unwrapped = ({ wrapped_key }: DataKeyRow, profileId: string): Sealer =>
    sealer(wrapping.unseal(wrapped_key, place(profileId)));

  return {
    async reserve(profileId, fingerprint) {
      const wrapped = wrapping.seal(randomBytes(keyLength), place(profileId));
      const { rows } = await pool.query<DataKeyRow>({
        name: 'reserve-data-key',
        // The update that changes nothing makes `returning` give the row that was there.
        text: `insert into keys.data_key (profile_id, wrapped_key, fingerprint) values ($1, $2, $3)
               on conflict (profile_id) do update set fingerprint = data_key.fingerprint
               returning wrapped_key, fingerprint`,
        values: [profileId, wrapped, fingerprint],
      });
      const row = rows[0]!;
      return row.wrapped_key.length > 0 && row.fingerprint === fingerprint ? unwrapped(row, profileId) : null;
    },
    async of(profileId) {
      const { rows } = await pool.query<DataKeyRow>({
        name: 'data-key',
        text: 'select wrapped_key, fingerprint from keys.data_key where profile_id = $1',
        values: [profileId],
      });
      return rows[0] && rows[0].wrapped_key.length > 0 ? unwrapped(rows[0], profileId) : null;
    },
    async destroy(profileId) {
      await pool.query({
        name: 'destroy-data-key',
        text: `insert into keys.data_key (profile_id, wrapped_key, fingerprint) values ($1, $2, $3)
               on conflict (profile_id) do update set wrapped_key = $2, fingerprint = $3`,
        values: [profileId, destroyed.key, destroyed.fingerprint],
      });
    },
  };
};
