import { given } from '@palaver/decider/given';
import { type AuthEvent, passwordIdOf } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { authDecider } from './decider.ts';

const profileId = '01900000-0000-7000-8000-000000000001';
const [here, elsewhere] = ['01900000-0000-7000-8000-00000000000a', '01900000-0000-7000-8000-00000000000b'];
const emailHash = 'hash-of-ada';
const passwordSealed = Buffer.from('first');
const passwordId = passwordIdOf(passwordSealed);
const stream = `profile:${profileId}`;

const ofProfile = (event: AuthEvent) => ({ stream, event });
const started = (sessionId: string) => ({
  stream: `session:${profileId}:${sessionId}`,
  event: {
    type: 'SessionStarted',
    data: { profileId, sessionId, refreshHash: 'r', device: null, expiresAt: Number.MAX_SAFE_INTEGER },
  } as const,
});
const ended = (sessionId: string) => ({
  stream: `session:${profileId}:${sessionId}`,
  event: { type: 'SessionEnded', data: { profileId, sessionId, reason: 'PASSWORD_CHANGED' } } as const,
});
const created = [
  ofProfile({
    type: 'ProfileCreated',
    data: { profileId, emailHash, name: 'Ada', emailSealed: Buffer.from('sealed'), passwordSealed },
  }),
  started(here),
  started(elsewhere),
];
const second = Buffer.from('second');
const changed = ofProfile({ type: 'PasswordChanged', data: { profileId, passwordSealed: second } });
const rehashed = ofProfile({ type: 'PasswordRehashed', data: { profileId, passwordSealed: Buffer.from('anew') } });
const change = (about = {}) =>
  ({
    type: 'ChangePassword',
    data: { profileId, passwordId, emailHash: null, passwordSealed: second, except: null, ...about },
  }) as const;
const rehash = (known = passwordId) =>
  ({ type: 'RehashPassword', data: { profileId, passwordId: known, passwordSealed: Buffer.from('anew') } }) as const;

describe('ChangePassword', () => {
  test('gives another password, and ends all sessions but the one that asks', () => {
    expect(given(authDecider, created).when(change({ except: here }))).toEqual({
      kind: 'accepted',
      events: [changed, ended(elsewhere)],
      result: null,
    });
    expect(given(authDecider, created).when(change())).toMatchObject({
      events: [changed, ended(here), ended(elsewhere)],
    });
  });

  test('is refused when the password is another one by now', () => {
    expect(given(authDecider, [...created, changed]).when(change())).toMatchObject({ code: 'wrong_password' });
    const known = passwordIdOf(second);
    expect(given(authDecider, [...created, changed]).when(change({ passwordId: known }))).toMatchObject({
      kind: 'accepted',
    });
  });

  test('is not refused when the same password was hashed anew', () => {
    expect(given(authDecider, [...created, rehashed]).when(change())).toMatchObject({ kind: 'accepted' });
  });

  test('by a mailed token is done once, and for the address that it was mailed to', () => {
    expect(given(authDecider, created).when(change({ emailHash }))).toMatchObject({ kind: 'accepted' });
    const again = given(authDecider, [...created, changed]).when(change({ emailHash }));
    expect(again).toMatchObject({ code: 'reset_token_invalid' });
    expect(given(authDecider, created).when(change({ emailHash: 'another' }))).toMatchObject({
      code: 'reset_token_invalid',
    });
  });

  test('is refused to who is not there, or not any more', () => {
    expect(given(authDecider, []).when(change())).toMatchObject({ code: 'profile_not_found' });
    const deleted = ofProfile({ type: 'AccountDeleted', data: { profileId, emailHash, messages: 'DELETE' } });
    expect(given(authDecider, [...created, deleted]).when(change())).toMatchObject({ code: 'profile_not_found' });
  });
});

describe('RehashPassword', () => {
  test('keeps the password under another hash', () => {
    expect(given(authDecider, created).when(rehash())).toEqual({ kind: 'accepted', events: [rehashed], result: null });
  });

  test('changes nothing when the password is another one by now, or nobody is there', () => {
    for (const events of [[], [...created, changed]])
      expect(given(authDecider, events).when(rehash())).toEqual({ kind: 'accepted', events: [], result: null });
  });
});
