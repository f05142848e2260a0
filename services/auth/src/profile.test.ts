import { given } from '@palaver/decider/given';
import type { AuthEvent } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { authDecider } from './decider.ts';

const profileId = '01900000-0000-7000-8000-000000000001';
const stream = `profile:${profileId}`;
const ofProfile = (event: AuthEvent) => ({ stream, event });
const created = [
  ofProfile({
    type: 'ProfileCreated',
    data: {
      profileId,
      emailHash: 'hash-of-ada',
      name: 'Ada',
      emailSealed: Buffer.from('sealed'),
      passwordSealed: Buffer.from('sealed'),
    },
  }),
];
const avatarUrl = 'https://example.com/ada.png';
const change = (about = {}) =>
  ({
    type: 'ChangeProfile',
    data: { profileId, name: null, avatarUrl: null, avatarFileId: null, expectedVersion: null, ...about },
  }) as const;
const changed = (name: string, picture: string | null, avatarFileId: string | null = null) =>
  ofProfile({ type: 'ProfileChanged', data: { profileId, name, avatarUrl: picture, avatarFileId } });

describe('ChangeProfile', () => {
  test('changes what is said, and keeps the rest', () => {
    expect(given(authDecider, created).when(change({ name: 'Countess' }))).toEqual({
      kind: 'accepted',
      events: [changed('Countess', null)],
      result: { version: 2 },
    });
    const named = [...created, changed('Countess', null)];
    expect(given(authDecider, named).when(change({ avatarUrl }))).toMatchObject({
      events: [changed('Countess', avatarUrl)],
      result: { version: 3 },
    });
  });

  test('takes the picture away', () => {
    const pictured = [...created, changed('Ada', avatarUrl)];
    expect(given(authDecider, pictured).when(change({ avatarUrl: '' }))).toMatchObject({
      events: [changed('Ada', null)],
    });
  });

  test('puts a file in the place of an address, and the other way round', () => {
    const of = (...before: ReturnType<typeof changed>[]) => given(authDecider, [...created, ...before]);
    const addressed = changed('Ada', avatarUrl);
    const filed = changed('Ada', null, 'f1');
    expect(of(addressed).when(change({ avatarFileId: 'f1' }))).toMatchObject({ events: [filed] });
    expect(of(filed).when(change({ avatarUrl }))).toMatchObject({ events: [addressed] });
    expect(of(filed).when(change({ avatarFileId: 'f2' }))).toMatchObject({ events: [changed('Ada', null, 'f2')] });
    expect(of(filed).when(change({ name: 'B' }))).toMatchObject({ events: [changed('B', null, 'f1')] });
    for (const none of [{ avatarFileId: '' }, { avatarUrl: '' }])
      expect(of(filed).when(change(none))).toMatchObject({ events: [changed('Ada', null)] });
    expect(of(filed).when(change({ avatarFileId: 'f1' }))).toMatchObject({ events: [] });
  });

  test('that changes nothing is no event', () => {
    for (const about of [{}, { name: 'Ada' }, { avatarUrl: '' }])
      expect(given(authDecider, created).when(change(about))).toMatchObject({ events: [], result: { version: 1 } });
  });

  test('is refused for a version that is not the last', () => {
    const named = [...created, changed('Countess', null)];
    const when = (expectedVersion: number) => given(authDecider, named).when(change({ name: 'A', expectedVersion }));
    expect(when(2)).toMatchObject({ kind: 'accepted', result: { version: 3 } });
    for (const other of [1, 3]) expect(when(other)).toMatchObject({ code: 'precondition_failed' });
  });

  test('is refused to who is not there', () => {
    expect(given(authDecider, []).when(change())).toMatchObject({ code: 'profile_not_found' });
  });
});
