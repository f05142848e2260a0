import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { killProcess, listProcesses } from './house/control-client.ts';
import { palaver, required } from './testing.ts';

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
