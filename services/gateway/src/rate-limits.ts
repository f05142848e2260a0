import { networkOf } from '@palaver/http';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { postsOfMessages } from './upstreams.ts';

/**
 * How many requests of a kind somebody may make, over all gateways together. Counts lie in Postgres; an instance takes a few requests' worth
 * from there at a time and gives them out by itself, so that most requests cost no query:
 *
 *   request ──▶ share of this instance ──empty──▶ Postgres: a twentieth of the limit at once
 *
 * Together the instances never pass a limit. Who moves between n of them may be refused up to n - 1 shares early. Without
 * Postgres each instance counts for itself.
 */
export type RateLimits = {
  /** Takes one request; at once, or when the share was filled again. */
  take(kind: LimitKind, subject: string): Taken | Promise<Taken>;
};

export type Taken = {
  readonly allowed: boolean;
  readonly kind: LimitKind;
  readonly limit: Limit;
  /** What this instance knows to be left; others may have taken of it. */
  readonly remaining: number;
  /** Until all of the limit is there again, ms. */
  readonly resetMs: number;
};

/** `requests` in `seconds`, from the first one on. */
export type Limit = { readonly requests: number; readonly seconds: number };

/** The kinds of requests, each with what is allowed by default. */
export const usualLimits = {
  /** Of one address, without a token: sign-up, sign-in, refresh, forgotten passwords. */
  accounts: { requests: 120, seconds: 60 },
  /** Of one address, without a token: all else. */
  anonymous: { requests: 600, seconds: 60 },
  /** Of one profile, as are those below. */
  queries: { requests: 3_000, seconds: 60 },
  commands: { requests: 600, seconds: 60 },
  posts: { requests: 300, seconds: 60 },
  uploads: { requests: 120, seconds: 60 },
} as const satisfies Record<string, Limit>;

export type LimitKind = keyof typeof usualLimits;
export type Limits = Readonly<Record<LimitKind, Limit>>;

export const limitKinds = Object.keys(usualLimits) as readonly LimitKind[];

/** What kind of request it is, and whose. `path` is below `/api`. */
export const limitOf = (request: {
  readonly method: string;
  readonly path: string;
  readonly profile: string | undefined;
  readonly clientAddress: string;
}): { readonly kind: LimitKind; readonly subject: string } => {
  const { method, path, profile } = request;
  const isQuery = method === 'GET' || method === 'HEAD';
  if (profile === undefined) {
    const subject = networkOf(request.clientAddress);
    return { kind: path.startsWith('/auth/') && !isQuery ? 'accounts' : 'anonymous', subject };
  }
  if (isQuery) return { kind: 'queries', subject: profile };
  if (postsOfMessages.test(path)) return { kind: 'posts', subject: profile };
  return { kind: /^\/files(?:[/?]|$)/.test(path) ? 'uploads' : 'commands', subject: profile };
};

/** `posts=300/60, queries=3000/60`: requests and seconds of the kinds that are to differ from the usual. Throws `TypeError`. */
export const parseLimits = (text: string): Limits => {
  const limits: Record<LimitKind, Limit> = { ...usualLimits };
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue;
    const match = /^(\w+)\s*=\s*([1-9]\d{0,8})\s*\/\s*([1-9]\d{0,5})$/.exec(part);
    const kind = limitKinds.find((one) => one === match?.[1]);
    if (!match || kind === undefined) {
      throw new TypeError(`"${part}" is no limit such as posts=300/60; kinds are ${limitKinds.join(', ')}`);
    }
    limits[kind] = { requests: Number(match[2]), seconds: Number(match[3]) };
  }
  return limits;
};

export const rateLimitTable = 'rate_limit';

/** Counts survive no crash of the database, and need not. */
export const createRateLimitTable = async (pool: pg.Pool): Promise<void> => {
  await pool.query(`
    select pg_advisory_xact_lock(hashtext('palaver rate limits'));
    create unlogged table if not exists ${rateLimitTable} (
      key varchar(255) primary key, points integer not null default 0, expire bigint);
    create index if not exists ${rateLimitTable}_expire on ${rateLimitTable} (expire)`);
};

/** Fewer would be a query for most requests, more would leave too much with an instance that is asked no more. */
const sharesOfLimit = 20;

/** The largest share of which a whole number is the limit: the last one would be refused otherwise. */
export const shareOf = (requests: number): number => {
  let share = Math.max(1, Math.floor(requests / sharesOfLimit));
  while (requests % share !== 0) share -= 1;
  return share;
};

type Share = { left: number; inStore: number; untilMs: number; filling: Promise<void> | null };

const maxSubjects = 100_000;

export const rateLimits = (pool: pg.Pool, limits: Limits, nowMs: () => number = Date.now): RateLimits => {
  const kinds = Object.fromEntries(limitKinds.map((kind) => [kind, openKind(pool, kind, limits[kind])]));
  const shares = new LRUCache<string, Share>({ max: maxSubjects });

  const shareFor = (key: string): Share => {
    const known = shares.get(key);
    if (known && (known.untilMs > nowMs() || known.filling)) return known;
    const share: Share = { left: 0, inStore: 1, untilMs: Number.POSITIVE_INFINITY, filling: null };
    shares.set(key, share);
    return share;
  };

  const fill = async (kind: LimitKind, subject: string, share: Share): Promise<void> => {
    const { limiter, size } = kinds[kind]!;
    const { granted, remaining, resetMs } = await consume(limiter, subject, size);
    share.left += granted;
    share.inStore = remaining;
    share.untilMs = nowMs() + resetMs;
  };

  const take = (kind: LimitKind, subject: string): Taken | Promise<Taken> => {
    const share = shareFor(`${kind}:${subject}`);
    const limit = limits[kind];
    if (share.left > 0 || share.inStore === 0) {
      const allowed = share.left > 0;
      if (allowed) share.left -= 1;
      const resetMs = share.untilMs - nowMs();
      return { allowed, kind, limit, remaining: share.left + share.inStore, resetMs };
    }
    share.filling ??= fill(kind, subject, share).finally(() => {
      share.filling = null;
    });
    return share.filling.then(() => take(kind, subject));
  };
  return { take };
};

type Kind = { readonly limiter: RateLimiterPostgres; readonly size: number };

const openKind = (pool: pg.Pool, kind: LimitKind, { requests, seconds }: Limit): Kind => ({
  size: shareOf(requests),
  limiter: new RateLimiterPostgres({
    storeClient: pool,
    storeType: 'pool',
    tableName: rateLimitTable,
    tableCreated: true,
    keyPrefix: kind,
    points: requests,
    duration: seconds,
    insuranceLimiter: new RateLimiterMemory({ keyPrefix: kind, points: requests, duration: seconds }),
  }),
});

/** Nothing is granted when the limit is reached; `remaining` is 0 then, so that nobody asks before the reset. */
const consume = async (
  limiter: RateLimiterPostgres,
  subject: string,
  size: number,
): Promise<{ granted: number; remaining: number; resetMs: number }> => {
  try {
    const { remainingPoints, msBeforeNext } = await limiter.consume(subject, size);
    return { granted: size, remaining: remainingPoints, resetMs: msBeforeNext };
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    return { granted: 0, remaining: 0, resetMs: error.msBeforeNext };
  }
};

/** The fields of draft-ietf-httpapi-ratelimit-headers. */
export const rateLimitHeaders = ({ kind, limit, remaining, resetMs }: Taken): Readonly<Record<string, string>> => ({
  'RateLimit-Policy': `"${kind}";q=${limit.requests};w=${limit.seconds}`,
  RateLimit: `"${kind}";r=${remaining};t=${secondsOf(resetMs)}`,
});

export const secondsOf = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));
