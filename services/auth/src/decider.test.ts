import { given, givenTimeMs } from '@palaver/decider/given';
import { type AuthEvent, passwordIdOf } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { deletionProcess } from './account.ts';
import { commandsAfter } from './decider.fixture.ts';
import { authDecider } from './decider.ts';

const ada = {
  emailHash: 'hash-of-ada',
  profileId: '01900000-0000-7000-8000-000000000001',
  name: 'Ada',
  emailSealed: Buffer.from('sealed address'),
  passwordSealed: Buffer.from('sealed hash'),
};
const other = { ...ada, profileId: '01900000-0000-7000-8000-000000000002', name: 'Eve' };

const claimed = { stream: 'email:hash-of-ada', event: { type: 'EmailClaimed', data: ada } } as const;
const created = { stream: `profile:${ada.profileId}`, event: { type: 'ProfileCreated', data: ada } } as const;

describe('ClaimEmail', () => {
  test('claims a free address', () => {
    expect(given(authDecider, []).when({ type: 'ClaimEmail', data: ada })).toEqual({
      kind: 'accepted',
      events: [claimed],
      result: { profileId: ada.profileId },
    });
  });

  test('changes nothing for the profile that has it', () => {
    expect(given(authDecider, [claimed]).when({ type: 'ClaimEmail', data: ada })).toEqual({
      kind: 'accepted',
      events: [],
      result: { profileId: ada.profileId },
    });
  });

  test('is refused to any other', () => {
    expect(given(authDecider, [claimed]).when({ type: 'ClaimEmail', data: other })).toMatchObject({
      kind: 'refused',
      code: 'email_taken',
    });
  });

  test('does not mind other addresses', () => {
    const bob = { ...other, emailHash: 'hash-of-bob' };
    expect(given(authDecider, [claimed]).when({ type: 'ClaimEmail', data: bob })).toMatchObject({
      kind: 'accepted',
      events: [{ stream: 'email:hash-of-bob' }],
    });
  });

  test('queues with all who want the address', () => {
    const { root } = authDecider.rules.ClaimEmail;
    expect(root(other)).toBe(root(ada));
  });
});

describe('ReleaseEmail', () => {
  const release = { emailHash: ada.emailHash, profileId: ada.profileId };
  const released = { stream: claimed.stream, event: { type: 'EmailReleased', data: release } } as const;

  test('frees the address that the profile holds', () => {
    expect(given(authDecider, [claimed]).when({ type: 'ReleaseEmail', data: release })).toEqual({
      kind: 'accepted',
      events: [released],
      result: null,
    });
  });

  test('lets anybody claim it afterwards, the same profile too', () => {
    for (const data of [other, ada]) {
      expect(given(authDecider, [claimed, released]).when({ type: 'ClaimEmail', data })).toMatchObject({
        kind: 'accepted',
        events: [{ stream: claimed.stream, event: { type: 'EmailClaimed', data } }],
      });
    }
  });

  test('changes nothing when the address is free', () => {
    for (const events of [[], [claimed, released], [released]]) {
      expect(given(authDecider, events).when({ type: 'ReleaseEmail', data: release })).toEqual({
        kind: 'accepted',
        events: [],
        result: null,
      });
    }
  });

  test('changes nothing when another profile has it by now', () => {
    const taken = { ...claimed, event: { type: 'EmailClaimed', data: other } } as const;
    expect(given(authDecider, [claimed, released, taken]).when({ type: 'ReleaseEmail', data: release })).toEqual({
      kind: 'accepted',
      events: [],
      result: null,
    });
  });

  test('decides the same when the sweep has erased the claim that was released', () => {
    expect(given(authDecider, [released]).when({ type: 'ClaimEmail', data: other })).toEqual(
      given(authDecider, [claimed, released]).when({ type: 'ClaimEmail', data: other }),
    );
  });

  test('queues with all who want the address', () => {
    expect(authDecider.rules.ReleaseEmail.root(release)).toBe(authDecider.rules.ClaimEmail.root(other));
  });
});

describe('CreateProfile', () => {
  test('creates it', () => {
    expect(given(authDecider, []).when({ type: 'CreateProfile', data: ada })).toEqual({
      kind: 'accepted',
      events: [created],
      result: { profileId: ada.profileId, createdAtMs: givenTimeMs },
    });
  });

  test('changes nothing when it is there, and tells when it was created', () => {
    const later = { timeMs: givenTimeMs + 5_000 };
    expect(given(authDecider, [created]).when({ type: 'CreateProfile', data: ada }, later)).toEqual({
      kind: 'accepted',
      events: [],
      result: { profileId: ada.profileId, createdAtMs: givenTimeMs },
    });
  });

  test('is refused for an id that another address has', () => {
    const data = { ...ada, emailHash: 'hash-of-bob' };
    expect(given(authDecider, [created]).when({ type: 'CreateProfile', data })).toMatchObject({
      kind: 'refused',
      code: 'profile_exists',
    });
  });
});

describe('DeleteAccount', () => {
  const { profileId, emailHash } = ada;
  const passwordId = passwordIdOf(ada.passwordSealed);
  const remove = { type: 'DeleteAccount', data: { profileId, messages: 'DELETE', passwordId } } as const;
  const gone = {
    stream: `profile:${profileId}`,
    event: { type: 'AccountDeleted', data: { profileId, emailHash, messages: 'DELETE' } },
  } as const;

  test('deletes it, and says whose address is to be released and what becomes of the messages, and nothing else', () => {
    expect(given(authDecider, [created]).when(remove)).toEqual({ kind: 'accepted', events: [gone], result: null });
  });

  test('ends all its sessions', () => {
    const started = (sessionId: string) => ({
      stream: `session:${profileId}:${sessionId}`,
      event: {
        type: 'SessionStarted',
        data: { profileId, sessionId, refreshHash: 'hash', device: 'curl/8', expiresAt: givenTimeMs + 1 },
      } as const,
    });
    const over = (sessionId: string) => ({
      stream: `session:${profileId}:${sessionId}`,
      event: { type: 'SessionEnded', data: { profileId, sessionId, reason: 'ACCOUNT_DELETED' } },
    });
    expect(given(authDecider, [created, started('one'), started('two')]).when(remove)).toEqual({
      kind: 'accepted',
      events: [gone, over('one'), over('two')],
      result: null,
    });
  });

  test('is refused when the password was changed since it was checked', () => {
    const data = { ...remove.data, passwordId: 'of another' };
    expect(given(authDecider, [created]).when({ type: 'DeleteAccount', data })).toMatchObject({
      kind: 'refused',
      code: 'wrong_password',
    });
  });

  test('lets no session start afterwards', () => {
    const data = { profileId, sessionId: 'one', refreshHash: 'hash', device: null, passwordId };
    for (const events of [[created, gone], [gone]])
      expect(given(authDecider, events).when({ type: 'StartSession', data })).toMatchObject({
        kind: 'refused',
        code: 'profile_not_found',
      });
  });

  test('changes nothing when it is deleted, also when nothing else is left of it, and whatever was chosen', () => {
    for (const messages of ['DELETE', 'ANONYMIZE'] as const)
      for (const events of [[created, gone], [gone]])
        expect(given(authDecider, events).when({ type: 'DeleteAccount', data: { ...remove.data, messages } })).toEqual({
          kind: 'accepted',
          events: [],
          result: null,
        });
  });

  test('is refused for a profile that never was', () => {
    expect(given(authDecider, []).when(remove)).toMatchObject({ kind: 'refused', code: 'profile_not_found' });
  });

  test('is the end: the profile is not created again', () => {
    for (const events of [[created, gone], [gone]])
      expect(given(authDecider, events).when({ type: 'CreateProfile', data: ada })).toMatchObject({
        kind: 'refused',
        code: 'profile_exists',
      });
  });

  test('is followed by the release of the address, given by nobody in particular', () => {
    expect(commandsAfter(deletionProcess, gone.event)).toEqual([
      { type: 'ReleaseEmail', data: { emailHash, profileId }, actor: 'system' },
    ]);
    expect(commandsAfter(deletionProcess, { type: 'ProfileCreated', data: ada })).toEqual([]);
  });
});

describe('the sweep', () => {
  test('erases what a claim, a session or an account was before it ended, and nothing of what goes on', () => {
    const { profileId, emailHash } = ada;
    const session = { profileId, sessionId: 'one' };
    const ending = (event: AuthEvent): boolean => authDecider.ends!(event);
    expect(ending({ type: 'EmailReleased', data: { profileId, emailHash } })).toBe(true);
    expect(ending({ type: 'SessionEnded', data: { ...session, reason: 'SIGNED_OUT' } })).toBe(true);
    expect(ending({ type: 'AccountDeleted', data: { profileId, emailHash, messages: 'DELETE' } })).toBe(true);
    for (const { event } of [claimed, created]) expect(ending(event)).toBe(false);
  });
});
