import { rootIdOf } from '@palaver/decider';
import { partitionOf } from '@palaver/event-log';
import { signUp } from '@palaver/http/testing';
import { topics } from '@palaver/schemas';
import pg from 'pg';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { done, headersOf } from './client/client.ts';
import { processUrl, startProcess, stopProcess, until } from './house/control-client.ts';
import { client, type PalaverOptions, palaver, required } from './testing.ts';

/** What an operator asks a running house, through the command itself: a process of its own each time, which a busy machine starts slowly. */
vi.setConfig({ testTimeout: 120_000 });

const dataDir = required('PALAVER_TEST_DATA');
const run = (args: readonly string[], options: Omit<PalaverOptions, 'dataDir'> = {}) =>
  palaver(args, { dataDir, ...options });
const linesOf = (output: string): readonly string[] => output.split('\n').filter((line) => line !== '');
// biome-ignore lint/suspicious/noExplicitAny: lines of all commands, read by the tests that know them
const jsonLines = (output: string): readonly any[] => linesOf(output).map((line) => JSON.parse(line));

let token: string;
let channelId: string;
let serverId: string;
const post = async (content: string): Promise<string> => {
  const params = { path: { channelId } };
  const asked = client.POST('/channels/{channelId}/messages', {
    params,
    headers: headersOf({ token }),
    body: { content },
  });
  return (await done(asked)).body.id;
};
const streamOf = (messageId: string): string => `message:${channelId}:${messageId}`;

/** A message that was edited, and one that was deleted. */
let edited: string;
let deleted: string;
beforeAll(async () => {
  token = (await signUp()).token;
  const headers = headersOf({ token });
  const server = await done(client.POST('/servers', { headers, body: { name: 'Operations' } }));
  serverId = server.body.id;
  channelId = server.body.channels[0]!.id;
  edited = await post('first');
  deleted = await post('second');
  const message = '/channels/{channelId}/messages/{messageId}';
  const of = (messageId: string) => ({ params: { path: { channelId, messageId } }, headers });
  await done(client.PATCH(message, { ...of(edited), body: { content: 'first, again' } }));
  await done(client.DELETE(message, of(deleted)));
});

describe('palaver events', () => {
  test('tells the life of a message, by its stream or its id alone', async () => {
    const byName = await run(['events', '--stream', streamOf(edited)]);
    expect(jsonLines(byName.output)).toMatchObject([
      { type: 'MessagePosted', version: 1, stream: streamOf(edited), data: { content: 'first' } },
      { type: 'MessageEdited', version: 2, data: { content: 'first, again' } },
    ]);
    const byId = await run(['events', '--stream', deleted, '--table']);
    const [head, ...lines] = linesOf(byId.output);
    expect(head).toMatch(/^time +position +stream/);
    expect(lines.map((line) => /v\d +(\w+)/.exec(line)?.[1])).toEqual(['MessagePosted', 'MessageDeleted']);
  });

  test('says that there are none of a stream', async () => {
    const { code, output } = await run(['events', '--stream', 'nope']);
    expect([code, linesOf(output)]).toEqual([1, ['palaver: there are no such events of nope']]);
  });

  test('finds each stream in the partition of its root id', async () => {
    const { output, code } = await run(['events']);
    const entries = jsonLines(output);
    const partitions = Object.fromEntries(topics.map((topic) => [topic.name, topic.partitions]));
    const strayed = entries.filter(
      ({ topic, stream, partition }) => partitionOf(rootIdOf(stream), partitions[topic]!) !== partition,
    );
    expect([code, strayed]).toEqual([0, []]);
    expect(entries.length).toBeGreaterThan(5);
  });

  test('follows what is appended, and ends with 0 at Ctrl-C', async () => {
    const stop = new AbortController();
    const seen = Promise.withResolvers<void>();
    const following = run(['events', '--follow', '--stream', channelId, '--type', 'MessagePosted'], {
      interrupt: stop.signal,
      onOutput: (output) => {
        if (linesOf(output).length >= 2) seen.resolve();
        if (output.includes('third')) stop.abort();
      },
    });
    await seen.promise;
    await post('third');
    const { code, output } = await following;
    expect(code).toBe(0);
    expect(jsonLines(output).map(({ data }) => data.content)).toEqual(['first', 'second', 'third']);
  });

  test('ends quietly when nobody reads on, and after as many as were asked for', async () => {
    const [closed, limited] = await Promise.all([
      run(['events'], { closeOutput: true }),
      run(['events', '--topic', 'messages', '--since', '1h', '--limit', '2']),
    ]);
    expect(closed.code).toBe(0);
    expect(linesOf(limited.output)).toHaveLength(2);
  });
});

describe('palaver state', () => {
  test('shows a stream as it was at a version and as it is', async () => {
    const [was, is] = await Promise.all([
      run(['state', streamOf(deleted), '--at', '1']),
      run(['state', streamOf(deleted)]),
    ]);
    expect(JSON.parse(was.output)).toMatchObject({ version: 1, latestVersion: 2, state: { is: 'posted', seq: 2 } });
    expect(JSON.parse(is.output)).toMatchObject({ version: 2, state: { is: 'deleted' } });
    const { time, position } = JSON.parse(was.output);
    expect(position).toMatch(/^messages:\d@\d+$/);
    expect(JSON.parse((await run(['state', streamOf(deleted), '--at', time])).output)).toMatchObject({ version: 1 });
  });

  test.each([
    ['begins later', () => [`server:${serverId}`, '--at', '1h']],
    ['there is no stream', () => [`server:${edited}`]],
    ['has no version 9; its last is 1', () => [`server:${serverId}`, '--at', '9']],
  ])('says in a line: %s', async (why, args) => {
    const { code, output } = await run(['state', ...args()]);
    expect([code, linesOf(output)]).toEqual([1, [expect.stringContaining(why)]]);
  });
});

describe('palaver status', () => {
  const statusOf = async (name: string, ...more: string[]) => {
    const { code, output } = await run(['status', name, '--json', ...more]);
    return { code, ...JSON.parse(output).projections[0] };
  };

  test('shows a model that is live, then behind when its worker has stopped, and the worker says the same', async () => {
    const caughtUp = await until(
      'search to have caught up',
      () => statusOf('search'),
      ({ lag }) => lag.events === 0,
    );
    expect(caughtUp).toMatchObject({ code: 0, state: 'live', needs: [], parked: { events: 0 } });
    const url = await processUrl('search-projection');
    const { checks } = (await (await fetch(`${url}/health/ready`)).json()) as { checks: unknown };
    expect(checks).toContainEqual({ name: 'lag', ok: true, detail: expect.any(String) });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    for (const name of ['lag_events', 'lag_seconds', 'checkpoint_offset'])
      expect(metrics).toMatch(new RegExp(`^projection_${name}\\{topic="messages.events",partition="\\d"`, 'm'));

    await stopProcess('search-projection');
    try {
      await post('nobody finds this yet');
      const behind = await until(
        'search to be behind',
        () => statusOf('search', '--max-lag', '1s'),
        ({ state }) => state === 'behind',
      );
      expect(behind).toMatchObject({ code: 1, lag: { events: expect.any(Number) } });
      expect(behind.lag.events).toBeGreaterThan(0);
      expect(behind.needs).toEqual([expect.stringMatching(/^it is \d+ s behind/)]);
    } finally {
      await startProcess('search-projection');
    }
  });

  test('says which cannot be asked, in a row', async () => {
    const nowhere = { PALAVER_POSTGRES_URL: 'postgres://palaver:palaver@127.0.0.1:1/palaver' };
    const { code, output } = await run(['status', 'auth'], { environment: nowhere });
    expect(code).toBe(1);
    expect(linesOf(output)).toEqual([
      expect.stringMatching(/^projection/),
      expect.stringMatching(/^auth +unreachable/),
      expect.stringMatching(/^auth: its database or the log does not answer: .*ECONNREFUSED/),
    ]);
  });

  test('watches until Ctrl-C', async () => {
    const stop = new AbortController();
    const onOutput = (output: string) => linesOf(output).length >= 3 && stop.abort();
    const { code, output } = await run(['status', 'auth', '--watch', '1', '--json'], {
      interrupt: stop.signal,
      onOutput,
    });
    expect(code).toBe(0);
    expect(jsonLines(output)[1].projections[0].ratePerSecond).toEqual(expect.any(Number));
  });
});

describe('palaver rebuild and verify', () => {
  test('work on several at once, and the failure of one does not hide the others', async () => {
    const inTheWay = new pg.Client({ connectionString: `${required('PALAVER_TEST_POSTGRES')}/palaver_files` });
    await inTheWay.connect();
    await inTheWay.query(`select pg_advisory_lock(hashtext('palaver rebuild'))`);
    const two = ['auth', 'files', '--json', '--jobs', '2'];
    const runs = async () => [await run(['rebuild', ...two]), await run(['verify', ...two])];
    for (const { code, output } of await runs().finally(() => inTheWay.end())) {
      const error = 'another rebuild or verification of this model is running';
      expect(code).toBe(1);
      expect(jsonLines(output)).toContainEqual({ projection: 'files', error });
      expect(jsonLines(output)).toContainEqual({ projection: 'auth', result: expect.any(Object) });
    }
  });

  test('verify --at gives the digest of a model at positions, for ever the same', async () => {
    const { output } = await run(['status', 'search', '--json']);
    const { positions } = JSON.parse(output).projections[0];
    const at = () => run(['verify', 'search', '--at', positions]);
    const then = await at();
    expect(then.code).toBe(0);
    const [digest] = /[0-9a-f]{16} {2}[\d,]+ rows/.exec(then.output)!;
    expect(then.output).toContain('compared with the live model');
    await post('later');
    await until(
      'the live model to go on',
      async () => (await at()).output,
      (text) => text.includes('stands elsewhere') && text.includes(digest),
    );
  });
});
