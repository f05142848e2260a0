/**
 * The law that the sweep rests on, for every service: whatever has happened, who folds what it has left decides the same, and
 * shows the same rows, as who folds everything.
 */
import type { AnyDecider, NewEvent } from '@palaver/decider';
import { given, givenTimeMs } from '@palaver/decider/given';
import type { Message } from '@palaver/event-log';
import { authProjection } from '@palaver/projection-auth';
import { filesProjection } from '@palaver/projection-files';
import { messagesProjection } from '@palaver/projection-messages';
import { searchProjection } from '@palaver/projection-search';
import { serversProjection } from '@palaver/projection-servers';
import type { Projection, RecordMeta, Row, RowChange } from '@palaver/projector';
import {
  type AuthCommand,
  type FilesCommand,
  type MessagesCommand,
  passwordIdOf,
  type ServersCommand,
} from '@palaver/schemas';
import { authDecider } from '@palaver/service-auth';
import { filesDecider } from '@palaver/service-files';
import { messagesDecider } from '@palaver/service-messages';
import { serversDecider } from '@palaver/service-servers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

type Happened = NewEvent & { readonly version: number; readonly offset: number };

/** What a service has decided of these commands, given one after the other. */
const historyOf = (decider: AnyDecider, commands: readonly Message[]): readonly Happened[] => {
  const events: Happened[] = [];
  const versions = new Map<string, number>();
  for (const command of commands) {
    const decision = given(decider, events).when(command);
    if (decision.kind === 'refused') continue;
    for (const one of decision.events) {
      const version = (versions.get(one.stream) ?? 0) + 1;
      versions.set(one.stream, version);
      events.push({ ...one, version, offset: events.length });
    }
  }
  return events;
};

const swept = (decider: AnyDecider, events: readonly Happened[]): readonly Happened[] =>
  events.filter(
    ({ stream, version }) =>
      !events.some((later) => later.stream === stream && later.version > version && decider.ends?.(later.event)),
  );

const rowsOf = (projection: Projection, events: readonly Happened[]): ReadonlyMap<string, Row> => {
  const rows = new Map<string, Row>();
  const keyOf = (table: string, row: Row): string => {
    const { primaryKey } = projection.tables.find(({ name }) => name === table)!;
    return `${table} ${primaryKey.map((column) => row[column])}`;
  };
  const apply = (change: RowChange): void => {
    if (change.kind === 'removeWhere') {
      const conditions = Object.entries(change.where);
      for (const [key, row] of rows) {
        const isMeant = conditions.every(([column, value]) => row[column] === value);
        if (key.startsWith(`${change.table} `) && isMeant) rows.delete(key);
      }
      return;
    }
    const key = keyOf(change.table, change.kind === 'put' ? change.row : change.key);
    const before = rows.get(key);
    if (change.kind === 'put') rows.set(key, change.row);
    else if (change.kind === 'remove') rows.delete(key);
    else if (before && change.kind === 'patch') rows.set(key, { ...before, ...change.set });
    else if (before && change.kind === 'add') {
      const sums = Object.entries(change.add).map(([column, by]) => [column, Number(before[column]) + by]);
      rows.set(key, { ...before, ...Object.fromEntries(sums) });
    }
  };
  const handlers = projection.handlers as Readonly<
    Record<string, ((data: unknown, meta: RecordMeta) => readonly RowChange[]) | undefined>
  >;
  for (const { stream, version, offset, event } of events) {
    const place = { topic: '', partition: 0, offset, headers: {} };
    const meta = { ...place, stream, version, timestampMs: givenTimeMs };
    for (const change of handlers[event.type]?.(event.data, meta) ?? []) apply(change);
  }
  return rows;
};

const expectLaw = (decider: AnyDecider, projections: readonly Projection[], commands: readonly Message[]): void => {
  const anyCommands = fc.array(fc.constantFrom(...commands), { maxLength: 25 });
  const holds = (taken: readonly Message[]): void => {
    const full = historyOf(decider, taken);
    const left = swept(decider, full);
    for (const command of commands) {
      expect(given(decider, left).when(command)).toEqual(given(decider, full).when(command));
    }
    for (const projection of projections) expect(rowsOf(projection, left)).toEqual(rowsOf(projection, full));
  };
  fc.assert(fc.property(anyCommands, holds), { numRuns: 400 });
};

const pairs = <A, B>(first: readonly A[], second: readonly B[]): readonly (readonly [A, B])[] =>
  first.flatMap((one) => second.map((other) => [one, other] as const));

describe('fold(what the sweep has left) = fold(everything)', () => {
  test('auth', () => {
    const sealed = { emailSealed: Buffer.from('address'), passwordSealed: Buffer.from('hash') };
    const ids = ['ada', 'bob'];
    const passwordId = null;
    const known = passwordIdOf(sealed.passwordSealed);
    const commands: AuthCommand[] = [
      ...pairs(ids, ['one@', 'other@']).flatMap(([profileId, emailHash]): AuthCommand[] => [
        { type: 'ClaimEmail', data: { profileId, emailHash, name: profileId, ...sealed } },
        { type: 'CreateProfile', data: { profileId, emailHash, name: profileId, ...sealed } },
        { type: 'ReserveEmail', data: { profileId, emailHash, emailSealed: sealed.emailSealed, passwordId: known } },
        { type: 'ConfirmEmail', data: { profileId, emailHash } },
        { type: 'ChangeEmail', data: { profileId, emailHash, emailSealed: sealed.emailSealed, passwordId: known } },
        { type: 'ReleaseEmail', data: { profileId, emailHash } },
      ]),
      ...pairs(ids, ['s1', 's2']).flatMap(([profileId, sessionId]): AuthCommand[] => {
        const of = { profileId, sessionId };
        return [
          { type: 'StartSession', data: { ...of, refreshHash: 'first', device: 'curl/8', passwordId } },
          { type: 'RefreshSession', data: { ...of, refreshHash: 'first', nextRefreshHash: 'second' } },
          { type: 'EndSession', data: { ...of, reason: 'SIGNED_OUT' } },
        ];
      }),
      ...pairs(ids, [null, '', 'f1', 'f2']).map(
        ([profileId, avatarFileId]): AuthCommand => ({
          type: 'ChangeProfile',
          data: { profileId, name: 'Countess', avatarUrl: null, avatarFileId, expectedVersion: null },
        }),
      ),
      ...ids.map(
        (profileId): AuthCommand => ({
          type: 'DeleteAccount',
          data: { profileId, messages: 'DELETE', passwordId: known },
        }),
      ),
    ];
    expectLaw(authDecider, [authProjection, serversProjection, messagesProjection, filesProjection], commands);
  });

  test('servers', () => {
    const inviteCode = 'invite';
    const serverId = 'server';
    const channel = { serverId, channelId: 'talk', by: 'ada' };
    const whereNew = { categoryId: null, position: null, slowModeSeconds: 0 };
    const asItIs = { type: null, topic: null, categoryId: null, position: null, slowModeSeconds: null };
    const commands: ServersCommand[] = [
      {
        type: 'CreateServer',
        data: {
          serverId,
          ownerId: 'ada',
          name: 'Server',
          imageUrl: null,
          imageFileId: 'f1',
          channelId: 'channel',
          inviteCode,
        },
      },
      ...['ada', 'bob'].flatMap((profileId): ServersCommand[] => {
        const of = { serverId, profileId };
        const byOwner = { ...of, by: 'ada' };
        const code = `of ${profileId}`;
        return [
          {
            type: 'CreateInvite',
            data: { serverId, code, createdBy: profileId, permissions: [], expiresAt: null, maxUses: 1 },
          },
          { type: 'JoinServer', data: { ...of, inviteCode } },
          { type: 'JoinServer', data: { ...of, inviteCode: code } },
          { type: 'ChangeNickname', data: { ...of, by: profileId, nickname: 'Countess' } },
          { type: 'ChangeNickname', data: { ...byOwner, nickname: null } },
          { type: 'ChangeMemberRole', data: { ...byOwner, role: 'MODERATOR' } },
          { type: 'TimeOutMember', data: { ...byOwner, until: givenTimeMs + 60_000 } },
          { type: 'KickMember', data: byOwner },
          { type: 'BanMember', data: byOwner },
          { type: 'UnbanMember', data: byOwner },
          { type: 'LeaveServer', data: { ...of, heirId: null, accountDeleted: false } },
          { type: 'LeaveServer', data: { ...of, heirId: profileId === 'ada' ? 'bob' : 'ada', accountDeleted: true } },
          { type: 'TransferOwnership', data: { serverId, ownerId: profileId, by: 'ada' } },
        ];
      }),
      { type: 'CreateChannel', data: { ...channel, name: 'Talk', type: 'TEXT', topic: null, ...whereNew } },
      { type: 'ChangeChannel', data: { ...channel, ...asItIs, name: 'General', expectedVersion: null } },
      {
        type: 'SetChannelOverwrite',
        data: { ...channel, role: 'GUEST', profileId: null, allow: [], deny: ['VIEW_CHANNEL'] },
      },
      { type: 'RemoveChannelOverwrite', data: { ...channel, role: 'GUEST', profileId: null } },
      { type: 'DeleteChannel', data: channel },
      ...[null, '', 'f1', 'f2'].map(
        (imageFileId): ServersCommand => ({
          type: 'ChangeServer',
          data: { serverId, by: 'ada', name: 'Other', imageUrl: null, imageFileId, expectedVersion: null },
        }),
      ),
      { type: 'RevokeInvite', data: { serverId, code: inviteCode, by: 'ada' } },
      { type: 'DeleteServer', data: { serverId, by: 'ada' } },
    ];
    expectLaw(serversDecider, [serversProjection, messagesProjection, filesProjection], commands);
  });

  test('messages', () => {
    const of = { serverId: 'server', content: 'hello', importedAt: null, replyToId: null };
    const named = { mentions: [], mentionsEveryone: false, attachments: [] };
    const commands = pairs(['c1', 'c2'], ['m1', 'm2', 'm3']).flatMap(([channelId, messageId]): MessagesCommand[] => {
      const one = { channelId, messageId };
      const byAda = { ...one, by: 'ada' };
      const managed = { ...byAda, manages: true };
      return [
        {
          type: 'PostMessage',
          data: { ...of, ...named, ...one, authorId: 'ada', slowModeSeconds: messageId === 'm3' ? 1 : 0 },
        },
        {
          type: 'PostMessage',
          data: { ...of, ...named, ...one, authorId: 'ada', replyToId: 'm1', slowModeSeconds: 0 },
        },
        { type: 'EditMessage', data: { ...byAda, ...named, content: 'goodbye' } },
        { type: 'AddReaction', data: { ...byAda, emoji: '👍' } },
        { type: 'RemoveReaction', data: { ...byAda, emoji: '👍' } },
        { type: 'PinMessage', data: managed },
        { type: 'UnpinMessage', data: managed },
        { type: 'DeleteMessage', data: managed },
        { type: 'DeleteMessages', data: { channelId, messageIds: ['m1', 'm2'], by: 'ada', manages: true } },
        { type: 'AnonymizeMessage', data: { ...of, ...one, editedAt: null, postedAt: givenTimeMs } },
        {
          type: 'PostMessage',
          data: { ...of, ...named, ...one, authorId: 'ada', mentions: ['bob', 'eve'], slowModeSeconds: 0 },
        },
        {
          type: 'PostMessage',
          data: { ...of, ...named, ...one, authorId: 'ada', mentionsEveryone: true, slowModeSeconds: 0 },
        },
        {
          type: 'PostMessage',
          data: { ...of, ...named, ...one, authorId: 'ada', attachments: ['f1'], slowModeSeconds: 0 },
        },
        { type: 'MarkRead', data: { channelId, profileId: 'bob', seq: 1 } },
        { type: 'MarkRead', data: { channelId, profileId: 'bob', seq: 2 } },
        { type: 'ForgetReader', data: { channelId, profileId: 'bob' } },
      ];
    });
    expectLaw(messagesDecider, [messagesProjection, searchProjection, filesProjection], commands);
  });

  test('files', () => {
    const ownerId = 'ada';
    const commands = ['f1', 'f2'].flatMap((fileId): FilesCommand[] => {
      const of = { fileId, ownerId };
      const purpose = fileId === 'f1' ? 'AVATAR' : 'ATTACHMENT';
      const what = { name: 'cat.png', type: 'image/png', size: 10, sha256: null, multipartId: null };
      const asked = { channelId: 'c1', purpose, ...what } as const;
      return [
        { type: 'RequestUpload', data: { ...of, ...asked, expiresAt: givenTimeMs, quotaBytes: 15 } },
        {
          type: 'StoreFile',
          data: { ...of, size: 5, sha256: 'abc', width: 1, height: 1, objectKey: `files/${fileId}/1` },
        },
        { type: 'AddThumbnail', data: { ...of, width: 1, height: 1, objectKey: `files/${fileId}/2` } },
        { type: 'RejectUpload', data: { ...of, reason: 'EMPTY' } },
        { type: 'DeleteFile', data: of },
      ];
    });
    expectLaw(filesDecider, [filesProjection, messagesProjection, authProjection, serversProjection], commands);
  });

  test('direct channels', () => {
    const channelId = 'c1';
    const commands = ['bob', 'eve'].flatMap((profileId): MessagesCommand[] => [
      {
        type: 'OpenDirectChannel',
        data: { channelId, profileIds: ['ada', profileId], group: true, openedBy: 'ada' },
      },
      { type: 'AddParticipant', data: { channelId, profileId, by: 'ada' } },
      { type: 'LeaveDirectChannel', data: { channelId, profileId, erased: profileId === 'eve' } },
      { type: 'BlockProfile', data: { profileId, blockedId: 'ada' } },
      { type: 'UnblockProfile', data: { profileId, blockedId: 'ada' } },
    ]);
    expectLaw(messagesDecider, [messagesProjection], commands);
  });
});
