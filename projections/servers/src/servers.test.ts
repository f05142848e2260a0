import type { RecordMeta, RowChange } from '@palaver/projector';
import type { ServersEvent } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { serversProjection } from './servers.ts';

const timestampMs = Date.UTC(2026, 0, 1);
const meta: RecordMeta = {
  topic: 'servers.events',
  partition: 0,
  offset: 7,
  timestampMs,
  headers: { actor: 'ada', reason: 'Spam' },
  stream: 'any',
  version: 3,
};
const fold = ({ type, data }: ServersEvent): readonly RowChange[] =>
  (serversProjection.handlers as unknown as Record<string, (data: unknown, meta: RecordMeta) => readonly RowChange[]>)[
    type
  ]!(data, meta);
const touched = (event: ServersEvent) => fold(event).map(({ kind, table }) => `${kind} ${table}`);

const of = { serverId: 'server', profileId: 'bob' };

describe('the fold of servers', () => {
  test('every row that is put has all columns of its table', () => {
    const made: readonly ServersEvent[] = [
      {
        type: 'ServerCreated',
        data: { serverId: 's', ownerId: 'ada', name: 'S', imageUrl: null, imageFileId: null, inviteCode: 'i' },
      },
      {
        type: 'ChannelCreated',
        data: {
          serverId: 's',
          channelId: 'c',
          name: 'general',
          type: 'TEXT',
          createdBy: 'ada',
          topic: null,
          categoryId: null,
          position: 0,
          slowModeSeconds: 0,
        },
      },
      {
        type: 'ChannelOverwriteSet',
        data: { serverId: 's', channelId: 'c', role: 'GUEST', profileId: null, allow: [], deny: [] },
      },
      { type: 'MemberJoined', data: { ...of, role: 'GUEST', permissions: [], inviteCode: null, timedOutUntil: null } },
      { type: 'MemberBanned', data: { ...of, wasMember: false } },
      {
        type: 'InviteCreated',
        data: { serverId: 's', code: 'i', createdBy: 'ada', permissions: [], expiresAt: null, maxUses: null },
      },
      { type: 'ServerDeleted', data: { serverId: 's' } },
    ];
    const puts = made.flatMap(fold).filter((change) => change.kind === 'put');
    expect(new Set(puts.map(({ table }) => table)).size).toBe(8);
    for (const { table, row } of puts) {
      const { columns } = serversProjection.tables.find(({ name }) => name === table)!;
      expect(Object.keys(row).sort(), table).toEqual(Object.keys(columns).sort());
    }
  });

  test('a member counts once, whichever way it comes and goes', () => {
    const joined = { ...of, role: 'GUEST', permissions: [], inviteCode: 'i', timedOutUntil: null } as const;
    expect(touched({ type: 'MemberJoined', data: joined })).toEqual([
      'put member',
      'add server',
      'add invite',
      'put audit_entry',
    ]);
    for (const type of ['MemberLeft', 'MemberKicked'] as const)
      expect(touched({ type, data: of })).toEqual(['remove member', 'add server', 'put audit_entry']);
    const banned = (wasMember: boolean) => touched({ type: 'MemberBanned', data: { ...of, wasMember } });
    expect(banned(true)).toEqual(['put ban', 'remove member', 'add server', 'put audit_entry']);
    expect(banned(false)).toEqual(['put ban', 'put audit_entry']);
  });

  test('an event is an entry of the audit log, with who did it and why, at its place on the log', () => {
    const until = timestampMs + 1_000;
    expect(fold({ type: 'MemberTimedOut', data: { ...of, until } }).at(-1)).toEqual({
      kind: 'put',
      table: 'audit_entry',
      row: {
        server_id: 'server',
        id: 7,
        actor: 'ada',
        action: 'MemberTimedOut',
        target: 'bob',
        reason: 'Spam',
        changes: { until: '2026-01-01T00:00:01.000Z' },
        created_at: new Date(timestampMs),
      },
    });
  });

  test('what somebody is called is in no entry', () => {
    expect(touched({ type: 'NicknameSet', data: { ...of, nickname: 'Countess' } })).toEqual(['patch member']);
    expect(touched({ type: 'NicknameCleared', data: of })).toEqual(['patch member']);
    expect(touched({ type: 'NicknameChanged', data: of })).toEqual(['put audit_entry']);
  });
});
