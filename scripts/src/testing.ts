import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gatewayUrl } from '@palaver/http/testing';
import { createClient } from './client/client.ts';

/** For tests of the whole house: its API and the palaver command. Processes are killed through house/control-client.ts. */

/** The API, typed. What is malformed on purpose is sent by `api` of @palaver/http/testing instead. */
export const client = createClient({ gatewayUrl: gatewayUrl() });

export type PalaverOptions = {
  readonly dataDir: string;
  readonly onOutput?: (output: string) => void;
  readonly interrupt?: AbortSignal;
  readonly environment?: Readonly<Record<string, string>>;
  /** Closes the output when something has come, as `| head` does. */
  readonly closeOutput?: boolean;
};

export type Run = { readonly code: number; readonly output: string };

/**
 * Runs `palaver <args>` against the test runner's house. `onOutput` gets all that was printed so far, each time there is more; `interrupt`
 * is Ctrl-C.
 */
export const palaver = async (
  args: readonly string[],
  { dataDir, onOutput = () => undefined, interrupt, environment = {}, closeOutput = false }: PalaverOptions,
): Promise<Run> => {
  const command = fileURLToPath(new URL('./palaver.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      // Most of a short command's time is its start.
      NODE_COMPILE_CACHE: join(tmpdir(), 'palaver-compile-cache'),
      PALAVER_DATA: dataDir,
      PALAVER_KAFKA_BROKERS: required('PALAVER_TEST_KAFKA'),
      PALAVER_REGISTRY_URL: required('PALAVER_TEST_REGISTRY'),
      PALAVER_POSTGRES_URL: required('PALAVER_TEST_POSTGRES'),
      ...environment,
    },
  });
  interrupt?.addEventListener('abort', () => child.kill('SIGINT'));
  return toItsEnd(child, (output, stream) => {
    onOutput(output);
    if (closeOutput) stream.destroy();
  });
};

/** Waits for the end of a command. `onOutput` gets all that was printed so far each time there is more, and the stream that it came by. */
export const toItsEnd = async (
  child: ChildProcessByStdio<null, Readable, Readable>,
  onOutput: (output: string, stream: Readable) => void = () => undefined,
): Promise<Run> => {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onOutput(output, stream);
    });
  }
  const code = await new Promise<number>((resolve) => child.once('close', (exitCode) => resolve(exitCode ?? -1)));
  return { code, output };
};

export const required = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this test with \`npm test\`, which starts the house first`);
  return value;
};
