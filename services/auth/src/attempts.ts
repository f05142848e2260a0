import { networkOf, Refusal } from '@palaver/http';
import type pg from 'pg';
import { keyedHash } from './sealing.ts';

/**
 * Slows down who guesses passwords, per account and per address. An attempt is counted before its password is looked at, so that a hundred
 * at once are no way around it, and the count is taken back when the password was right. Past the free ones each failure doubles
 * the pause until the next attempt is heard. Accounts are told by the hash of their address, whether they exist or not.
 *
 * Counts lie in an unlogged table, which all instances share: a crash of the database forgets them, and that is all it does.
 */
export type Attempts = {
  /** Throws `Refusal` `too_many_attempts` with `Retry-After`. */
  begin(who: { readonly emailHash: string; readonly clientAddress: string }): Promise<Attempt>;
  /** Forgets what is over; the table would grow otherwise. */
  purge(): Promise<void>;
};

export type Attempt = {
  /** The password was right: the account's failures are forgotten. */
  right(): Promise<void>;
  /** The password was not looked at. */
  undo(): Promise<void>;
};

export type AttemptLimit = {
  /** Failures without a pause. */
  readonly free: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
};

export const attemptLimits: { readonly account: AttemptLimit; readonly address: AttemptLimit } = {
  account: { free: 10, firstPauseMs: 2_000, longestPauseMs: 5 * 60_000 },
  // Many people may share one address.
  address: { free: 200, firstPauseMs: 1_000, longestPauseMs: 60_000 },
};
/** Of mails that somebody asks for, per account and per address; none of them is ever taken back. */
export const mailLimits: typeof attemptLimits = {
  account: { free: 3, firstPauseMs: 60_000, longestPauseMs: 60 * 60_000 },
  address: { free: 100, firstPauseMs: 10_000, longestPauseMs: 10 * 60_000 },
};
/** Without a further failure they are forgotten after this, ms. */
const keepMs = 60 * 60_000;

export const createAttemptsSchema = async (pool: pg.Pool): Promise<void> => {
  // One statement is one transaction. The lock lets several instances start at once.
  await pool.query(`
    select pg_advisory_xact_lock(hashtext('palaver attempts'));
    create schema if not exists attempts;
    create unlogged table if not exists attempts.failure (
      key text primary key,
      count integer not null,
      blocked_until timestamptz not null,
      forget_at timestamptz not null
    );
    create index if not exists failure_forget_at on attempts.failure (forget_at)`);
};

/** `key` hides accounts and addresses from who reads the table. */
export const attempts = (pool: pg.Pool, key: Uint8Array, limits = attemptLimits): Attempts => {
  const keyOf = (kind: 'account' | 'address', value: string): string =>
    keyedHash(key, kind, value).toString('base64url');

  /** Counts one more, unless it is blocked; answers for how long it is, ms. */
  // By the clock: `now()` is when a statement began, and one that waited for another's row would find that blocked until a moment ago.
  const count = async (row: string, { free, firstPauseMs, longestPauseMs }: AttemptLimit): Promise<number> => {
    const counted = await pool.query({
      name: 'count-attempt',
      text: `insert into attempts.failure as f (key, count, blocked_until, forget_at)
             values ($1, 1, now(), now() + $2 * interval '1 ms')
             on conflict (key) do update set
               count = case when f.forget_at <= now() then 1 else f.count + 1 end,
               blocked_until = now() + interval '1 ms' * case
                 when f.forget_at <= now() or f.count + 1 < $3::int then 0
                 else least($5::float8, $4::float8 * power(2, least(f.count + 1 - $3::int, 30))) end,
               forget_at = excluded.forget_at
             where f.blocked_until <= clock_timestamp()
             returning key`,
      values: [row, keepMs, free, firstPauseMs, longestPauseMs],
    });
    if (counted.rowCount === 1) return 0;
    const { rows } = await pool.query<{ left_ms: number }>({
      name: 'attempt-pause',
      text: `select extract(epoch from blocked_until - now())::float8 * 1000 as left_ms from attempts.failure where key = $1`,
      values: [row],
    });
    return Math.max(1, rows[0]?.left_ms ?? 1);
  };
  const takeBack = async (rows: readonly string[]): Promise<void> => {
    await pool.query({
      name: 'take-back-attempt',
      text: `update attempts.failure set count = greatest(count - 1, 0), blocked_until = now() where key = any($1)`,
      values: [rows],
    });
  };
  const forget = async (row: string): Promise<void> => {
    await pool.query({ name: 'forget-attempts', text: 'delete from attempts.failure where key = $1', values: [row] });
  };

  return {
    async begin({ emailHash, clientAddress }) {
      const address = keyOf('address', networkOf(clientAddress));
      const account = keyOf('account', emailHash);
      const addressMs = await count(address, limits.address);
      if (addressMs > 0) throw tooManyAttempts(addressMs);
      const accountMs = await count(account, limits.account);
      if (accountMs > 0) {
        // No password is looked at, so those who share the address need not wait for it.
        await takeBack([address]);
        throw tooManyAttempts(accountMs);
      }
      return {
        right: async () => {
          await Promise.all([takeBack([address]), forget(account)]);
        },
        undo: () => takeBack([address, account]),
      };
    },
    async purge() {
      await pool.query('delete from attempts.failure where forget_at <= now()');
    },
  };
};

const tooManyAttempts = (leftMs: number): Refusal =>
  new Refusal('too_many_attempts', 'Too many of these were tried; come again later.', {
    headers: { 'Retry-After': String(Math.ceil(leftMs / 1_000)) },
  });
