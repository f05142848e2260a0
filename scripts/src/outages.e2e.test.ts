/**
 * What a client sees when a part of the house is away: a problem that says so, nothing half done, and everything as before when
 * the part is back. Each test breaks something real and mends it again.
 */
import { type Account, type Answer, api, signUp } from '@palaver/http/testing';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  killPart,
  killProcess,
  processUrl,
  startPart,
  startProcess,
  startSecond,
  stopProcess,
  until,
  untilReady,
} from './house/control-client.ts';

const away = 90_000;
let ada: Account;
let channelId: string;

/** Broken parts of the test that runs, mended after it whatever happens. */
const mend: (() => Promise<void>)[] = [];
const breaking = async (doIt: () => Promise<void>, undo: () => Promise<void>) => {
  mend.push(undo);
  await doIt();
};
const mended = async () => {
  for (const undo of mend.splice(0).reverse()) await undo();
};

beforeAll(async () => {
  ada = await signUp();
  const created = await api('POST /servers', { token: ada.token, body: { name: 'Outages' } });
  channelId = created.body.channels[0].id;
  await until(
    'the channel to take posts',
    () => post('first', 'first'),
    ({ status }) => status === 201,
  );
});

afterEach(async () => {
  await mended();
  for (const name of ['auth', 'servers', 'messages', 'gateway'] as const) await untilReady(name);
}, away);

const post = (content: string, key: string): Promise<Answer> =>
  api(`POST /channels/${channelId}/messages`, {
    token: ada.token,
    body: { content },
    headers: { 'idempotency-key': key },
  });
const read = (): Promise<Answer> => api(`GET /channels/${channelId}/messages?limit=100`, { token: ada.token });
const countOf = async (content: string): Promise<number> => {
  // The projection may still be on its way back; until then the answer is 503 `not_yet_visible`.
  const { body } = await until('the history', read, ({ status }) => status === 200);
  return body.items.filter((one: { content: string }) => one.content === content).length;
};

/** A 503 or 504 as a problem that tells whether it is safe to ask again. */
const expectUnavailable = (answer: Answer, codes: readonly string[]) => {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect([503, 504]).toContain(answer.status);
  expect(codes).toContain(answer.body.code);
  expect(answer.body.requestId).toBeTruthy();
};

const postedOnce = async (content: string, key: string) => {
  await until(
    `${key} to be posted`,
    () => post(content, key),
    ({ status }) => status === 201,
    60_000,
  );
  expect(await countOf(content)).toBe(1);
};

describe('in mid-flight', () => {
  test(
    'without the broker posting answers 503 or 504, reading goes on, and the same key then posts once',
    async () => {
      await breaking(
        () => killPart('kafka'),
        () => startPart('kafka'),
      );
      expectUnavailable(await post('while the broker is away', 'broker'), ['log_unavailable', 'command_timeout']);
      expect((await read()).status).toBe(200);
      await mended();
      await postedOnce('while the broker is away', 'broker');
    },
    away,
  );

  test(
    'without the database reading and posting answer 503, and both work when it is back',
    async () => {
      await breaking(
        () => killPart('postgres'),
        () => startPart('postgres'),
      );
      const codes = ['database_unavailable', 'not_yet_visible', 'command_timeout'];
      expectUnavailable(await read(), codes);
      expectUnavailable(await post('while the database is away', 'database'), codes);
      await mended();
      await postedOnce('while the database is away', 'database');
    },
    away,
  );

  test(
    'without the registry everything goes on, for the schemas are known',
    async () => {
      await breaking(
        () => killPart('registry'),
        () => startPart('registry'),
      );
      expect((await post('while the registry is away', 'registry')).status).toBe(201);
      expect(await countOf('while the registry is away')).toBe(1);
    },
    away,
  );

  test(
    'without its projection a query says that a write is not yet visible, never old data as new',
    async () => {
      await breaking(
        () => stopProcess('messages-projection'),
        () => startProcess('messages-projection'),
      );
      const posted = await post('while nobody folds', 'projection');
      expect(posted.status).toBe(201);
      expectUnavailable(await read(), ['not_yet_visible']);
      await mended();
      expect(await countOf('while nobody folds')).toBe(1);
    },
    away,
  );

  test(
    'a gone service answers 503 through the gateway',
    async () => {
      await breaking(
        () => stopProcess('messages'),
        () => startProcess('messages'),
      );
      expectUnavailable(await read(), ['service_unavailable']);
    },
    away,
  );
});

describe('at the start', () => {
  test.each(['kafka', 'registry', 'postgres'] as const)(
    'a service waits for %s, says so, and recovers',
    async (part) => {
      await stopProcess('messages');
      await breaking(
        () => killPart(part),
        () => startPart(part),
      );
      const started = startProcess('messages');
      started.catch(() => undefined);
      const url = await processUrl('messages');
      const early = await Promise.race([
        started.then(() => 'ready' as const),
        until(
          'a sign of life',
          () => fetch(`${url}/health/ready`),
          () => true,
          4_000,
        ).then(
          ({ status }) => status,
          () => 'waiting' as const,
        ),
      ]);
      expect([503, 'waiting']).toContain(early);
      await mended();
      await started;
      await postedOnce(`started without ${part}`, `start-${part}`);
    },
    away,
  );
});

describe('with two instances of a command service', () => {
  test(
    'killing one moves its partitions to the other within 15 s',
    async () => {
      await startSecond('messages');
      mend.push(() => stopProcess('messages-2'));
      // A second process that only posts: whatever partition a channel falls on must be served by who is left.
      const servers = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          api('POST /servers', { token: ada.token, body: { name: `Partitioned ${index}` } }),
        ),
      );
      const second = await processUrl('messages-2');
      const postTo = (created: Answer, content: string) =>
        fetch(`${second}/channels/${created.body.channels[0].id}/messages`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${ada.token}`,
            'content-type': 'application/json',
            'idempotency-key': content,
            'palaver-position': created.headers.get('palaver-position')!,
          },
          body: JSON.stringify({ content }),
        });
      const all = (round: string) => Promise.all(servers.map((created) => postTo(created, round)));
      await until(
        'both to own their share',
        () => all('before'),
        (answers) => answers.every(({ ok }) => ok),
      );
      // Stopped by SIGKILL and kept away, so that only the group's session time-out tells the other.
      const killedAt = Date.now();
      await killProcess('messages');
      await until(
        'the other to own all',
        () => all('after'),
        (answers) => answers.every(({ ok }) => ok),
        30_000,
      );
      expect(Date.now() - killedAt).toBeLessThan(15_000);
      for (const created of servers) {
        const { body } = await api(`GET /channels/${created.body.channels[0].id}/messages`, { token: ada.token });
        expect(body.items.map((one: { content: string }) => one.content).sort()).toEqual(['after', 'before']);
      }
    },
    away,
  );
});
