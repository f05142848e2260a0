import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from './api.ts';
import { done, headersOf } from './client/client.ts';
import type { operations } from './client/generated/paths.ts';
import { killProcess, listProcesses } from './house/control-client.ts';
import { namesOf, parseIrcLog } from './irc/parse.ts';
import { accountOf } from './irc/replay.ts';
import { client, palaver, required } from './testing.ts';

const fixture = (file: string): string => fileURLToPath(new URL(`../fixtures/${file}`, import.meta.url));
const shorter = fixture('2015-11-26.log');
const both = [fixture('2015-02-04.log'), shorter];

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'palaver-import-'));
});
afterAll(() => rmSync(dataDir, { recursive: true }));

const importLogs = (files: readonly string[], server: string, onOutput?: (output: string) => void) =>
  palaver(['import', 'irc', ...files, '--server', server, '--gateway', required('PALAVER_TEST_GATEWAY'), '--verify'], {
    dataDir,
    ...(onOutput ? { onOutput } : {}),
  });

/** What `--verify` says when the history API gives back what the files say, in order. */
const equals = (count: string): string => `the channel's history equals the files: ${count} messages, in order`;

it('gives back through the history API what the file says, and doubles nothing when it is imported again', async () => {
  const first = await importLogs([shorter], 'Once and again');
  expect(first.output).toContain('imported 1 file(s): 959 messages, 100 names, 100 joins');
  expect(first.output).toContain(equals('959'));
  expect(first.code).toBe(0);

  const remembered = await importLogs([shorter], 'Once and again');
  expect(remembered.output).toContain('0 messages (959 more were there already)');

  rmSync(join(dataDir, 'imports'), { recursive: true });
  const repeated = await importLogs([shorter], 'Once and again');
  expect(repeated.output).toContain(equals('959'));
  expect(repeated.code).toBe(0);
}, 180_000);

describe('the search through what was imported', () => {
  const log = parseIrcLog(shorter, readFileSync(shorter, 'utf8'));
  const serverName = 'Once and again';
  let token: string;
  let place: { serverId: string; channelId: string };
  beforeAll(async () => {
    const { output } = await importLogs([shorter], serverName);
    const [, serverId, channelId] = /server (\S+), channel (\S+)/.exec(output)!;
    place = { serverId: serverId!, channelId: channelId! };
    const account = accountOf(serverName, namesOf([log])[0]!);
    token = (await createApi({ gatewayUrl: required('PALAVER_TEST_GATEWAY') }).signIn(account)).accessToken;
  }, 180_000);

  type Search = NonNullable<operations['searchMessages']['parameters']['query']>;
  const walk = async (asked: Search): Promise<readonly string[]> => {
    const texts: string[] = [];
    for (let query = asked; ; ) {
      const { body } = await done(client.GET('/messages/search', { params: { query }, headers: headersOf({ token }) }));
      texts.push(...body.items.map(({ content }) => content));
      if (!body.hasMore) return texts;
      query = { ...asked, before: body.items.at(-1)!.id };
    }
  };
  const linesWith = (...patterns: readonly RegExp[]): readonly string[] =>
    log.messages
      .map(({ text }) => text.normalize('NFC'))
      .filter((text) => patterns.every((pattern) => pattern.test(text)))
      .reverse();

  // Whole words that are in no address, path or name with a hyphen, and are no other word's stem.
  it.each(['you', 'windows', 'thanks', 'hello', 'kernel', 'nvidia', 'how do i'])(
    'finds %s in the lines that have it, newest first',
    async (word) => {
      const expected = linesWith(new RegExp(`(?<![\\p{L}\\p{N}_])${word}(?![\\p{L}\\p{N}_])`, 'iu'));
      expect(expected.length).toBeGreaterThan(0);
      for (const limit of [1, 7, 100]) {
        if (expected.length / limit > 60) continue;
        expect(await walk({ channelId: place.channelId, text: `"${word}"`, limit })).toEqual(expected);
      }
      expect(await walk({ serverId: place.serverId, text: `"${word}"` })).toEqual(expected);
    },
  );

  it('finds the lines with links', async () => {
    const expected = linesWith(/https?:\/\/\S/i);
    expect(expected.length).toBeGreaterThan(10);
    expect(await walk({ channelId: place.channelId, has: 'link', limit: 7 })).toEqual(expected);
  });
});

it('loses and doubles nothing when processes are killed in mid-import', async () => {
  const before = await listProcesses();
  // Each is killed once, as soon as so much was printed: progress comes every few seconds.
  const victims = ['messages', 'messages-projection', 'servers', 'auth', 'gateway'] as const;
  const kills: Promise<unknown>[] = [];
  const { code, output } = await importLogs(both, 'Through kills', (text) => {
    const reports = text.match(/ of 2,000 messages {2}/g)?.length ?? 0;
    if (reports > kills.length && kills.length < victims.length) {
      kills.push(killProcess(victims[kills.length]!));
    }
  });
  await Promise.all(kills);
  expect(output).toContain(equals('2,000'));
  expect(code).toBe(0);
  expect(kills.length).toBeGreaterThanOrEqual(2);
  const restarts = (list: typeof before) => list.reduce((sum, one) => sum + one.restarts, 0);
  expect(restarts(await listProcesses()) - restarts(before)).toBeGreaterThanOrEqual(kills.length);
}, 300_000);

it('finds the live models equal to the log, and again after all of them were rebuilt', async () => {
  const verified = await palaver(['verify'], { dataDir });
  expect(verified.output).toContain('the live models equal the log');
  expect(verified.code).toBe(0);

  const rebuilt = await palaver(['rebuild', 'all'], { dataDir });
  expect(rebuilt.output).toMatch(/messages: rebuilt from [\d,]+ events/);
  expect(rebuilt.code).toBe(0);

  expect((await palaver(['verify'], { dataDir })).code).toBe(0);
  expect((await importLogs([shorter], 'Once and again')).output).toContain(equals('959'));
}, 180_000);
