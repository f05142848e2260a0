import type { MemberRole, Permission } from './generated/servers.ts';

/**
 * Who may do what: the one place that says it, for the decisions on the log, for the edges and for whoever delivers. Resolved in this
 * order, where what comes later wins:
 *
 *   1. the owner may do everything, everywhere
 *   2. the role's preset, and what the invite granted
 *   3. in a channel: what it denies the role, then what it allows the role
 *   4. in a channel: what it denies the member, then what it allows the member
 *   5. who can't see the channel may do nothing in it
 *   6. who is timed out may only see
 */

type Rights = ReadonlySet<Permission>;

const guest = ['VIEW_CHANNEL', 'SEND_MESSAGES', 'ATTACH_FILES'] as const;
const moderator = [
  ...guest,
  'CREATE_INVITE',
  'MENTION_EVERYONE',
  'MANAGE_MESSAGES',
  'KICK_MEMBERS',
  'BAN_MEMBERS',
] as const;
const admin = [...moderator, 'MANAGE_CHANNELS', 'MANAGE_ROLES', 'MANAGE_SERVER', 'IMPORT_MESSAGES'] as const;

/** What each preset role may do; each holds those below it. */
export const rolePermissions: Readonly<Record<MemberRole, readonly Permission[]>> = {
  GUEST: guest,
  MODERATOR: moderator,
  ADMIN: admin,
};

/** Those that a channel may give or take; the others are of the whole server. */
export const channelPermissions = [
  'VIEW_CHANNEL',
  'SEND_MESSAGES',
  'ATTACH_FILES',
  'MENTION_EVERYONE',
  'MANAGE_MESSAGES',
] as const satisfies readonly Permission[];

/** Those that an invite may grant to who joins by it. */
export const grantablePermissions = ['IMPORT_MESSAGES'] as const satisfies readonly Permission[];

/** What somebody is in a server. */
export type Standing = {
  readonly owner: boolean;
  readonly role: MemberRole;
  /** Granted by the invite. */
  readonly permissions: readonly Permission[];
  /** When the member may do again what it may, ms since the epoch; null: it is not timed out. */
  readonly timedOutUntilMs: number | null;
};

/** What a channel gives and takes, for one role or one member: exactly one of the two is named. */
export type Overwrite = {
  readonly role: MemberRole | null;
  readonly profileId: string | null;
  readonly allow: readonly Permission[];
  readonly deny: readonly Permission[];
};

const ranks: Readonly<Record<MemberRole, number>> = { GUEST: 0, MODERATOR: 1, ADMIN: 2 };

export const rankOfRole = (role: MemberRole): number => ranks[role];

/** Nobody touches who is of their rank or above; the owner is above all. */
export const rankOf = ({ owner, role }: Pick<Standing, 'owner' | 'role'>): number => (owner ? 3 : ranks[role]);

/** Whether somebody may only see at a time, ms since the epoch. Nobody times the owner out. */
export const isTimedOut = (
  { owner, timedOutUntilMs }: Pick<Standing, 'owner' | 'timedOutUntilMs'>,
  atMs: number,
): boolean => !owner && timedOutUntilMs !== null && atMs < timedOutUntilMs;

const onlySeeing = (rights: Rights): Rights => new Set([...rights].filter((one) => one === 'VIEW_CHANNEL'));

const withoutTimeout = ({ owner, role, permissions }: Standing): Set<Permission> =>
  new Set(owner ? admin : [...rolePermissions[role], ...permissions]);

/** What somebody may do in a server at a time, ms since the epoch. */
export const permissionsOf = (who: Standing, atMs: number): Rights => {
  const rights = withoutTimeout(who);
  return isTimedOut(who, atMs) ? onlySeeing(rights) : rights;
};

/** What somebody may do in a channel at a time, ms since the epoch. */
export const permissionsIn = (
  overwrites: readonly Overwrite[],
  who: Standing & { readonly profileId: string },
  atMs: number,
): Rights => {
  const rights = withoutTimeout(who);
  if (who.owner) return rights;
  const ofRole = overwrites.find(({ role }) => role === who.role);
  const ofMember = overwrites.find(({ profileId }) => profileId === who.profileId);
  for (const overwrite of [ofRole, ofMember]) {
    for (const one of overwrite?.deny ?? []) rights.delete(one);
    for (const one of overwrite?.allow ?? []) rights.add(one);
  }
  if (!rights.has('VIEW_CHANNEL')) return new Set();
  return isTimedOut(who, atMs) ? onlySeeing(rights) : rights;
};
