import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stopOrphan } from './child.ts';
import { claimFile } from './lock.ts';

const fileWith = async (text: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'palaver-lock-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'owner.json');
  await writeFile(path, text);
  return path;
};

test('a claim whose process is live is kept', async () => {
  const path = await fileWith('');
  await claimFile(path);
  expect(await claimFile(path)).toMatchObject({ pid: process.pid });
});

test.each(['', '{"pid":', 'null', '{"pid":"1"}', '\0\0\0\0'])(
  'the claim %j, left by a power cut, is taken over',
  async (text) => {
    const path = await fileWith(text);
    expect(await claimFile(path)).toBeUndefined();
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
  },
);

test('a pid file that a power cut left empty names no orphan', async () => {
  expect(await stopOrphan(await fileWith(''), 'SIGTERM')).toBeUndefined();
});
