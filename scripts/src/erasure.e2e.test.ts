/**
 * What is left of an account that was deleted: after the sweep and the compaction neither its address nor its name nor what it
 * posted is found anywhere - not in the files of the log, not in any table of any database, not in the object store, not in what
 * the processes have logged. That the search finds such things is seen first, while they are there.
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, api, gatewayUrl } from '@palaver/http/testing';
import { kafkaLog } from '@palaver/event-log';
import { createTopics } from '@palaver/local';
import { topics } from '@palaver/schemas';
import pg from 'pg';
import { expect, test } from 'vitest';
import { killProcess, startProcess, stopProcess, until } from './house/control-client.ts';
import { databases } from './house/processes.ts';
import { palaver, required } from './testing.ts';

const dataDir = required('PALAVER_TEST_DATA');
const server = required('PALAVER_TEST_POSTGRES');
const brokers = required('PALAVER_TEST_KAFKA').split(',');
const soon = { timeout: 30_000, interval: 200 };
const long = { timeout: 120_000, interval: 1_000 };

/** As if all had passed that production waits for: retention, lags, and the moment until a file that is done with is removed. */
const muchLater = (name: string): Record<string, string> => {
  const soonGone = { 'segment.ms': '1', 'file.delete.delay.ms': '1' };
  if (!name.endsWith('.events')) return { ...soonGone, 'cleanup.policy': 'delete', 'retention.ms': '1' };
  return {
    ...soonGone,
    'cleanup.policy': 'compact',
    'min.compaction.lag.ms': '0',
    'delete.retention.ms': '0',
    'min.cleanable.dirty.ratio': '0.001',
  };
};
const usual = topics.map(({ name, partitions, config }) => ({ name, partitions, config: { ...config } }));
const hurried = usual.map((topic) => ({ ...topic, config: muchLater(topic.name) }));

const word = (): string => randomBytes(6).toString('hex');

const password = 'correct horse battery';
const deviceOf = (name: string): string => `Device of ${name}`;
const signUp = async (name: string, email: string) => {
  // What a client says of itself stands in its session.
  const headers = { 'user-agent': deviceOf(name) };
  const { status, body } = await api('POST /auth/signup', { body: { name, email, password }, headers });
  expect(status).toBe(201);
  return { name, email, id: body.profile.id as string, token: body.accessToken as string };
};
type Account = Awaited<ReturnType<typeof signUp>>;

const deleteAccount = ({ token }: Account, messages: 'DELETE' | 'ANONYMIZE') =>
  api('DELETE /profiles/me', { token, body: { password, messages } });
const post = ({ token }: Account, channelId: string, content: string): Promise<Answer> =>
  api(`POST /channels/${channelId}/messages`, { token, body: { content } });
const history = async ({ token }: Account, channelId: string): Promise<readonly string[]> =>
  (await api(`GET /channels/${channelId}/messages`, { token })).body.items.map(
    (one: { content: string }) => one.content,
  );

/** Something to look for, in the forms that it may lie in. */
type Needle = { readonly what: string; readonly bytes: Buffer };
const textual = (what: string, text: string): Needle => ({ what, bytes: Buffer.from(text) });
const formsOf = ({ bytes }: Needle): readonly Buffer[] => [
  bytes,
  ...(['base64', 'base64url', 'hex'] as const).map((encoding) =>
    Buffer.from(bytes.toString(encoding).replace(/=+$/, '')),
  ),
];

/** Postgres is asked by SQL, and mails have left the house. */
const unsearched: ReadonlySet<string> = new Set(['postgres', 'outbox', 'report.json']);

/** Files of the data folder; of Kafka's the records alone, since its indexes hold offsets. */
const filesToSearch = async (): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const entry of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const [room] = path.slice(dataDir.length + 1).split('/');
    const searched = room === 'kafka' ? path.includes('.log') : !unsearched.has(room!);
    if (entry.isFile() && searched) found.push(path);
  }
  return found;
};

const findInFiles = async (needles: readonly Needle[]): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const path of await filesToSearch()) {
    // A segment may have been compacted away meanwhile.
    const content = await readFile(path).catch(() => Buffer.alloc(0));
    for (const needle of needles) {
      if (formsOf(needle).some((form) => content.includes(form)))
        found.push(`${needle.what} in ${path.slice(dataDir.length)}`);
    }
  }
  return found;
};

/** Every row of every table, as text. */
const findInDatabases = async (needles: readonly Needle[]): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const database of databases) {
    const pool = new pg.Pool({ connectionString: `${server}/${database}`, max: 1 });
    try {
      const { rows: tables } = await pool.query<{ name: string }>(
        `select format('%I.%I', schemaname, tablename) as name from pg_tables
         where schemaname not in ('pg_catalog', 'information_schema')`,
      );
      expect(tables.length).toBeGreaterThan(0);
      for (const { name } of tables) {
        for (const needle of needles) {
          const forms = formsOf(needle).map((form) => form.toString());
          const { rows } = await pool.query(
            `select count(*)::int as count from ${name} t, unnest($1::text[]) form where position(form in t::text) > 0`,
            [forms.filter((form) => !form.includes('\0') && !form.includes('\ufffd'))],
          );
          if (rows[0].count > 0) found.push(`${needle.what} in ${database}.${name}`);
        }
      }
    } finally {
      await pool.end();
    }
  }
  return found;
};

const find = async (needles: readonly Needle[]): Promise<readonly string[]> => [
  ...(await findInFiles(needles)),
  ...(await findInDatabases(needles)),
];

/** Every record on the event topics, readable as far as it is text. */
const eventRecords = async (): Promise<readonly string[]> => {
  const log = kafkaLog({ brokers, clientId: 'erasure-test' });
  const records: string[] = [];
  try {
    for (const { name, partitions } of topics.filter((topic) => topic.name.endsWith('.events'))) {
      const ranges = Array.from({ length: partitions }, (_, partition) => ({ partition, from: 0 }));
      await log.read(name, ranges, (batch) => {
        for (const { key, value, headers } of batch.records)
          records.push(`${key} ${JSON.stringify(headers)} ${Buffer.from(value ?? '').toString('latin1')}`);
      });
    }
  } finally {
    await log.close();
  }
  return records;
};

/** What of a needle was found where; the numbers of files and partitions change from run to run. */
const places = (found: readonly string[], { what }: Needle): string =>
  found.filter((one) => one.startsWith(`${what} in `)).join('\n');

/** Address and password as they lie sealed: with the data key destroyed nobody opens the first, and still it is to go. */
const sealedOf = async ({ id }: Account): Promise<readonly Needle[]> => {
  const pool = new pg.Pool({ connectionString: `${server}/palaver_auth`, max: 1 });
  const { rows } = await pool.query(
    `select p.email_sealed, p.password_sealed, k.wrapped_key
     from model.profile p join keys.data_key k on k.profile_id = p.id where p.id = $1`,
    [id],
  );
  await pool.end();
  const [row] = rows;
  return [
    { what: 'the sealed address', bytes: Buffer.from(row.email_sealed, 'base64') },
    { what: 'the sealed password', bytes: Buffer.from(row.password_sealed, 'base64') },
    { what: 'the data key', bytes: row.wrapped_key },
  ];
};

const sweep = async (): Promise<string> => {
  const { code, output } = await palaver(['sweep'], { dataDir });
  expect(output).toContain('messages.events: ');
  expect(code).toBe(0);
  return output;
};

/** Sweeps, which also closes segments, until nothing is found. */
const untilGone = async (needles: readonly Needle[]): Promise<void> => {
  const left = async (): Promise<readonly string[]> => {
    await sweep();
    return find(needles);
  };
  await expect.poll(left, long).toEqual([]);
};

const verified = async (): Promise<void> => {
  const { code, output } = await palaver(['verify'], { dataDir });
  expect(output).toContain('the live models equal the log');
  expect(code).toBe(0);
};

test('of a deleted account nothing is found, and all others are as they were', async () => {
  const gone = await signUp(`Gone ${word()}`, `gone-${word()}@example.com`);
  const nobody = await signUp(`Nobody ${word()}`, `nobody-${word()}@example.com`);
  const stays = await signUp(`Stays ${word()}`, `stays-${word()}@example.com`);
  const otherName = `Also ${word()}`;
  const otherEmail = `also-${word()}@example.com`;
  const { token } = gone;
  expect((await api('PATCH /profiles/me', { token, body: { name: otherName } })).status).toBe(200);
  // One that is never confirmed.
  const wanted = await api('POST /profiles/me/email', { token, body: { email: otherEmail, password } });
  expect(wanted.status).toBe(202);
  const created = await api('POST /servers', { token: gone.token, body: { name: 'Erasure' } });
  const channelId = created.body.channels[0].id as string;
  for (const { token } of [stays, nobody])
    await api(`POST /invites/${created.body.inviteCode}/join`, { token, after: created });
  // What somebody is called in a server, and what was said in one that is deleted.
  const nickname = `Called ${word()}`;
  const renamed = await api(`PUT /servers/${created.body.id}/members/${gone.id}/nickname`, {
    token,
    body: { nickname },
  });
  expect(renamed.status).toBe(204);
  const doomedServer = (await api('POST /servers', { token: stays.token, body: { name: 'Doomed' } })).body;
  const doomed = `doomed words ${word()}`;
  const said = [`first words ${word()}`, `more words ${word()}`, `last words ${word()}`];
  const answered = `an answer ${word()}`;
  const unsigned = `of nobody ${word()}`;
  await post(gone, channelId, said[0]!);
  await post(stays, channelId, answered);
  for (const words of said.slice(1)) await post(gone, channelId, words);
  await post(nobody, channelId, unsigned);
  await expect.poll(async () => (await post(stays, doomedServer.channels[0].id, doomed)).status, soon).toBe(201);
  await expect.poll(() => history(stays, channelId), soon).toHaveLength(5);

  const fileName = `letter-${word()}.txt`;
  const fileText = `dear ${word()}`;
  const form = new FormData();
  form.append('file', new Blob([fileText], { type: 'text/plain' }), fileName);
  const sent = await fetch(`${gatewayUrl()}/api/files?channelId=${channelId}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  });
  expect(sent.status).toBe(201);

  const name = textual('the name', gone.name);
  const text = textual('a text', said[1]!);
  const needles = [
    textual('the address', gone.email),
    name,
    textual('the other name', otherName),
    textual('the other address', otherEmail),
    textual('the nickname', nickname),
    textual('a text of a deleted server', doomed),
    textual('the device', deviceOf(gone.name)),
    textual('the name of a file', fileName),
    textual('a file', fileText),
    ...said.map((words) => textual('a text', words)),
    ...(await sealedOf(gone)),
    textual('the address', nobody.email),
    textual('the name', nobody.name),
    ...(await sealedOf(nobody)),
  ];
  const before = await find(needles);
  expect(places(before, name)).toMatch(/auth\.commands.*auth\.events.*palaver_auth\.model\.profile/s);
  expect(places(before, text)).toMatch(
    /messages\.commands.*messages\.events.*palaver_messages\.model\.message.*palaver_search\.model\.document/s,
  );
  for (const { what } of needles.slice(-3)) expect(before.join('\n')).toContain(what);
  const others = [textual('the name', stays.name), textual('a text', answered), textual('a text', unsigned)];
  const signed = (records: readonly string[]) =>
    records.filter((one) => one.includes(unsigned) && one.includes(nobody.id));
  expect(signed(await eventRecords())).toHaveLength(1);

  for (const what of ['the nickname', 'a text of a deleted server', 'the name of a file', 'a file'])
    expect(before.join('\n')).toContain(what);

  expect((await api(`DELETE /servers/${doomedServer.id}`, { token: stays.token })).status).toBe(204);
  expect((await deleteAccount(gone, 'DELETE')).status).toBe(204);
  expect((await deleteAccount(nobody, 'ANONYMIZE')).status).toBe(204);
  await expect.poll(() => history(stays, channelId), soon).toEqual([unsigned, answered]);
  // What the databases hold is gone before any sweep: a late reader of a backup of the log is all that is left.
  await expect.poll(() => findInDatabases(needles), soon).toEqual([]);

  const report = await sweep();
  expect(report).toMatch(/auth\.events: erased .*of email/);
  expect(report).toMatch(/auth\.events: erased .*of profile/);
  expect(report).toMatch(/messages\.events: erased .*of message/);
  await createTopics(brokers, hurried);
  try {
    await untilGone(needles);
  } finally {
    // No longer than needed: a command must not be gone before it was decided.
    await createTopics(brokers, usual);
  }

  const after = await find(others);
  expect(places(after, others[0]!)).toMatch(/auth\.events.*palaver_auth\.model\.profile/s);
  expect(places(after, others[1]!)).toMatch(
    /messages\.events.*palaver_messages\.model\.message.*palaver_search\.model\.document/s,
  );
  expect(places(after, others[2]!)).toMatch(
    /messages\.events.*palaver_messages\.model\.message.*palaver_search\.model\.document/s,
  );
  expect(signed(await eventRecords())).toEqual([]);
  await verified();

  // Owners that know nothing but what the compaction has left.
  for (const service of ['auth', 'servers', 'messages', 'files'] as const) {
    await stopProcess(service);
    const pool = new pg.Pool({ connectionString: `${server}/palaver_${service}`, max: 1 });
    await pool.query('drop schema decider cascade');
    await pool.end();
    await startProcess(service);
  }
  const posted = await until(
    'the channel to take posts',
    () => post(stays, channelId, 'afterwards'),
    ({ status }) => status === 201,
  );
  expect(posted.body.seq).toBe(6);
  const again = await signUp('Somebody', gone.email);
  expect(again.id).not.toBe(gone.id);
  const taken = { name: 'Somebody else', email: gone.email, password };
  expect(await api('POST /auth/signup', { body: taken })).toMatchObject({ status: 409, body: { code: 'email_taken' } });
  await verified();
}, 300_000);

test('what follows a deletion follows also when every process that does it is killed right behind it', async () => {
  const stays = await signUp('Stays', `stays-${word()}@example.com`);
  const created = await api('POST /servers', { token: stays.token, body: { name: 'Kills' } });
  const channelId = created.body.channels[0].id as string;
  const leaving = await Promise.all(
    Array.from({ length: 6 }, (_, index) => signUp(`Leaves ${index}`, `leaves-${word()}@example.com`)),
  );
  for (const one of leaving) {
    await api(`POST /invites/${created.body.inviteCode}/join`, { token: one.token, after: created });
    for (let count = 0; count < 5; count += 1) await post(one, channelId, `${one.name} says ${count}`);
  }
  await expect.poll(() => history(stays, channelId), soon).toHaveLength(30);
  const deletions = await Promise.all(
    leaving.map((one, index) => deleteAccount(one, index % 2 === 0 ? 'DELETE' : 'ANONYMIZE')),
  );
  expect(deletions.map(({ status }) => status)).toEqual(leaving.map(() => 204));
  const workers = [
    'auth',
    'servers',
    'messages',
    'servers-projection',
    'messages-projection',
    'search-projection',
  ] as const;
  await Promise.all(workers.map(killProcess));

  const authors = async () => {
    const { body } = await api(`GET /channels/${channelId}/messages`, { token: stays.token });
    return body.items.map((one: { authorId: string | null }) => one.authorId);
  };
  await expect.poll(authors, long).toEqual(Array(15).fill(null));
  const members = async () => (await api(`GET /servers/${created.body.id}`, { token: stays.token })).body.memberCount;
  await expect.poll(members, long).toBe(1);
  for (const { email } of leaving) {
    const body = { name: 'Follows', email, password };
    await expect.poll(async () => (await api('POST /auth/signup', { body })).status, long).toBe(201);
  }
  const keys = new pg.Pool({ connectionString: `${server}/palaver_auth`, max: 1 });
  const { rows } = await keys.query(
    'select 1 from keys.data_key where profile_id = any($1) and length(wrapped_key) > 0',
    [leaving.map(({ id }) => id)],
  );
  await keys.end();
  expect(rows).toEqual([]);
  await verified();
}, 200_000);
