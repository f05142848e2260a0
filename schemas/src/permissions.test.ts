import { describe, expect, test } from 'vitest';
import type { MemberRole, Permission } from './generated/servers.ts';
import { type Overwrite, permissionsIn, permissionsOf, rankOf, rolePermissions, type Standing } from './permissions.ts';

const nowMs = 1_000_000;
const someone = (given: Partial<Standing> = {}): Standing & { profileId: string } => ({
  profileId: 'someone',
  owner: false,
  role: 'GUEST',
  permissions: [],
  timedOutUntilMs: null,
  ...given,
});
const forRole = (role: MemberRole, given: Partial<Overwrite>): Overwrite => ({
  role,
  profileId: null,
  allow: [],
  deny: [],
  ...given,
});
const forMember = (given: Partial<Overwrite>): Overwrite => ({
  role: null,
  profileId: 'someone',
  allow: [],
  deny: [],
  ...given,
});

describe('roles', () => {
  test('hold what those below them hold', () => {
    const { GUEST, MODERATOR, ADMIN } = rolePermissions;
    expect(MODERATOR).toEqual(expect.arrayContaining([...GUEST]));
    expect(ADMIN).toEqual(expect.arrayContaining([...MODERATOR]));
    expect(rankOf(someone({ owner: true }))).toBeGreaterThan(rankOf(someone({ role: 'ADMIN' })));
  });
});

describe('in a server', () => {
  test.each<[string, Partial<Standing>, Permission, boolean]>([
    ['a guest sends', {}, 'SEND_MESSAGES', true],
    ['a guest kicks nobody', {}, 'KICK_MEMBERS', false],
    ['a guest has what the invite granted', { permissions: ['IMPORT_MESSAGES'] }, 'IMPORT_MESSAGES', true],
    ['a moderator kicks', { role: 'MODERATOR' }, 'KICK_MEMBERS', true],
    ['a moderator gives no roles', { role: 'MODERATOR' }, 'MANAGE_ROLES', false],
    ['an admin manages', { role: 'ADMIN' }, 'MANAGE_SERVER', true],
    ['the owner manages, whatever its role', { owner: true }, 'MANAGE_SERVER', true],
    ['who is timed out sees', { role: 'ADMIN', timedOutUntilMs: nowMs + 1 }, 'VIEW_CHANNEL', true],
    ['who is timed out does nothing else', { role: 'ADMIN', timedOutUntilMs: nowMs + 1 }, 'MANAGE_SERVER', false],
    ['a timeout ends', { role: 'ADMIN', timedOutUntilMs: nowMs }, 'MANAGE_SERVER', true],
    ['nobody times the owner out', { owner: true, timedOutUntilMs: nowMs + 1 }, 'MANAGE_SERVER', true],
  ])('%s', (_, who, permission, may) => {
    expect(permissionsOf(someone(who), nowMs).has(permission)).toBe(may);
  });
});

describe('in a channel', () => {
  const yes = true;
  const no = false;
  const deny: Partial<Overwrite> = { deny: ['SEND_MESSAGES'] };
  const allow: Partial<Overwrite> = { allow: ['SEND_MESSAGES'] };
  // What the role is denied or allowed, what the member is denied or allowed, whether a guest may then send.
  test.each<[string, Partial<Overwrite> | null, Partial<Overwrite> | null, boolean]>([
    ['nothing is said', null, null, yes],
    ['the role is denied', deny, null, no],
    ['the role is allowed', allow, null, yes],
    ['the role is denied and allowed', { ...deny, ...allow }, null, yes],
    ['the member is denied', null, deny, no],
    ['the member is allowed', null, allow, yes],
    ['the member is denied and allowed', null, { ...deny, ...allow }, yes],
    ['the role is denied, the member allowed', deny, allow, yes],
    ['the role is allowed, the member denied', allow, deny, no],
    ['both are denied', deny, deny, no],
    ['both are allowed', allow, allow, yes],
    ['the role may not see', { deny: ['VIEW_CHANNEL'] }, null, no],
    ['the role may not see, and is allowed to send', { deny: ['VIEW_CHANNEL'], ...allow }, allow, no],
    ['the role may not see, the member may', { deny: ['VIEW_CHANNEL'] }, { allow: ['VIEW_CHANNEL'] }, yes],
    ['the role may see, the member may not', { allow: ['VIEW_CHANNEL'] }, { deny: ['VIEW_CHANNEL'] }, no],
  ])('%s', (_, role, member, may) => {
    const overwrites = [...(role ? [forRole('GUEST', role)] : []), ...(member ? [forMember(member)] : [])];
    expect(permissionsIn(overwrites, someone(), nowMs).has('SEND_MESSAGES')).toBe(may);
    // The order in which they were set does not matter.
    expect(permissionsIn(overwrites.toReversed(), someone(), nowMs).has('SEND_MESSAGES')).toBe(may);
  });

  test('concerns only the role and the member that it names', () => {
    const others = [forRole('MODERATOR', deny), { ...forMember(deny), profileId: 'another' }];
    expect(permissionsIn(others, someone(), nowMs)).toEqual(permissionsOf(someone(), nowMs));
  });

  test('can take everything from an admin, and nothing from the owner', () => {
    const hidden = [forRole('ADMIN', { deny: ['VIEW_CHANNEL'] }), forMember({ deny: ['VIEW_CHANNEL'] })];
    expect(permissionsIn(hidden, someone({ role: 'ADMIN' }), nowMs)).toEqual(new Set());
    expect(permissionsIn(hidden, someone({ role: 'ADMIN', owner: true }), nowMs)).toEqual(
      permissionsOf(someone({ owner: true }), nowMs),
    );
  });

  test('gives a timed-out member nothing but sight', () => {
    const who = someone({ timedOutUntilMs: nowMs + 1 });
    expect(permissionsIn([forMember({ allow: ['MANAGE_MESSAGES'] })], who, nowMs)).toEqual(new Set(['VIEW_CHANNEL']));
    expect(permissionsIn([forMember({ deny: ['VIEW_CHANNEL'] })], who, nowMs)).toEqual(new Set());
  });
});
