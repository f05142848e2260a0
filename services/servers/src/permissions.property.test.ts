import { type Permission, permissionsIn, rankOf, rankOfRole, type ServersCommand } from '@palaver/schemas';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { serversDecider } from './decider.ts';
import { after, changeRole, channelId, create, decide, inviteCode, join, serverId } from './world.fixture.ts';

/**
 * Whatever those who do not own a server do to it, in whatever order: nobody rises who was not raised by somebody above, and nobody may
 * do in a channel what neither their role nor an overwrite by somebody who may do it gives them.
 */

const actors = ['a1', 'a2', 'm1', 'm2', 'g1', 'g2', 'outsider'] as const;
const everybody = ['owner', ...actors] as const;
const roles = ['GUEST', 'MODERATOR', 'ADMIN'] as const;

const populated = after(
  [],
  create,
  ...actors.slice(0, -1).map((one) => join(one)),
  ...['a1', 'a2'].map((one) => changeRole('owner', one, 'ADMIN')),
  ...['m1', 'm2'].map((one) => changeRole('owner', one, 'MODERATOR')),
  // So that there is something to win: guests may not write here, and one admin neither.
  {
    type: 'SetChannelOverwrite',
    data: { serverId, channelId, by: 'owner', role: 'GUEST', profileId: null, allow: [], deny: ['SEND_MESSAGES'] },
  },
  {
    type: 'SetChannelOverwrite',
    data: { serverId, channelId, by: 'owner', role: null, profileId: 'a2', allow: [], deny: ['SEND_MESSAGES'] },
  },
);

const by = fc.constantFrom(...actors);
const who = fc.constantFrom(...everybody);
const role = fc.constantFrom(...roles);
const permissions = fc.subarray<Permission>([
  'VIEW_CHANNEL',
  'SEND_MESSAGES',
  'MANAGE_MESSAGES',
  'MENTION_EVERYONE',
  'MANAGE_SERVER',
]);
const on = (type: string, more: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc.record({
    type: fc.constant(type),
    data: fc.record({ serverId: fc.constant(serverId), profileId: who, by, ...more }),
  });
const target = fc.oneof(
  fc.record({ role, profileId: fc.constant(null) }),
  fc.record({ role: fc.constant(null), profileId: who }),
);
const inChannel = fc.record({ serverId: fc.constant(serverId), channelId: fc.constant(channelId), by });

const command = fc.oneof(
  on('ChangeMemberRole', { role }),
  on('KickMember'),
  on('BanMember'),
  on('UnbanMember'),
  on('TimeOutMember', { until: fc.constant(null) }),
  fc
    .tuple(inChannel, target, permissions, permissions)
    .map(([of, aim, allow, deny]) => ({ type: 'SetChannelOverwrite', data: { ...of, ...aim, allow, deny } })),
  fc.tuple(inChannel, target).map(([of, aim]) => ({ type: 'RemoveChannelOverwrite', data: { ...of, ...aim } })),
  fc.record({
    type: fc.constant('TransferOwnership'),
    data: fc.record({ serverId: fc.constant(serverId), ownerId: who, by }),
  }),
  fc.record({ type: fc.constant('DeleteServer'), data: fc.record({ serverId: fc.constant(serverId), by }) }),
  fc.tuple(by, permissions).map(([createdBy, granted]) => ({
    type: 'CreateInvite',
    data: { serverId, code: `by ${createdBy}`, createdBy, permissions: granted, expiresAt: null, maxUses: null },
  })),
  fc
    .tuple(by, fc.option(by, { nil: null }))
    .map(([profileId, maker]) => join(profileId, maker ? `by ${maker}` : inviteCode)),
  by.map((profileId) => ({
    type: 'LeaveServer',
    data: { serverId, profileId, heirId: null, accountDeleted: false },
  })),
) as fc.Arbitrary<ServersCommand>;

type Events = Parameters<typeof decide>[0];

/** State of a stream after these events. */
const stateOf = (events: Events, stream: string): unknown => {
  const kind = serversDecider.kinds.find((one) => stream.startsWith(`${one.kind}:`))!;
  let state: unknown = kind.initial;
  let version = 0;
  for (const { stream: own, event } of events) {
    if (own === stream) version += 1;
    const touched = serversDecider.touches?.(event).some((ref) => ref.stream === stream) ?? false;
    if (own !== stream && !touched) continue;
    const fold = kind.evolve[event.type] as (state: unknown, data: unknown, meta: unknown) => unknown;
    state = fold(state, event.data, { timestampMs: 0, version });
  }
  return state;
};

type Member = { membership: { role: (typeof roles)[number]; permissions: Permission[] } | null };
const standing = (events: Events, profileId: string) => {
  const { membership } = stateOf(events, `member:${serverId}:${profileId}`) as Member;
  return membership && { ...membership, profileId, owner: profileId === 'owner', timedOutUntilMs: null };
};
const may = (events: Events, profileId: string): ReadonlySet<Permission> => {
  const found = standing(events, profileId);
  const channel = stateOf(events, `channel:${serverId}:${channelId}`) as { overwrites: never[] } | null;
  return found ? permissionsIn(channel?.overwrites ?? [], found, 0) : new Set();
};

test('nobody gains what nobody with it has given', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 25 }), (commands) => {
      let events: Events = populated;
      for (const one of commands) {
        const decision = decide(events, one);
        if (decision.kind === 'refused' || decision.events.length === 0) continue;
        const next = [...events, ...decision.events];
        const data = one.data as { by?: string; createdBy?: string; profileId?: string };
        const actor = data.by ?? data.createdBy ?? data.profileId!;
        for (const profileId of everybody) {
          const [was, is] = [standing(events, profileId), standing(next, profileId)];
          if (profileId === 'owner') expect(is).toEqual(was);
          const gained = [...may(next, profileId)].filter((permission) => !may(events, profileId).has(permission));
          if (profileId === actor) {
            // By one's own doing one joins or falls, and no more.
            if (was && is) expect(rankOf(is)).toBeLessThanOrEqual(rankOf(was));
            if (was) expect(gained).toEqual([]);
            else if (is) expect(is.role).toBe('GUEST');
            continue;
          }
          if (was && is && rankOfRole(is.role) > rankOfRole(was.role)) {
            expect(rankOf(standing(events, actor)!)).toBeGreaterThan(rankOf(is));
          }
          if (was && is && was.role === is.role) {
            // By an overwrite: only what its giver may do there.
            for (const permission of gained) {
              const giver = may(events, actor);
              // Sight given back brings back what the role has; it is the giver's to give all the same.
              expect(giver.has(permission) || gained.includes('VIEW_CHANNEL')).toBe(true);
            }
            if (gained.length > 0) expect(rankOf(standing(events, actor)!)).toBeGreaterThan(rankOf(was));
          }
        }
        events = next;
      }
      expect((stateOf(events, `server:${serverId}`) as { ownerId: string }).ownerId).toBe('owner');
    }),
    { numRuns: 300 },
  );
});
