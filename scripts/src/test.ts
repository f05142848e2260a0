/**
 * `npm test`: opens a house of its own, runs all tests against it, and stops everything again.
 *   node scripts/src/test.ts [filter...]
 * Ends with `N passed, N failed`; the exit code is 1 when a test or the house failed. Without a filter, that every operation of the
 * API was called is one test more.
 *   node scripts/src/test.ts --keep
 * Runs none, but keeps the house until Ctrl-C, for tests that are run again and again: `environment` in its data folder tells a shell of it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalError, type ObjectStore } from '@palaver/local';
import { neverCalled } from './coverage.ts';
import { openControl } from './house/control.ts';
import { type House, openHouse } from './house/house.ts';
import { processNames } from './house/processes.ts';
import { logDir, settingsAt } from './house/settings.ts';
import { createConsole } from './progress.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Nothing usual listens from 22000 to 22089; the control is the last one. */
const firstPort = Number(process.env.PALAVER_TEST_PORT || 22_000);
const controlPort = firstPort + 89;
const dataDir = join(root, '.palaver-test');
const reportFile = join(dataDir, 'report.json');
const keep = '--keep';

type Totals = { readonly passed: number; readonly failed: number };

const main = async (filters: readonly string[]): Promise<Totals> => {
  const console = createConsole();
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => ending.abort(new LocalError(`ended by ${signal}`)));
  }
  const house = await openHouse({
    settings: { ...settingsAt(firstPort, dataDir), ...elsewhere(process.env) },
    fresh: true,
    console,
    signal: ending.signal,
  });
  const control = await openControl(house, controlPort);
  try {
    if (filters.includes(keep)) return await keepOpen(house, ending.signal);
    return await runTests(house, filters, ending.signal);
  } finally {
    await control.close();
    await console.step('stop everything', () => house.close());
  }
};

/** Another object store than the stack's own: MinIO, say. */
const elsewhere = (environment: NodeJS.ProcessEnv): { readonly objectStore?: ObjectStore } => {
  const endpoint = environment.PALAVER_TEST_S3_ENDPOINT;
  if (!endpoint) return {};
  const [accessKey, secretKey] = ['ACCESS_KEY', 'SECRET_KEY'].map((name) => environment[`PALAVER_TEST_S3_${name}`]);
  if (!accessKey || !secretKey) {
    throw new LocalError('PALAVER_TEST_S3_ENDPOINT needs PALAVER_TEST_S3_ACCESS_KEY and PALAVER_TEST_S3_SECRET_KEY');
  }
  return { objectStore: { endpoint, accessKey, secretKey } };
};

/** What tests are told of the house. The Postgres URL names no database: each test makes its own. */
const environmentOf = ({ addresses, stack, gatewayUrl, settings }: House): Readonly<Record<string, string>> => ({
  PALAVER_TEST_KAFKA: addresses.brokers.join(','),
  PALAVER_TEST_REGISTRY: addresses.registryUrl,
  PALAVER_TEST_POSTGRES: addresses.postgresUrl('').replace(/\/$/, ''),
  PALAVER_TEST_S3: stack.s3.endpoint,
  PALAVER_TEST_S3_ACCESS_KEY: stack.s3.accessKey,
  PALAVER_TEST_S3_SECRET_KEY: stack.s3.secretKey,
  PALAVER_TEST_DATA: settings.dataDir,
  PALAVER_TEST_GATEWAY: gatewayUrl,
  PALAVER_TEST_CONTROL: `http://127.0.0.1:${controlPort}`,
});

const keepOpen = async (house: House, signal: AbortSignal): Promise<Totals> => {
  const file = join(dataDir, 'environment');
  const lines = Object.entries(environmentOf(house)).map(([name, value]) => `export ${name}='${value}'\n`);
  writeFileSync(file, lines.join(''));
  console.log(`. ${file} && npx vitest run --config .config/vitest.config.ts <filter...>`);
  if (!signal.aborted) await once(signal, 'abort');
  return { passed: 0, failed: 0 };
};

const runTests = async (house: House, filters: readonly string[], signal: AbortSignal): Promise<Totals> => {
  mkdirSync(dataDir, { recursive: true });
  rmSync(reportFile, { force: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--config', '.config/vitest.config.ts', ...reporters, ...filters],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...environmentOf(house) },
    },
  );
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  const code = await new Promise<number>((resolve) => child.once('exit', (exitCode) => resolve(exitCode ?? 1)));
  signal.throwIfAborted();
  const totals = totalsOf(readFileSync(reportFile, 'utf8'), code);
  return filters.length === 0 ? withCoverage(totals, house) : totals;
};

/** After all tests, one more: that they have called every operation of the API. */
const withCoverage = async ({ passed, failed }: Totals, { gatewayUrl, settings }: House): Promise<Totals> => {
  const missing = await neverCalled({ gatewayUrl, logDir: logDir(settings.dataDir), names: processNames });
  if (missing.length === 0) return { passed: passed + 1, failed };
  console.error(`operations that no test has called with success: ${missing.join(', ')}`);
  return { passed, failed: failed + 1 };
};

/** A file that cannot be loaded has no tests to fail, so it counts as one that did. */
const totalsOf = (report: string, code: number): Totals => {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(report) as {
    numPassedTests: number;
    numFailedTests: number;
    testResults: { status: string; assertionResults: unknown[] }[];
  };
  const unloaded = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = numFailedTests + unloaded;
  return { passed: numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
};

let totals: Totals;
try {
  totals = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof LocalError ? error.message : error);
  totals = { passed: 0, failed: 1 };
}
process.exitCode = totals.failed === 0 ? 0 : 1;
console.log(`${totals.passed} passed, ${totals.failed} failed`);
