import { setTimeout as delay } from 'node:timers/promises';
import type { PartName } from '@palaver/local';
import type { ProcessName } from './processes.ts';
import type { ProcessStatus } from './supervisor.ts';

/** The tests' side of `control.ts`. Throws what the control says when it can't do what was asked. */

const controlUrl = (): string => {
  const url = process.env.PALAVER_TEST_CONTROL;
  if (!url)
    throw new Error('PALAVER_TEST_CONTROL is not set: run this test with `npm test`, which starts the house first');
  return url;
};

const post = async (path: string): Promise<void> => {
  const response = await fetch(`${controlUrl()}${path}`, { method: 'POST' });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
};

type AnyProcess = ProcessName | `${ProcessName}-2`;

export const killPart = (part: PartName) => post(`/parts/${part}/kill`);
export const startPart = (part: PartName) => post(`/parts/${part}/start`);
export const killProcess = (name: AnyProcess) => post(`/processes/${name}/kill`);
export const stopProcess = (name: AnyProcess) => post(`/processes/${name}/stop`);
/** Resolves when it is ready. */
export const startProcess = (name: AnyProcess) => post(`/processes/${name}/start`);
export const startSecond = (name: ProcessName) => post(`/processes/${name}/instance`);

export const listProcesses = async (): Promise<readonly ProcessStatus[]> =>
  (await (await fetch(`${controlUrl()}/processes`)).json()) as ProcessStatus[];

export const processUrl = async (name: AnyProcess): Promise<string> => {
  const found = (await listProcesses()).find((one) => one.name === name);
  if (!found) throw new Error(`there is no process ${name}`);
  return `http://127.0.0.1:${found.port}`;
};

/** Asks until `met` holds; throws after `timeoutMs` with what was seen last. */
export const until = async <T>(
  what: string,
  ask: () => Promise<T>,
  met: (value: T) => boolean,
  timeoutMs = 30_000,
): Promise<T> => {
  const endMs = Date.now() + timeoutMs;
  let seen: unknown;
  while (Date.now() < endMs) {
    try {
      const value = await ask();
      if (met(value)) return value;
      seen = value;
    } catch (error) {
      seen = error;
    }
    await delay(100);
  }
  throw new Error(`${what} did not come within ${timeoutMs} ms; last seen: ${JSON.stringify(seen) ?? seen} ${seen}`);
};

/** Waits until a process says that it is ready. */
export const untilReady = async (name: AnyProcess, timeoutMs = 60_000): Promise<void> => {
  const url = await processUrl(name);
  await until(
    `${name} to be ready`,
    () => fetch(`${url}/health/ready`),
    ({ status }) => status === 200,
    timeoutMs,
  );
};
