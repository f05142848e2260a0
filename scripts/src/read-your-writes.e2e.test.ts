/**
 * Who wrote reads what they wrote: 64 writers who read back at once, within a session that the gateway keeps and by the header alone
 * at the services' own doors, also while a projection is killed. Later than the wait allows is a 503; stale is nothing.
 */
import { type Account, type Answer, api, gatewayUrl, signUp } from '@palaver/http/testing';
import { topics } from '@palaver/schemas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killProcess, processUrl, untilReady } from './house/control-client.ts';

const writers = 64;
const away = 120_000;
let accounts: readonly Account[];

beforeAll(async () => {
  // Several writers to an account: passwords are slow to hash.
  accounts = await Promise.all(Array.from({ length: 8 }, (_, index) => signUp(`Writer ${index}`)));
}, away);
afterAll(async () => {
  for (const name of ['servers-projection', 'messages-projection'] as const) await untilReady(name);
}, away);

/** Where a writer writes and reads, and how: `api`'s way, or without a gateway. */
type Door = typeof api;
type Seen = { readonly what: string; readonly fresh: boolean };

/** Asks until it is not told to wait longer: a query then sees what was written, a command that was told so has done nothing. */
const patiently = async (ask: () => Promise<Answer>): Promise<Answer> => {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    expect(answer.body.code).toBe('not_yet_visible');
    expect(answer.headers.get('retry-after')).toBe('1');
  }
};

const write = async (ask: () => Promise<Answer>): Promise<Answer> => {
  const answer = await patiently(ask);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  expect(answer.headers.get('palaver-position')).toMatch(/^[a-z]+:\d+@\d+/);
  return answer;
};

const posts = 3;

/** Makes a server, posts into it and reads each thing back at once. */
const writeAndReadBack = async (door: Door, { token, id }: Account, writer: number): Promise<Seen[]> => {
  const seen: Seen[] = [];
  const name = `Server ${writer}`;
  const made = await write(() => door('POST /servers', { token, body: { name } }));
  const server = await patiently(() => door(`GET /servers/${made.body.id}`, { token, after: made }));
  seen.push({ what: `server ${server.status}`, fresh: server.body.name === name });
  const member = await patiently(() => door(`GET /servers/${made.body.id}/members/${id}`, { token, after: made }));
  seen.push({ what: `member ${member.status}`, fresh: member.body.profileId === id });

  const channel = `/channels/${made.body.channels[0].id}` as const;
  // Who may post is a fact of servers that messages must have folded.
  await patiently(() => door(`GET ${channel}/messages`, { token, after: made }));
  for (let count = 1; count <= posts; count += 1) {
    const content = `message ${count} of ${writer}`;
    const posted = await write(() => door(`POST ${channel}/messages`, { token, body: { content } }));
    const history = await patiently(() => door(`GET ${channel}/messages?limit=1`, { token, after: posted }));
    seen.push({ what: `history ${history.status}`, fresh: history.body.items?.[0]?.content === content });
    const edited = await write(() =>
      door(`PATCH ${channel}/messages/${posted.body.id}`, { token, body: { content: `${content}!` } }),
    );
    const message = await patiently(() => door(`GET ${channel}/messages/${posted.body.id}`, { token, after: edited }));
    seen.push({ what: `edit ${message.status}`, fresh: message.body.content === `${content}!` });
  }
  return seen;
};

/** What all writers saw together, `disturbed` meanwhile. */
const stale = async (door: Door, disturbed: () => Promise<void> = async () => undefined): Promise<Seen[]> => {
  const working = Array.from({ length: writers }, (_, index) =>
    writeAndReadBack(door, accounts[index % accounts.length]!, index),
  );
  const [seen] = await Promise.all([Promise.all(working), disturbed()]);
  expect(seen.flat()).toHaveLength(writers * (2 + 2 * posts));
  return seen.flat().filter(({ fresh }) => !fresh);
};

/** Through the gateway, which sends what its session was answered; the test sends nothing. */
const inSession: Door = (operation, { after: _, ...ask } = {}) => api(operation, ask);

/** At the services' own doors, by the header of the answer. */
const withoutGateway = async (): Promise<Door> => {
  const urls = { servers: await processUrl('servers'), messages: await processUrl('messages') };
  return async (operation, { token, body, after } = {}) => {
    const [method, path] = operation.split(' ') as [string, string];
    const position = after?.headers.get('palaver-position');
    const response = await fetch(`${path.startsWith('/servers') ? urls.servers : urls.messages}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(position ? { 'palaver-position': position } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
};

describe('64 writers that read back at once see no stale answer', () => {
  test('in a session of the gateway', async () => expect(await stale(inSession)).toEqual([]), away);
  test('by the header, without a gateway', async () => expect(await stale(await withoutGateway())).toEqual([]), away);
  // Where processes are slow the projections are often quicker than the next request: killed, they cannot be.
  test.each([
    ['in a session of the gateway', async () => inSession],
    ['by the header, without a gateway', withoutGateway],
  ])(
    'while projections are killed, %s',
    async (_, open) => {
      const killed = async () => {
        for (const name of ['messages-projection', 'servers-projection', 'messages-projection'] as const) {
          await killProcess(name);
          await untilReady(name);
        }
      };
      expect(await stale(await open(), killed)).toEqual([]);
    },
    away,
  );
  test(
    'of a change of their own profile',
    async () => {
      const rename = async ({ token }: Account, count: number) => {
        const name = `Renamed ${count}`;
        await write(() => api('PATCH /profiles/me', { token, body: { name } }));
        const { body } = await patiently(() => api('GET /profiles/me', { token }));
        return { what: 'profile', fresh: body.name === name };
      };
      for (let count = 1; count <= 8; count += 1) {
        const seen = await Promise.all(accounts.map((account) => rename(account, count)));
        expect(seen.filter(({ fresh }) => !fresh)).toEqual([]);
      }
    },
    away,
  );
});

describe('every query', () => {
  type Parameter = { name: string; in: string; required?: boolean; schema: { format?: string; type?: string } };
  type Operation = { operationId: string; parameters: readonly Parameter[]; security?: unknown };
  type Query = { readonly service: string; readonly url: string; readonly at: string };

  /** Values that pass each route's own checks, so that what is refused is the position. */
  const samples: Readonly<Record<string, string>> = { emoji: encodeURIComponent('👍'), part: '1', code: 'abcdefghij' };
  const sampleOf = ({ name }: Parameter): string => samples[name] ?? crypto.randomUUID();
  /** What one of must be given, which the document cannot say. */
  const furtherQuery: Readonly<Record<string, string>> = {
    '/messages/search': `channelId=${crypto.randomUUID()}&text=hello`,
  };

  const queriesOf = async (service: 'auth' | 'servers' | 'messages' | 'files'): Promise<Query[]> => {
    const url = await processUrl(service);
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, Operation>>;
    };
    return Object.entries(document.paths).flatMap(([path, { get }]) => {
      if (get === undefined) return [];
      const filled = get.parameters
        .filter((one) => one.in === 'path')
        .reduce((text, one) => text.replace(`{${one.name}}`, sampleOf(one)), path);
      const query = get.parameters
        .filter((one) => one.in === 'query' && one.required)
        .map((one) => `${one.name}=${sampleOf(one)}`);
      const search = [...query, furtherQuery[path] ?? ''].filter(Boolean).join('&');
      return [{ service, at: `GET ${path}`, url: `${url}${filled}${search ? `?${search}` : ''}` }];
    });
  };

  let queries: readonly Query[];
  beforeAll(async () => {
    queries = (await Promise.all((['auth', 'servers', 'messages', 'files'] as const).map(queriesOf))).flat();
    expect(queries.length).toBeGreaterThan(30);
  });

  /** Asks all of them at once; what each of them answered, by how it is called. */
  const askAll = async (positionOf: (query: Query) => string) => {
    const ask = async (query: Query) => {
      const headers = { authorization: `Bearer ${accounts[0]!.token}`, 'palaver-position': positionOf(query) };
      const response = await fetch(query.url, { headers, signal: AbortSignal.timeout(20_000) });
      const { code } = (await response.json()) as { code?: string };
      return { query: `${query.service}: ${query.at}`, status: response.status, code };
    };
    return Promise.all(queries.map(ask));
  };
  const all = (status: number, code: string) =>
    queries.map((query) => ({ query: `${query.service}: ${query.at}`, status, code }));

  test('answers 503 in bounded time where the position is not reached', async () => {
    expect(await askAll(({ service }) => `${service}:0@999999999`)).toEqual(all(503, 'not_yet_visible'));
  });

  test('refuses a position on a partition that does not exist', async () => {
    const count = topics.find(({ name }) => name === 'servers.events')!.partitions;
    expect(await askAll(({ service }) => `${service}:${count}@0`)).toEqual(all(400, 'malformed_header'));
  });

  test('is told so through the gateway too', async () => {
    const headers = { authorization: `Bearer ${accounts[0]!.token}`, 'palaver-position': 'servers:99@1' };
    const answer = await fetch(`${gatewayUrl()}/api/servers`, { headers });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'malformed_header', detail: expect.stringContaining('99') });
  });
});
