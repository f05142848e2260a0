/** A request's way through the whole house, as `palaver trace` shows it. */
import { type Answer, api, signUp } from '@palaver/http/testing';
import { expect, test, vi } from 'vitest';
import { until } from './house/control-client.ts';
import { palaver, required } from './testing.ts';

vi.setConfig({ testTimeout: 60_000 });

const run = (...args: string[]) => palaver(['trace', ...args], { dataDir: required('PALAVER_TEST_DATA') });
const positionOf = (answer: Answer): string => answer.headers.get('palaver-position')!;

type Shown = {
  readonly process: string;
  readonly name: string;
  readonly depth: number;
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly traceId: string;
  readonly error: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
};

/** The spans of a request, once there are so many. */
const traced = async (requestId: string, count: number): Promise<readonly Shown[]> => {
  const { output } = await until(
    `${count} spans of ${requestId}`,
    () => run(requestId, '--json'),
    ({ code, output }) => code === 0 && output.trimEnd().split('\n').length >= count,
  );
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
};

test('a message that is posted: gateway, service, log, decision, and the commits of all models, in one tree', async () => {
  const ada = await signUp();
  const server = await api('POST /servers', { token: ada.token, body: { name: 'Traces' } });
  const channelId = server.body.channels[0].id;
  const answer = await api(`POST /channels/${channelId}/messages`, { token: ada.token, body: { content: 'seen' } });
  expect(answer.status).toBe(201);
  const requestId = answer.headers.get('x-request-id')!;
  const position = positionOf(answer);
  const [, partition, end] = /^messages:(\d+)@(\d+)$/.exec(position)!;

  const spans = await traced(requestId, 10);
  const above = spans.filter(({ depth }) => depth < 4);
  expect(above.map(({ process, name }) => `${process}: ${name}`)).toEqual([
    'gateway: POST messages',
    'gateway: forward to messages',
    'messages: POST postMessage',
    'messages: submit PostMessage',
  ]);
  expect(above.map(({ depth }) => depth)).toEqual([0, 1, 2, 3]);
  const below = spans.filter(({ depth }) => depth === 4);
  expect(below.map(({ process, name }) => `${process}: ${name}`).sort()).toEqual([
    'files-projection: commit messages.events',
    'messages-projection: commit messages.events',
    'messages: append to messages.commands',
    'messages: append to messages.events',
    'messages: decide PostMessage',
    'search-projection: commit messages.events',
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  for (const { error, durationMs, offsetMs } of spans) {
    expect(error).toBeNull();
    expect(durationMs).toBeGreaterThan(0);
    expect(offsetMs).toBeGreaterThanOrEqual(0);
  }

  const decided = below.find(({ name }) => name === 'decide PostMessage')!;
  expect(decided.attributes).toMatchObject({ 'palaver.outcome': 'accepted', 'palaver.position': position });
  const appended = below.find(({ name }) => name === 'append to messages.events')!;
  expect(appended.attributes).toMatchObject({
    'messaging.destination.partition.id': partition,
    'messaging.kafka.offset': Number(end) - 1,
  });
  for (const { attributes } of below.filter(({ name }) => name.startsWith('commit'))) {
    expect(attributes['palaver.position']).toBe(position);
  }

  const table = (await run(requestId)).output.trimEnd().split('\n');
  expect(table).toHaveLength(1 + spans.length);
  expect(table[0]).toMatch(/^start ms +took ms +process +span +where/);
  expect(table.find((line) => line.includes('search-projection'))).toContain(
    `messages.events:${partition}@${Number(end) - 1}`,
  );
});

test('a command that is refused: its outcome, and no commit', async () => {
  const ada = await signUp();
  const server = await api('POST /servers', { token: ada.token, body: { name: 'Traces' } });
  const ask = {
    token: ada.token,
    body: { name: 'general', type: 'TEXT' },
    headers: { 'x-request-id': `trace-${ada.id}` },
  };
  const refused = await api(`POST /servers/${server.body.id}/channels`, ask);
  expect(refused.status).toBe(409);
  const spans = await traced(refused.headers.get('x-request-id')!, 7);
  const decided = spans.find(({ name }) => name.startsWith('decide'))!;
  expect(decided.attributes['palaver.outcome']).toBe(refused.body.code);
  expect(spans.filter(({ name }) => name.startsWith('commit'))).toEqual([]);
});

test('says in a line that there is no such trace, and what it takes', async () => {
  const unknown = await run('nobody-asked');
  expect([unknown.code, unknown.output]).toEqual([
    1,
    expect.stringMatching(/^palaver: no trace of the request nobody-asked lies in .*traces\n$/),
  ]);
  const nothing = await run();
  expect([nothing.code, nothing.output]).toEqual([2, expect.stringContaining('trace takes one request id')]);
});
