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
    data: { profileId, name: null, avatarUrl: null, expectedVersion: null, ...about },
  }) as const;
const changed = (name: string, picture: string | null) =>
  ofProfile({ type: 'ProfileChanged', data: { profileId, name, avatarUrl: picture } });

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
