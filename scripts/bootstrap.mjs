/**
 * From a fresh clone to a running command, with whatever Node (>= 20) is there:
 *   node scripts/bootstrap.mjs start|test|install [arguments]
 * Checks the machine, installs the packages, and hands over to the pinned Node (`install` stops before that). No dependencies: none is there yet.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const commands = {
  start: ['scripts/src/palaver.ts', 'start'],
  test: ['scripts/src/test.ts'],
  install: [],
};

const [name, ...rest] = process.argv.slice(2);
const command = commands[name];
if (!command) fail('usage: node scripts/bootstrap.mjs start|test|install [arguments]');
checkNode();
checkJava();
checkMaven();
await install();
if (name === 'install') process.exit();
process.exitCode = await run(
  join(modules, '.bin', 'node'),
  // kafkajs sets a timer of less than nothing; infra/event-log keeps it from that, but set-up runs without it.
  ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning', ...command, ...rest],
  // In a session of its own: a Ctrl-C arrives here from the terminal and again from npm, there it arrives once.
  { detached: true, env: { ...process.env, PATH: join(modules, '.bin') + delimiter + process.env.PATH } },
);

function checkNode() {
  const version = Number(process.versions.node.split('.')[0]);
  if (version < 20) fail(`Node ${process.versions.node} is too old: install Node 20 or newer (https://nodejs.org)`);
}

function checkJava() {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  const advice =
    'install a JDK 17 or newer (Debian: apt-get install default-jdk-headless; macOS: brew install openjdk)';
  const { status, stdout, stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  if (status !== 0) fail(`no working "${java}": ${advice}`);
  const version = Number(/version "(\d+)/.exec(stdout + stderr)?.[1] ?? 0);
  if (version < 17) fail(`"${java}" is version ${version || 'unknown'}: ${advice}`);
}

function checkMaven() {
  const { status } = spawnSync('mvn', ['--version'], { stdio: 'ignore' });
  if (status !== 0) fail('no working "mvn": install Maven (Debian: apt-get install maven; macOS: brew install maven)');
}

/** Nothing to do when the packages of this very lock file are there. */
async function install() {
  const stamp = join(modules, '.palaver-installed');
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  console.error('installing packages');
  const code = await run(
    'npx',
    ['--yes', `pnpm@${devDependencies.pnpm}`, 'install', '--frozen-lockfile', '--config.confirmModulesPurge=false'],
    {},
  );
  if (code !== 0) fail(`installing the packages failed (exit code ${code}); its last lines above say why`, code);
  writeFileSync(stamp, hash);
}

/** Runs a program to its end and resolves with its exit code; signals are passed on, repeats within a second are not. */
function run(file, args, options) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
    const forwarded = new Map();
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const forward = (signal) => {
      const now = Date.now();
      if (now - (forwarded.get(signal) ?? 0) < 1000) return;
      forwarded.set(signal, now);
      child.kill(signal);
    };
    for (const signal of signals) process.on(signal, forward);
    child.on('error', (error) => fail(`${file}: ${error.message}`));
    child.on('exit', (code, signal) => {
      for (const each of signals) process.off(each, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

function fail(message, code = 1) {
  console.error(message);
  process.exit(code);
}
