import { given, givenTimeMs } from '@palaver/decider/given';
import { type AuthEvent, passwordIdOf } from '@palaver/schemas';
import { describe, expect, test, vi } from 'vitest';
import { commandsAfter, startAuth } from './decider.fixture.ts';
import { authDecider } from './decider.ts';
import {
  type ChangedResult,
  type ConfirmedResult,
  changeEmailAfter,
  emailChangeProcess,
  reservationMs,
} from './email-change.ts';

const profileId = '01900000-0000-7000-8000-000000000001';
const eve = '01900000-0000-7000-8000-000000000002';
const ada = {
  emailHash: 'old',
  profileId,
  name: 'Ada',
  emailSealed: Buffer.from('sealed old'),
  passwordSealed: Buffer.from('sealed hash'),
};
const passwordId = passwordIdOf(ada.passwordSealed);
const wanted = { emailHash: 'new', profileId, emailSealed: Buffer.from('sealed new'), passwordId };
const expiresAt = givenTimeMs + reservationMs;

const at = (stream: string) => (event: AuthEvent) => ({ stream, event });
const onNew = at('email:new');
const onProfile = at(`profile:${profileId}`);
const created = onProfile({ type: 'ProfileCreated', data: ada });
const deleted = onProfile({ type: 'AccountDeleted', data: { profileId, emailHash: 'old', messages: 'DELETE' } });
const reserved = onNew({ type: 'EmailReserved', data: { ...wanted, expiresAt } });
const reservedByEve = onNew({ type: 'EmailReserved', data: { ...wanted, profileId: eve, expiresAt } });
const confirmed = onNew({ type: 'EmailConfirmed', data: wanted });
const released = onNew({ type: 'EmailReleased', data: { emailHash: 'new', profileId } });
const claimedByEve = onNew({ type: 'EmailClaimed', data: { ...ada, emailHash: 'new', profileId: eve } });
const changed = onProfile({
  type: 'EmailChanged',
  data: {
    profileId,
    emailHash: 'new',
    emailSealed: wanted.emailSealed,
    previousEmailHash: 'old',
    previousEmailSealed: ada.emailSealed,
  },
});
const abandoned = onProfile({ type: 'EmailAbandoned', data: { profileId, emailHash: 'new' } });

const over = { timeMs: expiresAt };
const justInTime = { timeMs: expiresAt - 1 };

describe('ReserveEmail', () => {
  const reserve = { type: 'ReserveEmail', data: wanted } as const;

  test('holds a free address for an hour', () => {
    for (const events of [[], [confirmed, released]]) {
      expect(given(authDecider, events).when(reserve)).toEqual({
        kind: 'accepted',
        events: [reserved],
        result: { expiresAtMs: expiresAt },
      });
    }
  });

  test('begins anew for who has reserved it', () => {
    const later = givenTimeMs + 60_000;
    expect(given(authDecider, [reserved]).when(reserve, { timeMs: later })).toEqual({
      kind: 'accepted',
      events: [onNew({ type: 'EmailReserved', data: { ...wanted, expiresAt: later + reservationMs } })],
      result: { expiresAtMs: later + reservationMs },
    });
  });

  test.each([
    ['claimed', claimedByEve],
    ['reserved', reservedByEve],
  ])('is refused where another has it %s', (_, before) => {
    expect(given(authDecider, [before]).when(reserve, justInTime)).toMatchObject({
      kind: 'refused',
      code: 'email_taken',
    });
  });

  test('takes over what another has reserved and not confirmed in time', () => {
    expect(given(authDecider, [reservedByEve]).when(reserve, over)).toMatchObject({
      kind: 'accepted',
      events: [{ event: { type: 'EmailReserved', data: { profileId } } }],
    });
  });

  test('takes over nothing that is firm, however old it is', () => {
    const firm = onNew({ type: 'EmailConfirmed', data: { ...wanted, profileId: eve } });
    expect(given(authDecider, [reservedByEve, firm]).when(reserve, over)).toMatchObject({ code: 'email_taken' });
  });

  test('is refused where it is firmly its own', () => {
    const claimed = onNew({ type: 'EmailClaimed', data: { ...ada, emailHash: 'new' } });
    for (const events of [[claimed], [reserved, confirmed]]) {
      expect(given(authDecider, events).when(reserve)).toMatchObject({ kind: 'refused', code: 'email_unchanged' });
    }
  });
});

describe('a reserved address and a sign-up', () => {
  const signUp = { type: 'ClaimEmail', data: { ...ada, emailHash: 'new', profileId: eve } } as const;

  test('is refused while the reservation holds, and when it is confirmed for good', () => {
    expect(given(authDecider, [reserved]).when(signUp, justInTime)).toMatchObject({ code: 'email_taken' });
    expect(given(authDecider, [reserved, confirmed]).when(signUp, over)).toMatchObject({ code: 'email_taken' });
  });

  test('takes it over when the reservation is over', () => {
    expect(given(authDecider, [reserved]).when(signUp, over)).toEqual({
      kind: 'accepted',
      events: [claimedByEve],
      result: { profileId: eve },
    });
  });
});

describe('ConfirmEmail', () => {
  const confirm = { type: 'ConfirmEmail', data: { emailHash: 'new', profileId } } as const;

  test('makes the reservation firm, and tells what the profile is changed with', () => {
    expect(given(authDecider, [reserved]).when(confirm, justInTime)).toEqual({
      kind: 'accepted',
      events: [confirmed],
      result: { emailSealed: wanted.emailSealed.toString('base64'), passwordId },
    });
  });

  test('changes nothing when it is firm', () => {
    expect(given(authDecider, [reserved, confirmed]).when(confirm, over)).toEqual({
      kind: 'accepted',
      events: [],
      result: null,
    });
  });

  test.each([
    ['nobody has reserved', [], justInTime],
    ['was reserved too long ago', [reserved], over],
    ['another has reserved since', [reserved, reservedByEve], justInTime],
    ['another has claimed since', [reserved, claimedByEve], justInTime],
    ['was released', [reserved, confirmed, released], justInTime],
  ])('is refused for an address that %s', (_, events, context) => {
    expect(given(authDecider, events).when(confirm, context)).toMatchObject({
      kind: 'refused',
      code: 'email_not_reserved',
    });
  });

  test('queues with all who want the address', () => {
    expect(authDecider.rules.ConfirmEmail.root(confirm.data)).toBe('new');
    expect(authDecider.rules.ReserveEmail.root(wanted)).toBe('new');
  });
});

describe('ChangeEmail', () => {
  const change = { type: 'ChangeEmail', data: wanted } as const;
  const gaveUp = { kind: 'accepted', events: [abandoned], result: { changed: false } };

  test('changes the address, and says which one is to be released', () => {
    expect(given(authDecider, [created]).when(change)).toEqual({
      kind: 'accepted',
      events: [changed],
      result: { changed: true },
    });
  });

  test('of two, the second releases what the first has changed to', () => {
    const third = { ...wanted, emailHash: 'third' };
    expect(given(authDecider, [created, changed]).when({ type: 'ChangeEmail', data: third })).toMatchObject({
      events: [{ event: { type: 'EmailChanged', data: { emailHash: 'third', previousEmailHash: 'new' } } }],
    });
  });

  test('changes nothing where it is the address, whatever the password is by now', () => {
    for (const data of [wanted, { ...wanted, passwordId: 'of another' }]) {
      expect(given(authDecider, [created, changed]).when({ type: 'ChangeEmail', data })).toEqual({
        kind: 'accepted',
        events: [],
        result: { changed: true },
      });
    }
  });

  test('gives it up when the account was deleted in between, also when nothing else is left of it', () => {
    for (const events of [[created, deleted], [deleted], []]) {
      expect(given(authDecider, events).when(change)).toEqual(gaveUp);
    }
  });

  test('gives it up when the password was changed in between', () => {
    const data = { ...wanted, passwordId: 'of another' };
    expect(given(authDecider, [created]).when({ type: 'ChangeEmail', data })).toEqual(gaveUp);
  });

  test('leaves no account alive that was deleted', () => {
    const session = { profileId, sessionId: 'one', refreshHash: 'hash', device: null, passwordId };
    expect(
      given(authDecider, [created, deleted, abandoned]).when({ type: 'StartSession', data: session }),
    ).toMatchObject({ kind: 'refused', code: 'profile_not_found' });
  });

  test('is known to the deletion that follows: the new address is the one to release', () => {
    const data = { profileId, messages: 'DELETE', passwordId } as const;
    expect(given(authDecider, [created, changed]).when({ type: 'DeleteAccount', data })).toMatchObject({
      events: [{ event: { type: 'AccountDeleted', data: { emailHash: 'new' } } }],
    });
  });
});

describe('the process manager', () => {
  test('changes what was confirmed, releases what was changed or given up, and does nothing else', () => {
    expect(commandsAfter(emailChangeProcess, confirmed.event)).toEqual([{ type: 'ChangeEmail', data: wanted }]);
    expect(commandsAfter(emailChangeProcess, changed.event)).toEqual([
      { type: 'ReleaseEmail', data: { emailHash: 'old', profileId } },
    ]);
    expect(commandsAfter(emailChangeProcess, abandoned.event)).toEqual([
      { type: 'ReleaseEmail', data: { emailHash: 'new', profileId } },
    ]);
    for (const { event } of [created, reserved, released, deleted])
      expect(commandsAfter(emailChangeProcess, event)).toEqual([]);
  });

  test('finishes alone when the request died after the confirmation, and the request tried again finds it done', async () => {
    const { give, confirmIt, change, startManager, happened } = await startWithReservation();
    const { result } = await confirmIt();
    await startManager();
    await vi.waitFor(() => expect(happened('email:old')).toEqual(['EmailClaimed', 'EmailReleased']));
    expect(happened(`profile:${profileId}`)).toEqual(['ProfileCreated', 'EmailChanged']);
    expect(happened('email:new')).toEqual(['EmailReserved', 'EmailConfirmed']);

    expect((await confirmIt()).result).toEqual(result);
    expect((await give<ChangedResult>(change())).result).toEqual({ changed: true });
    expect(happened(`profile:${profileId}`)).toEqual(['ProfileCreated', 'EmailChanged']);
  });

  test('gives the very command that the request gives, whoever is first', async () => {
    const { give, given: commands, confirmIt, change, startManager, happened } = await startWithReservation();
    await confirmIt();
    expect((await give<ChangedResult>(change())).result).toEqual({ changed: true });
    await startManager();
    await vi.waitFor(() => expect(happened('email:old')).toEqual(['EmailClaimed', 'EmailReleased']));
    const both = commands(change().id);
    expect(both).toHaveLength(2);
    const [ofRequest, ofManager] = both;
    expect(ofManager).toEqual(ofRequest);
    expect(happened(`profile:${profileId}`)).toEqual(['ProfileCreated', 'EmailChanged']);
  });

  test('releases the new address when the account was deleted between confirmation and change', async () => {
    const { give, confirmIt, startManager, happened } = await startWithReservation();
    await confirmIt();
    const data = { profileId, messages: 'DELETE', passwordId } as const;
    await give({ ...givenBy(3), type: 'DeleteAccount', data });
    await startManager();
    await vi.waitFor(() => expect(happened('email:new')).toEqual(['EmailReserved', 'EmailConfirmed', 'EmailReleased']));
    expect(happened(`profile:${profileId}`)).toEqual(['ProfileCreated', 'AccountDeleted', 'EmailAbandoned']);
    const claim = { ...ada, emailHash: 'new', profileId: eve };
    expect((await give({ ...givenBy(4), type: 'ClaimEmail', data: claim })).result).toEqual({ profileId: eve });
  });
});

const givenBy = (id: number) => ({
  id: `01900000-0000-7000-8000-0000000000c${id}`,
  actor: profileId,
  timeMs: givenTimeMs,
  traceparent: undefined,
  fingerprint: `command ${id}`,
});

/** Ada's account, and her reservation of another address. */
const startWithReservation = async () => {
  const auth = await startAuth();
  const { give } = auth;
  await give({ ...givenBy(0), type: 'ClaimEmail', data: ada });
  await give({ ...givenBy(1), type: 'CreateProfile', data: ada });
  await give({ ...givenBy(5), type: 'ReserveEmail', data: wanted });
  return {
    ...auth,
    confirmIt: () =>
      give<ConfirmedResult>({ ...givenBy(2), type: 'ConfirmEmail', data: { emailHash: 'new', profileId } }),
    change: () => changeEmailAfter(wanted, { ...givenBy(2), commandId: givenBy(2).id }),
    startManager: () => auth.startManager(emailChangeProcess),
  };
};
