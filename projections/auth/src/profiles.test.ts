import { type AuthEvent, passwordIdOf } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { authProjection } from './profiles.ts';

const data = {
  emailHash: 'hash-of-ada',
  profileId: '01900000-0000-7000-8000-000000000001',
  name: 'Ada',
  emailSealed: Buffer.from([1, 2, 255]),
  passwordSealed: Buffer.from([4, 5, 254]),
};

const fold = (event: AuthEvent) =>
  authProjection.handlers[event.type]!(event.data as never, {
    topic: 'auth.events',
    partition: 0,
    offset: 7,
    timestampMs: Date.UTC(2026, 0, 1),
    headers: {},
    stream: 'any',
    version: 1,
  });

describe('the fold of profiles', () => {
  test('a created profile is a row, its secrets as they lie on the log', () => {
    expect(fold({ type: 'ProfileCreated', data })).toEqual([
      {
        kind: 'put',
        table: 'profile',
        row: {
          id: data.profileId,
          name: 'Ada',
          avatar_url: null,
          avatar_file_id: null,
          email_hash: 'hash-of-ada',
          email_sealed: 'AQL/',
          password_sealed: 'BAX+',
          password_id: passwordIdOf(data.passwordSealed),
          created_at: new Date('2026-01-01T00:00:00Z'),
          version: 1,
        },
      },
    ]);
  });

  test('a claimed address alone is nobody', () => {
    expect(fold({ type: 'EmailClaimed', data })).toEqual([]);
  });

  test('another address takes the place of the one before; what is only reserved or given up is nobody', () => {
    const { profileId, emailHash, emailSealed } = data;
    const changed = { profileId, emailHash, emailSealed, previousEmailHash: 'before', previousEmailSealed: null };
    expect(fold({ type: 'EmailChanged', data: changed })).toEqual([
      {
        kind: 'patch',
        table: 'profile',
        key: { id: profileId },
        set: { email_hash: 'hash-of-ada', email_sealed: 'AQL/', version: 1 },
      },
    ]);
    const reserved = { profileId, emailHash, emailSealed, passwordId: 'of ada' };
    expect(fold({ type: 'EmailReserved', data: { ...reserved, expiresAt: 0 } })).toEqual([]);
    expect(fold({ type: 'EmailConfirmed', data: reserved })).toEqual([]);
    expect(fold({ type: 'EmailAbandoned', data: { profileId, emailHash } })).toEqual([
      { kind: 'patch', table: 'profile', key: { id: profileId }, set: { version: 1 } },
    ]);
  });

  test('another password has another name, and the same one hashed anew keeps its own', () => {
    const { profileId } = data;
    const passwordSealed = Buffer.from('another');
    const patch = { kind: 'patch', table: 'profile', key: { id: profileId } };
    const password_sealed = passwordSealed.toString('base64');
    expect(fold({ type: 'PasswordChanged', data: { profileId, passwordSealed } })).toEqual([
      { ...patch, set: { password_sealed, password_id: passwordIdOf(passwordSealed), version: 1 } },
    ]);
    expect(fold({ type: 'PasswordRehashed', data: { profileId, passwordSealed } })).toEqual([
      { ...patch, set: { password_sealed, version: 1 } },
    ]);
  });

  test('another name and picture take the place of those before', () => {
    const { profileId } = data;
    expect(
      fold({ type: 'ProfileChanged', data: { profileId, name: 'Countess', avatarUrl: null, avatarFileId: null } }),
    ).toEqual([
      {
        kind: 'patch',
        table: 'profile',
        key: { id: profileId },
        set: { name: 'Countess', avatar_url: null, avatar_file_id: null, version: 1 },
      },
    ]);
  });

  test('every column is written, and none that there is not', () => {
    const [change] = fold({ type: 'ProfileCreated', data });
    const table = authProjection.tables.find(({ name }) => name === change?.table);
    expect(change?.kind === 'put' && Object.keys(change.row)).toEqual(Object.keys(table?.columns ?? {}));
  });
});
