import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const fixture = fileURLToPath(new URL('lifecycle.fixture.ts', import.meta.url));

type Run = { readonly child: ChildProcess; readonly messages: string[]; readonly ended: Promise<number | null> };

const run = (behaviour: string): Run => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fixture, behaviour]);
  const messages: string[] = [];
  let rest = '';
  child.stdout.on('data', (data) => {
    const lines = (rest + String(data)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) messages.push((JSON.parse(line) as { msg: string }).msg);
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return { child, messages, ended };
};

const said = ({ messages }: Run, message: string) =>
  expect.poll(() => messages, { timeout: 20_000 }).toContain(message);

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops the parts in reverse order', async (signal) => {
  const one = run('');
  await said(one, 'ready');
  one.child.kill(signal);
  expect(await one.ended).toBe(0);
  expect(one.messages).toEqual(['ready', 'stopping', 'second stopped', 'first stopped', 'stopped']);
});

test('a part that fails to stop does not keep the others', async () => {
  const one = run('bad-stop');
  await said(one, 'ready');
  one.child.kill('SIGTERM');
  expect(await one.ended).toBe(0);
  expect(one.messages).toEqual(['ready', 'stopping', 'second did not stop cleanly', 'first stopped', 'stopped']);
});

test('stopping that takes too long ends with 1', async () => {
  const one = run('slow-stop');
  await said(one, 'ready');
  one.child.kill('SIGTERM');
  expect(await one.ended).toBe(1);
  expect(one.messages.at(-1)).toBe('stopping took too long');
});

test('a second signal ends the process at once', async () => {
  const one = run('very-slow-stop');
  await said(one, 'ready');
  one.child.kill('SIGTERM');
  await said(one, 'stopping');
  one.child.kill('SIGINT');
  expect(await one.ended).toBe(1);
  expect(one.messages.at(-1)).toBe('second signal: leaving at once');
});

test('a signal ends the wait for a dependency', async () => {
  const one = run('waits');
  await said(one, 'waiting for godot');
  one.child.kill('SIGTERM');
  expect(await one.ended).toBe(0);
  expect(one.messages).toEqual(['waiting for godot', 'stopping', 'second stopped', 'first stopped', 'stopped']);
});

test.each(['bad-start', 'rejection', 'exception', 'crash'])(
  '%s ends the process with 1 and a reason',
  async (behaviour) => {
    const one = run(behaviour);
    expect(await one.ended).toBe(1);
    expect(one.messages.at(-1)).toBe('fixture cannot go on');
  },
);
