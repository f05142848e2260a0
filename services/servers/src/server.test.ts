import { given, givenTimeMs } from '@palaver/decider/given';
import type { ServersEvent } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { serversDecider } from './decider.ts';

const serverId = '01900000-0000-7000-8000-000000000001';
const channelId = '01900000-0000-7000-8000-000000000002';
const owner = '01900000-0000-7000-8000-000000000003';
const guest = '01900000-0000-7000-8000-000000000004';
const inviteCode = 'first-invite';

const createServer = {
  type: 'CreateServer',
  data: { serverId, ownerId: owner, name: 'Ada', imageUrl: null, channelId, inviteCode },
} as const;
const join = (profileId: string, code = inviteCode) =>
  ({ type: 'JoinServer', data: { serverId, profileId, inviteCode: code } }) as const;
const createInvite = (createdBy: string) =>
  ({
    type: 'CreateInvite',
    data: { serverId, code: 'second-invite', createdBy, permissions: ['IMPORT_MESSAGES'] },
  }) as const;

const eventsOf = (decision: ReturnType<ReturnType<typeof given>['when']>) => {
  if (decision.kind === 'refused') throw new Error(`refused: ${decision.code}`);
  return decision.events as { stream: string; event: ServersEvent }[];
};
const created = eventsOf(given(serversDecider, []).when(createServer));
const joined = [...created, ...eventsOf(given(serversDecider, created).when(join(guest)))];

describe('CreateServer', () => {
  test('makes the server, its default channel, its invite, and its owner an ADMIN', () => {
    expect(given(serversDecider, []).when(createServer)).toEqual({
      kind: 'accepted',
      events: [
        {
          stream: `server:${serverId}`,
          event: { type: 'ServerCreated', data: { serverId, ownerId: owner, name: 'Ada', imageUrl: null, inviteCode } },
        },
        {
          stream: `channel:${serverId}:${channelId}`,
          event: {
            type: 'ChannelCreated',
            data: { serverId, channelId, name: 'general', type: 'TEXT', createdBy: owner },
          },
        },
        {
          stream: `invite:${serverId}:${inviteCode}`,
          event: { type: 'InviteCreated', data: { serverId, code: inviteCode, createdBy: owner, permissions: [] } },
        },
        {
          stream: `member:${serverId}:${owner}`,
          event: {
            type: 'MemberJoined',
            data: { serverId, profileId: owner, role: 'ADMIN', permissions: [], inviteCode: null },
          },
        },
      ],
      result: { serverId, channelId, channelName: 'general', inviteCode, createdAtMs: givenTimeMs },
    });
  });

  test('is refused for an id that is taken', () => {
    expect(given(serversDecider, created).when(createServer)).toMatchObject({ kind: 'refused', code: 'server_exists' });
  });
});

describe('JoinServer', () => {
  test('makes a GUEST', () => {
    expect(given(serversDecider, created).when(join(guest))).toEqual({
      kind: 'accepted',
      events: [
        {
          stream: `member:${serverId}:${guest}`,
          event: {
            type: 'MemberJoined',
            data: { serverId, profileId: guest, role: 'GUEST', permissions: [], inviteCode },
          },
        },
      ],
      result: { serverId, profileId: guest, role: 'GUEST' },
    });
  });

  test('grants what the invite grants', () => {
    const invited = [...created, ...eventsOf(given(serversDecider, created).when(createInvite(owner)))];
    const [event] = eventsOf(given(serversDecider, invited).when(join(guest, 'second-invite')));
    expect(event?.event.data).toMatchObject({ permissions: ['IMPORT_MESSAGES'], inviteCode: 'second-invite' });
  });

  test('changes nothing for a member, whatever their role', () => {
    expect(given(serversDecider, joined).when(join(guest))).toEqual({
      kind: 'accepted',
      events: [],
      result: { serverId, profileId: guest, role: 'GUEST' },
    });
    expect(given(serversDecider, joined).when(join(owner))).toMatchObject({ events: [], result: { role: 'ADMIN' } });
  });

  test('is refused without the server or the invite', () => {
    expect(given(serversDecider, []).when(join(guest))).toMatchObject({ code: 'server_not_found' });
    expect(given(serversDecider, created).when(join(guest, 'no-such'))).toMatchObject({ code: 'invite_not_found' });
  });
});

describe('CreateInvite', () => {
  test('makes an invite', () => {
    expect(given(serversDecider, created).when(createInvite(owner))).toEqual({
      kind: 'accepted',
      events: [
        {
          stream: `invite:${serverId}:second-invite`,
          event: {
            type: 'InviteCreated',
            data: { serverId, code: 'second-invite', createdBy: owner, permissions: ['IMPORT_MESSAGES'] },
          },
        },
      ],
      result: { serverId, code: 'second-invite', createdAtMs: givenTimeMs },
    });
  });

  test('is refused to who is no ADMIN, no member, or where there is no server or the code is taken', () => {
    expect(given(serversDecider, joined).when(createInvite(guest))).toMatchObject({ code: 'missing_permission' });
    expect(given(serversDecider, created).when(createInvite(guest))).toMatchObject({ code: 'server_not_found' });
    expect(given(serversDecider, []).when(createInvite(owner))).toMatchObject({ code: 'server_not_found' });
    const invited = [...created, ...eventsOf(given(serversDecider, created).when(createInvite(owner)))];
    expect(given(serversDecider, invited).when(createInvite(owner))).toMatchObject({ code: 'invite_exists' });
  });
});

describe('LeaveServer', () => {
  const leave = (profileId: string) => ({ type: 'LeaveServer', data: { serverId, profileId } }) as const;
  const left = (profileId: string) => ({
    stream: `member:${serverId}:${profileId}`,
    event: { type: 'MemberLeft', data: { serverId, profileId } } as const,
  });

  test("ends a membership, the owner's too", () => {
    for (const profileId of [guest, owner])
      expect(given(serversDecider, joined).when(leave(profileId))).toEqual({
        kind: 'accepted',
        events: [left(profileId)],
        result: null,
      });
  });

  test('changes nothing for who is no member, or of a server that is not there', () => {
    for (const events of [[], created, [...joined, left(guest)]])
      expect(given(serversDecider, events).when(leave(guest))).toEqual({ kind: 'accepted', events: [], result: null });
  });

  test('lets one join anew', () => {
    expect(given(serversDecider, [...joined, left(guest)]).when(join(guest))).toMatchObject({
      kind: 'accepted',
      events: [{ stream: `member:${serverId}:${guest}`, event: { type: 'MemberJoined' } }],
    });
  });
});
